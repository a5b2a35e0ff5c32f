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
    private const string Docker = "moby";

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

        JsonElement annotations = specification.Member("annotations") ?? default;
        ContainerRecord record = space == Kubernetes
            ? KubernetesNames.Read(id, annotations)
            : new ContainerRecord { Id = id, Name = ContainerText.Name(annotations.Text("nerdctl/name") ?? (ContainerText.IsGenerated(id) ? null : id)) };
        string? cgroup = specification.Member("linux")?.Text("cgroupsPath");
        return record with { ProcessId = folder.ReadProcessId($"{space}/{id}/init.pid"), CgroupPath = cgroup is ['/', ..] ? cgroup : null, UserId = folder.User };
    }
}
