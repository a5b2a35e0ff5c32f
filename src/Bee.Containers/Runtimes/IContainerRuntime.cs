namespace Bee.Containers.Runtimes;

/// <summary>A container as its runtime describes it.</summary>
internal sealed record ContainerRecord
{
    /// <summary>The full id.</summary>
    public required string Id { get; init; }

    /// <summary>The name; null if the runtime has none.</summary>
    public string? Name { get; init; }

    /// <summary>The image that the container was created from; null if it is unknown.</summary>
    public string? Image { get; init; }

    /// <summary>The name of the Kubernetes pod; null for none.</summary>
    public string? Pod { get; init; }

    /// <summary>The Kubernetes namespace; null for none.</summary>
    public string? Namespace { get; init; }

    /// <summary>The process id of the first process on the host; 0 if the container does not run, or if the runtime does not say.</summary>
    public int ProcessId { get; init; }

    /// <summary>The path of the container's cgroup below the root of the hierarchy, from the runtime's records; null if the runtime does not say.</summary>
    public string? CgroupPath { get; init; }

    /// <summary>The user whose runtime it is: 0 for root, or the owner of a rootless runtime.</summary>
    public uint UserId { get; init; }

    /// <summary>Whether another record of this id is that of the same container. Users of runc and <c>ctr</c> choose ids, so an id that was not generated does not suffice.</summary>
    /// <param name="other">The record of another runtime.</param>
    public bool IsSameAs(ContainerRecord other)
    {
        var (hasProcess, hasCgroup) = (ProcessId > 0 && other.ProcessId > 0, CgroupPath is not null && other.CgroupPath is not null);
        return (!hasProcess || ProcessId == other.ProcessId) && (!hasCgroup || CgroupPath == other.CgroupPath) && (hasProcess || hasCgroup || ContainerText.IsGenerated(Id));
    }
}

/// <summary>A source of container names on this host: a runtime's socket, or its state on disk. Thread-safe.</summary>
internal interface IContainerRuntime
{
    /// <summary>The name for messages, such as <c>containerd</c>.</summary>
    string Name { get; }

    /// <summary>The user whose containers the runtime has: 0 for root.</summary>
    uint UserId { get; }

    /// <summary>Returns a container. Waits at most a few seconds.</summary>
    /// <param name="id">The full id.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>
    /// The container; null if the runtime does not know it or does not answer. A container that is being created may have neither a process nor a cgroup yet.
    /// </returns>
    ContainerRecord? Find(string id, CancellationToken cancellationToken);

    /// <summary>Returns the containers that run.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>The containers; empty if the runtime does not answer.</returns>
    IReadOnlyList<ContainerRecord> List(CancellationToken cancellationToken);
}
