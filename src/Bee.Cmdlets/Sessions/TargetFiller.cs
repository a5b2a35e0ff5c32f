using System.Buffers.Binary;
using System.Globalization;
using Bee.Containers;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;

namespace Bee.Cmdlets.Sessions;

/// <summary>
/// Keeps the map of an object's own filter filled with the cgroups and mount namespaces of the containers within a limit, while containers start and end. The directory's thread calls it.
/// </summary>
internal sealed class TargetFiller : IDisposable
{
    private readonly object _gate = new();
    private readonly ContainerDirectory _directory;
    private readonly ContainerLimit _limit;
    private readonly TargetFilter _filter;
    private readonly BpfMap _map;
    private readonly Action<string, string> _warn;
    private readonly ulong? _hostNamespace = HostNamespace();
    // By user and id: a user may give a container the id of root's. Containers may share a mount namespace, so keys are counted.
    private readonly Dictionary<(uint User, string Id), HashSet<ulong>> _containers = [];
    private readonly Dictionary<ulong, int> _keys = [];
    private HashSet<(uint User, string Id)>? _ended = [];
    private bool _hasWarned, _hasWarnedOfNamespaces;
    private bool _disposed;

    private TargetFiller(ContainerDirectory directory, ContainerLimit limit, TargetFilter filter, BpfMap map, Action<string, string> warn) =>
        (_directory, _limit, _filter, _map, _warn) = (directory, limit, filter, map, warn);

    /// <summary>Writes the containers that run, and follows those that start and end.</summary>
    /// <param name="directory">The containers.</param>
    /// <param name="limit">The limit.</param>
    /// <param name="filter">The object's filter.</param>
    /// <param name="map">The filter's map in the kernel.</param>
    /// <param name="warn">Receives the name of the map and a warning, on any thread.</param>
    public static TargetFiller Start(ContainerDirectory directory, ContainerLimit limit, TargetFilter filter, BpfMap map, Action<string, string> warn)
    {
        var filler = new TargetFiller(directory, limit, filter, map, warn);
        directory.Changed += filler.Follow;
        try
        {
            filler.Begin();
            return filler;
        }
        catch
        {
            filler.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _directory.Changed -= Follow;
        lock (_gate)
        {
            _disposed = true;
        }
    }

    private void Begin()
    {
        // Read outside of the lock, which Follow takes on the directory's thread. A container that ends meanwhile is skipped.
        IReadOnlyList<RunningContainer> running = _directory.Running;
        lock (_gate)
        {
            foreach (RunningContainer container in running.Where(container => !_ended!.Contains(IdOf(container))))
            {
                Set(container, KeysOf(container));
            }

            _ended = null;
            RemoveOthers();
        }
    }

    private void Follow(ContainerChange change)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            if (change.HasEnded)
            {
                _ended?.Add(IdOf(change.Container));
            }

            Set(change.Container, change.HasEnded ? [] : KeysOf(change.Container));
        }
    }

    // A pinned map keeps the entries of containers that ended while no process followed them.
    private void RemoveOthers()
    {
        var others = new List<byte[]>();
        for (MapScan scan = _map.Scan(); scan.Next();)
        {
            for (int i = 0; i < scan.Count; i++)
            {
                if (!_keys.ContainsKey(BinaryPrimitives.ReadUInt64LittleEndian(scan.Key(i))))
                {
                    others.Add(scan.Key(i).ToArray());
                }
            }
        }

        others.ForEach(key => MapCalls.TryDelete(_map, key));
    }

    private HashSet<ulong> KeysOf(RunningContainer container)
    {
        HashSet<ulong> keys = [];
        if (_limit.Matches(container.Names))
        {
            keys.UnionWith(_filter.HasCgroups ? container.CgroupIds.Select(TargetFilter.CgroupKey) : []);
            // A container that shares the host's mount namespace would bring all processes of the host with it.
            keys.UnionWith(container.MountNamespaceIds.Where(id => id != 0 && id != _hostNamespace).Select(_filter.MountNamespaceKey));
            WarnOfNamespaces(container);
        }

        return keys;
    }

    // A filter that knows cgroups has all processes of the container. One of mount namespaces must not lose some of them in silence, since the container may do so to hide.
    private void WarnOfNamespaces(RunningContainer container)
    {
        if (!_filter.HasCgroups && container.HasMoreMountNamespaces && !_hasWarnedOfNamespaces)
        {
            _hasWarnedOfNamespaces = true;
            _warn(_map.Name, string.Create(CultureInfo.InvariantCulture, $"has only {container.MountNamespaceIds.Count} mount namespaces of the container {container.Names.Container}, which has used more: the first one and the latest ones. Events of processes in the others may be missing."));
        }
    }

    private void Set(RunningContainer container, HashSet<ulong> keys)
    {
        (uint User, string Id) id = IdOf(container);
        HashSet<ulong> before = _containers.GetValueOrDefault(id) ?? [];
        // Added first, so that a container that only changes its names is never without an entry.
        foreach (ulong key in keys.Except(before).ToArray())
        {
            int count = _keys.GetValueOrDefault(key);
            if (count == 0 && !TryWrite(key, container))
            {
                keys.Remove(key);
                continue;
            }

            _keys[key] = count + 1;
        }

        foreach (ulong key in before.Except(keys))
        {
            if (--_keys[key] == 0)
            {
                _keys.Remove(key);
                Try(() => MapCalls.TryDelete(_map, Bytes(key)), container);
            }
        }

        if (keys.Count == 0)
        {
            _containers.Remove(id);
        }
        else
        {
            _containers[id] = keys;
        }
    }

    private static (uint User, string Id) IdOf(RunningContainer container) => (container.Names.UserId, container.Names.Id);

    private bool TryWrite(ulong key, RunningContainer container)
    {
        byte[] value = new byte[_map.Description.ValueSize];
        value[0] = 1;
        return Try(() => MapCalls.Update(_map, Bytes(key), value, MapWriteMode.Any), container);
    }

    private bool Try(Action change, RunningContainer container)
    {
        try
        {
            change();
            return true;
        }
        catch (ObjectDisposedException)
        {
            // The session ends at this moment.
            return false;
        }
        catch (BpfMapException error)
        {
            if (!_hasWarned)
            {
                _hasWarned = true;
                _warn(_map.Name, error.Fault == MapFault.Full
                    ? string.Create(CultureInfo.InvariantCulture, $"is full with {_map.Description.MaxEntries} entries, so events of the container {container.Names.Container}, and of others that start later, are missing. Use a narrower limit, or a larger map: -MapSize @{{ {_map.Name} = {_map.Description.MaxEntries * 4} }}.")
                    : $"cannot be changed for the container {container.Names.Container}: {error.Message}");
            }

            return false;
        }
    }

    private static byte[] Bytes(ulong key)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, key);
        return bytes;
    }

    // The link reads as mnt:[4026531840].
    private static ulong? HostNamespace()
    {
        try
        {
            return new FileInfo("/proc/1/ns/mnt").LinkTarget is { } link && ulong.TryParse(link.AsSpan().TrimStart("mnt:[").TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out ulong id) ? id : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
