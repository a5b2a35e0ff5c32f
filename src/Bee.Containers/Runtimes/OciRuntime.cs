namespace Bee.Containers.Runtimes;

/// <summary>
/// The containers that runc or crun runs, from its state. An id that a person chose is the name. An id that an engine generated has a name in the engine's own records, which are found from the
/// bundle: containerd's task folder, or the storage of Podman or CRI-O.
/// </summary>
/// <param name="name">The name for messages: <c>runc</c> or <c>crun</c>.</param>
/// <param name="folder">The folder of the states, such as <c>/run/runc</c>.</param>
internal sealed class OciRuntime(string name, RuntimeFolder folder) : IContainerRuntime
{
    // Storages of Podman at other places than the default ones are rare.
    private const int MostStorages = 16;

    private readonly Dictionary<string, StorageFolder> _storages = [];

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public uint UserId => folder.User;

    /// <inheritdoc/>
    public ContainerRecord? Find(string id, CancellationToken cancellationToken) => OciState.Read(folder, id) is { } state ? Describe(state, cancellationToken) : Starting(id);

    /// <inheritdoc/>
    public IReadOnlyList<ContainerRecord> List(CancellationToken cancellationToken)
    {
        var found = new List<ContainerRecord>();
        foreach (string id in folder.Names())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (OciState.Read(folder, id) is { ProcessId: > 0 } state && Describe(state, cancellationToken) is { } record)
            {
                found.Add(record);
            }
        }

        return found;
    }

    /// <summary>Returns the state of a container; null if the runtime does not know it.</summary>
    /// <param name="id">The id.</param>
    internal OciState? State(string id) => OciState.Read(folder, id);

    // The runtime creates the folder of a container, then its cgroup, and writes the state just before the program starts.
    private ContainerRecord? Starting(string id) =>
        !ContainerText.IsGenerated(id) && folder.Has(id) ? new ContainerRecord { Id = id, Name = ContainerText.Name(id), UserId = folder.User } : null;

    private ContainerRecord? Describe(OciState state, CancellationToken cancellationToken)
    {
        ContainerRecord? record = ContainerText.IsGenerated(state.Id) ? FromBundle(state, cancellationToken) : new ContainerRecord { Id = state.Id, Name = ContainerText.Name(state.Id) };
        return record is null ? null : record with { ProcessId = state.ProcessId, CgroupPath = state.CgroupPath, UserId = folder.User };
    }

    // The bundle may be in the home of a user.
    private ContainerRecord? FromBundle(OciState state, CancellationToken cancellationToken)
    {
        if (state.Bundle is not ['/', ..])
        {
            return null;
        }

        // A container's own bundle ends with its id. containerd: …/NAMESPACE/ID. Podman and CRI-O: …/DRIVER-containers/ID/userdata.
        string[] parts = state.Bundle.Split('/');
        if (parts[^1] == state.Id && parts.Length > 3)
        {
            string tasks = string.Join('/', parts[..^2]);
            return BoundedRead.Run(tasks, () => TaskFolder.Read(new RuntimeFolder(tasks, folder.User), parts[^2], state.Id), null, cancellationToken);
        }

        return parts.Length > 4 && parts[^1] == "userdata" && parts[^2] == state.Id ? Storage(string.Join('/', parts[..^3]))?.Find(state.Id, cancellationToken) : null;
    }

    private StorageFolder? Storage(string path)
    {
        lock (_storages)
        {
            if (!_storages.TryGetValue(path, out StorageFolder? storage) && _storages.Count < MostStorages)
            {
                _storages.Add(path, storage = new StorageFolder(new RuntimeFolder(path, folder.User)));
            }

            return storage;
        }
    }
}
