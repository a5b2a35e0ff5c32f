using System.Text.Json;

namespace Bee.Containers.Runtimes;

/// <summary>The containers of Docker, from <c>/var/lib/docker/containers/ID/config.v2.json</c>. Needs no socket. Docker writes the file before a container starts.</summary>
/// <param name="folder">Docker's data folder.</param>
internal sealed class DockerFolder(RuntimeFolder folder) : IContainerRuntime
{
    /// <inheritdoc/>
    public string Name => "docker";

    /// <inheritdoc/>
    public uint UserId => folder.User;

    /// <inheritdoc/>
    public ContainerRecord? Find(string id, CancellationToken cancellationToken) =>
        ContainerText.IsGenerated(id) ? BoundedRead.Run(folder.Path, () => Read(id), null, cancellationToken) : null;

    /// <inheritdoc/>
    public IReadOnlyList<ContainerRecord> List(CancellationToken cancellationToken)
    {
        IReadOnlyList<ContainerRecord> ReadAll()
        {
            var found = new List<ContainerRecord>();
            foreach (string id in folder.Names("containers"))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (ContainerText.IsGenerated(id) && Read(id) is { ProcessId: > 0 } record)
                {
                    found.Add(record);
                }
            }

            return found;
        }

        return BoundedRead.Run(folder.Path, ReadAll, [], cancellationToken);
    }

    private ContainerRecord? Read(string id)
    {
        using JsonDocument? document = folder.ReadJson($"containers/{id}/config.v2.json");
        return document is null ? null : Parse(id, document.RootElement, folder.User);
    }

    /// <summary>Parses the file of a container.</summary>
    internal static ContainerRecord? Parse(string id, JsonElement file, uint user) => file.Text("ID") == id
        ? DockerNames.Read(id, file.Text("Name"), file.Member("Config")?.Text("Image"), file.Member("Config")?.Member("Labels") ?? default) with
        {
            ProcessId = file.Member("State") is { } state && state.Member("Running") is { ValueKind: JsonValueKind.True } ? state.Number("Pid") : 0,
            UserId = user,
        }
        : null;
}

/// <summary>Reads the names of Docker's containers.</summary>
internal static class DockerNames
{
    private const string Label = "io.kubernetes.";

    /// <summary>Reads a container's names. A container that cri-dockerd started has the name <c>k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT</c>.</summary>
    /// <param name="id">The id.</param>
    /// <param name="name">The name, with a slash in front.</param>
    /// <param name="image">The image.</param>
    /// <param name="labels">The labels. An image can set labels, so they count only if the name, which it cannot set, agrees.</param>
    public static ContainerRecord Read(string id, string? name, string? image, JsonElement labels)
    {
        name = name?.TrimStart('/');
        string[] parts = name?.Split('_') ?? [];
        bool isPod = parts.Length == 6 && parts[0] == "k8s" && labels.Text(Label + "pod.name") == parts[2] && labels.Text(Label + "pod.namespace") == parts[3];
        return new ContainerRecord
        {
            Id = id,
            Name = ContainerText.Name(isPod ? parts[1] : name),
            Image = ContainerText.Image(image),
            Pod = isPod ? ContainerText.Name(parts[2]) : null,
            Namespace = isPod ? ContainerText.Name(parts[3]) : null,
        };
    }
}
