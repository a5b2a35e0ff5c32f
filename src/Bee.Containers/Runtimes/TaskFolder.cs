using System.Text.Json;

namespace Bee.Containers.Runtimes;

/// <summary>
/// The containers of containerd, from the bundles of its shims: <c>/run/containerd/io.containerd.runtime.v2.task/NAMESPACE/ID</c>. Needs no socket. A bundle exists from just before the start of a
/// container to its end.
/// </summary>
/// <param name="folder">The folder of the tasks.</param>
internal sealed class TaskFolder(RuntimeFolder folder) : IContainerRuntime
{
    /// <summary>The namespace of CRI.</summary>
    public const string Kubernetes = "k8s.io";

    /// <summary>Docker's namespace. Docker keeps the names elsewhere.</summary>
    public const string Docker = "moby";

    /// <summary>The label and annotation in which nerdctl keeps the name of a container.</summary>
    public const string NerdctlName = "nerdctl/name";

    /// <inheritdoc/>
    public string Name => "containerd";

    /// <inheritdoc/>
    public uint UserId => folder.User;

    /// <inheritdoc/>
    public ContainerRecord? Find(string id, CancellationToken cancellationToken) => folder.Names().Select(space => Read(folder, space, id)).FirstOrDefault(record => record is not null);

    /// <inheritdoc/>
    public IReadOnlyList<ContainerRecord> List(CancellationToken cancellationToken)
    {
        var found = new List<ContainerRecord>();
        foreach (string space in folder.Names())
        {
            foreach (string id in folder.Names(space))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (found.Count < RuntimeFolder.MostContainers && Read(folder, space, id) is { ProcessId: > 0 } record)
                {
                    found.Add(record);
                }
            }
        }

        return found;
    }

    /// <summary>Reads a bundle.</summary>
    /// <param name="folder">The folder of the tasks.</param>
    /// <param name="space">The namespace of containerd.</param>
    /// <param name="id">The id.</param>
    /// <returns>The container; null if the bundle does not exist, or if it is one of Docker's.</returns>
    public static ContainerRecord? Read(RuntimeFolder folder, string space, string id)
    {
        if (space == Docker || !RuntimeFolder.IsName(space) || !RuntimeFolder.IsName(id))
        {
            return null;
        }

        using JsonDocument? document = folder.ReadJson($"{space}/{id}/config.json");
        if (document?.RootElement is not { ValueKind: JsonValueKind.Object } specification)
        {
            return null;
        }

        return Describe(space, id, specification) with { ProcessId = folder.ReadProcessId($"{space}/{id}/init.pid"), UserId = folder.User };
    }

    /// <summary>Reads the names in the runtime specification of a container.</summary>
    /// <param name="space">The namespace of containerd.</param>
    /// <param name="id">The id.</param>
    /// <param name="specification">The specification.</param>
    /// <param name="label">
    /// The label <see cref="NerdctlName"/>, which has the name after a change of it; null if it is not known. An image can bring this label, so it counts only with the annotation, which it cannot bring.
    /// </param>
    public static ContainerRecord Describe(string space, string id, JsonElement specification, string? label = null)
    {
        JsonElement annotations = specification.Member("annotations") ?? default;
        string? nerdctl = annotations.Text(NerdctlName);
        ContainerRecord record = space == Kubernetes
            ? KubernetesNames.Read(id, annotations)
            : new ContainerRecord { Id = id, Name = ContainerText.Name(nerdctl is null ? (ContainerText.IsGenerated(id) ? null : id) : label ?? nerdctl) };
        string? cgroup = specification.Member("linux")?.Text("cgroupsPath");
        return record with { CgroupPath = cgroup is ['/', ..] ? cgroup : null };
    }
}
