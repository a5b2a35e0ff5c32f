namespace Bee.Ebpf.Records;

/// <summary>The names of the container that an event or entry comes from. Immutable.</summary>
/// <remarks>All names come from the host's runtimes and cgroups, never from the container itself.</remarks>
internal sealed record ContainerNames
{
    private const int LongestLabels = 4096;

    /// <summary>The full id of the container, in the form of its runtime: 64 hex digits, or the name of a runc or nspawn container.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// The user whose runtime it is: 0 for root. A user can give a container the id of root's, so only user and id together identify a container of this host. Captures do not contain the user.
    /// </summary>
    public uint UserId { get; init; }

    /// <summary>The name of the container; the first 12 characters of its id while the runtime has not answered, or if it does not know the container.</summary>
    public required string Container { get; init; }

    /// <summary>The image that the container was created from, as its runtime shows it; null if it is unknown.</summary>
    public string? Image { get; init; }

    /// <summary>The name of the Kubernetes pod; null outside Kubernetes.</summary>
    public string? Pod { get; init; }

    /// <summary>The Kubernetes namespace of the pod; null outside Kubernetes.</summary>
    public string? Namespace { get; init; }

    /// <summary>The name of the node: the host's name, or that of the Kubernetes node.</summary>
    public string? Node { get; init; }

    /// <summary>The workload that owns the pod, such as <c>Deployment/web</c>; null unless it was requested from the Kubernetes API.</summary>
    public string? Owner { get; init; }

    /// <summary>The labels of the pod; null unless they were requested from the Kubernetes API.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The labels as one text in the order of their names, such as <c>app=web,tier=front</c>; null for none. A long text is cut off.</summary>
    public string? LabelText
    {
        get
        {
            if (Labels is not { Count: > 0 } labels)
            {
                return null;
            }

            var text = string.Join(',', labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"));
            return text.Length <= LongestLabels ? text : string.Concat(text.AsSpan(0, LongestLabels - 1), "…");
        }
    }

    /// <summary>Returns one of the names, by the name of its property (<see cref="ExtraNames.OfContainer"/>, <see cref="ExtraNames.OfPod"/>); null if it is unknown.</summary>
    /// <param name="property">The name of the property.</param>
    public string? Get(string property) => property switch
    {
        ExtraNames.Container => Container,
        ExtraNames.Image => Image,
        ExtraNames.Pod => Pod,
        ExtraNames.Namespace => Namespace,
        ExtraNames.Node => Node,
        ExtraNames.Owner => Owner,
        ExtraNames.Labels => LabelText,
        _ => null,
    };
}

/// <summary>What a record says about where it happened. A part that the record does not have is 0.</summary>
/// <param name="CgroupId">The id of the cgroup (v2), as <c>bpf_get_current_cgroup_id()</c> returns it.</param>
/// <param name="MountNamespaceId">The inode number of the mount namespace.</param>
/// <param name="ProcessId">The process id (tgid) in the initial pid namespace.</param>
internal readonly record struct ContainerKey(ulong CgroupId, ulong MountNamespaceId, int ProcessId);

/// <summary>Finds the containers that records come from. Thread-safe.</summary>
internal interface IContainerResolver
{
    /// <summary>Returns the names of a container. Called for each record, on the thread that reads. It must not wait for a runtime.</summary>
    /// <param name="key">What the record says. The cgroup wins, then a process that was recorded when it started, then the mount namespace.</param>
    /// <returns>The names; null for a process of the host, and if the record names none.</returns>
    ContainerNames? Find(in ContainerKey key);
}

/// <summary>The host that a record was read on, if that is not this one. Immutable, and shared by the events of a host.</summary>
/// <param name="ComputerName">The name of the host as the user gave it.</param>
/// <param name="Late">Whether the event arrived after later events had been returned, so that it is out of order.</param>
internal sealed record RecordSender(string ComputerName, bool Late);
