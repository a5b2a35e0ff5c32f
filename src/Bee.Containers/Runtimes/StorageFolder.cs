using System.Text.Json;
using Bee.Posix;

namespace Bee.Containers.Runtimes;

/// <summary>The lists of containers in a storage of Podman or CRI-O (containers/storage). Thread-safe.</summary>
/// <param name="folder">The folder of the storage, such as <c>/var/lib/containers/storage</c>.</param>
internal sealed class StorageFolder(RuntimeFolder folder)
{
    private static readonly string[] s_drivers = ["overlay", "vfs", "btrfs", "zfs"];

    // CRI-O, and Podman with a transient storage, write the second one.
    private static readonly string[] s_lists = [.. s_drivers.SelectMany(driver => new[] { $"{driver}-containers/containers.json", $"{driver}-containers/volatile-containers.json" })];

    private readonly Dictionary<string, (FileStatus Status, IReadOnlyDictionary<string, ContainerRecord> Records)> _lists = [];

    /// <summary>Returns a container; null if the storage does not have it, or hangs.</summary>
    /// <param name="id">The full id.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public ContainerRecord? Find(string id, CancellationToken cancellationToken) => BoundedRead.Run(
        folder.Path, () => s_lists.Select(list => Read(list).GetValueOrDefault(id)).FirstOrDefault(record => record is not null), null, cancellationToken);

    /// <summary>Returns all containers, also those that do not run; none if the storage hangs.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public IReadOnlyList<ContainerRecord> All(CancellationToken cancellationToken) => BoundedRead.Run(folder.Path, () => s_lists.SelectMany(list => Read(list).Values).ToArray(), [], cancellationToken);

    // The engine replaces the file at each change. A file of the same inode, size and time is the same.
    private IReadOnlyDictionary<string, ContainerRecord> Read(string list)
    {
        FileStatus? now = FileStatus.Of(Path.Combine(folder.Path, list), followLink: false);
        lock (_lists)
        {
            if (now is not { } status)
            {
                _lists.Remove(list);
                return new Dictionary<string, ContainerRecord>();
            }

            if (_lists.TryGetValue(list, out var known) && Same(known.Status, status))
            {
                return known.Records;
            }

            using JsonDocument? document = folder.ReadJson(list, RuntimeFolder.LongestList);
            IReadOnlyDictionary<string, ContainerRecord> records = document is null ? new Dictionary<string, ContainerRecord>() : Parse(document.RootElement, folder.User);
            _lists[list] = (status, records);
            return records;
        }
    }

    private static bool Same(FileStatus one, FileStatus other) =>
        (one.Inode, one.Size, one.ModifiedSeconds, one.ModifiedNanoseconds, one.DeviceMajor, one.DeviceMinor)
            == (other.Inode, other.Size, other.ModifiedSeconds, other.ModifiedNanoseconds, other.DeviceMajor, other.DeviceMinor);

    /// <summary>Parses a list of containers.</summary>
    /// <param name="list">The array.</param>
    /// <param name="user">The owner of the storage.</param>
    internal static Dictionary<string, ContainerRecord> Parse(JsonElement list, uint user)
    {
        var records = new Dictionary<string, ContainerRecord>();
        if (list.ValueKind != JsonValueKind.Array)
        {
            return records;
        }

        foreach (JsonElement container in list.EnumerateArray().Take(RuntimeFolder.MostContainers))
        {
            // The engine's own data is JSON inside a text.
            if (container.Text("id") is not { } id || container.Text("metadata") is not { } metadata)
            {
                continue;
            }

            using JsonDocument? parsed = Json.Parse(System.Text.Encoding.UTF8.GetBytes(metadata));
            if (parsed?.RootElement is not { ValueKind: JsonValueKind.Object } own)
            {
                continue;
            }

            string? image = ContainerText.Image(own.Text("image-name") ?? own.Text("image-id"));
            records[id] = own.Text("pod-id") is null
                ? new ContainerRecord { Id = id, Name = ContainerText.Name(PodmanName(container, own)), Image = image, UserId = user }
                : Pod(id, own) with { Image = image, UserId = user };
        }

        return records;
    }

    // `podman rename` changes the names in the storage, and not Podman's own data.
    private static string? PodmanName(JsonElement container, JsonElement own)
    {
        string? name = own.Text("name");
        string?[] names = [.. container.Items("names").Select(one => one.Text())];
        return names.Length == 0 || names.Contains(name) ? name : names[0];
    }

    // CRI-O's name of a container is k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT. None of these contains an underscore.
    private static ContainerRecord Pod(string id, JsonElement own)
    {
        string[] parts = (own.Text("name") ?? "").Split('_');
        bool isSandbox = own.Member("pod") is { ValueKind: JsonValueKind.True };
        return new ContainerRecord
        {
            Id = id,
            Name = isSandbox ? KubernetesNames.Sandbox : ContainerText.Name(own.Text("metadata-name")),
            Pod = ContainerText.Name(isSandbox ? own.Text("metadata-name") : parts.Length == 6 ? parts[2] : null),
            Namespace = ContainerText.Name(isSandbox ? own.Text("namespace") : parts.Length == 6 ? parts[3] : null),
        };
    }
}

/// <summary>The containers of Podman or CRI-O, from their storage. Needs no service. Knows a container before it starts.</summary>
/// <param name="storage">The storage.</param>
/// <param name="states">The states of the runtimes that run its containers.</param>
/// <param name="user">The owner of the storage.</param>
internal sealed class StorageRuntime(StorageFolder storage, IReadOnlyList<OciRuntime> states, uint user) : IContainerRuntime
{
    /// <inheritdoc/>
    public string Name => "podman";

    /// <inheritdoc/>
    public uint UserId => user;

    /// <inheritdoc/>
    public ContainerRecord? Find(string id, CancellationToken cancellationToken) => storage.Find(id, cancellationToken) is { } record ? WithState(record) : null;

    /// <inheritdoc/>
    public IReadOnlyList<ContainerRecord> List(CancellationToken cancellationToken) => [.. storage.All(cancellationToken).Select(WithState).Where(record => record.ProcessId > 0)];

    private ContainerRecord WithState(ContainerRecord record) =>
        states.Select(runtime => runtime.State(record.Id)).FirstOrDefault(state => state is not null) is { } found ? record with { ProcessId = found.ProcessId, CgroupPath = found.CgroupPath } : record;
}
