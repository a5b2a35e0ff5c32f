using System.Collections.Concurrent;
using Bee.Containers.Cgroups;
using Bee.Containers.Recording;
using Bee.Containers.Runtimes;

namespace Bee.Containers;

/// <summary>
/// The cgroups, mount namespaces and containers of this host. Lookups take no lock; changes come from the recorder and the runtimes. Thread-safe.
/// </summary>
/// <remarks>
/// Its size is bounded by what exists in the kernel, plus <see cref="MostRemoved"/> cgroups that were removed: events of their processes may still be in a buffer.
/// </remarks>
internal sealed class ContainerIndex : IRecorderSink
{
    /// <summary>The number of removed cgroups that are remembered.</summary>
    internal const int MostRemoved = 4096;

    private readonly IRecorder _recorder;
    private readonly CgroupTree _tree;
    private readonly Func<string, ContainerPath?> _parse;
    private readonly Func<NameRequests.Request, ContainerRecord?> _probe;
    private readonly Action<NameRequests.Request> _ask;
    private readonly object _gate = new();
    private readonly ConcurrentDictionary<ulong, CgroupEntry> _cgroups = new();
    private readonly NamespaceOwners _namespaces;
    private readonly Dictionary<(uint User, string Id), KnownContainer> _containers = [];
    private readonly OwnCgroups _own = new();
    private readonly RemovedCgroups _removed;
    private readonly ContainerChanges _changes = new();
    private int _found;
    private volatile bool _isIncomplete;

    /// <param name="recorder">The recorder.</param>
    /// <param name="tree">The cgroup hierarchies.</param>
    /// <param name="parse">Finds the container of a cgroup path (<see cref="ContainerPath.Parse"/>).</param>
    /// <param name="probe">Looks for a container in the files of runtimes that name the cgroup like the container.</param>
    /// <param name="ask">Asks for the names of a container that has started. It must not wait.</param>
    public ContainerIndex(IRecorder recorder, CgroupTree tree, Func<string, ContainerPath?> parse, Func<NameRequests.Request, ContainerRecord?> probe, Action<NameRequests.Request> ask) =>
        (_recorder, _tree, _parse, _probe, _ask, _namespaces, _removed) = (recorder, tree, parse, probe, ask, new NamespaceOwners(recorder), new RemovedCgroups(_cgroups, Forget));

    /// <summary>The number of cgroups that are known, including those that were removed.</summary>
    public int Count => _cgroups.Count;

    /// <summary>Whether containers were found only by their first process, so that the cgroup of a process does not tell whether it is in a container.</summary>
    public bool HasContainersWithoutCgroup => Volatile.Read(ref _found) > 0;

    /// <summary>Whether the recorder has dropped records since the last <see cref="Apply(RecorderListing, long)"/>.</summary>
    public bool IsIncomplete => _isIncomplete;

    /// <summary>The containers that run now.</summary>
    public IReadOnlyList<RunningContainer> Running
    {
        get
        {
            lock (_gate)
            {
                Drain();
                return [.. _containers.Values.Where(container => !container.HasEnded).Select(container => container.Describe())];
            }
        }
    }

    /// <summary>Returns the container of a cgroup.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The container; null for a cgroup of the host.</returns>
    public KnownContainer? OfCgroup(ulong key) => _cgroups.TryGetValue(key, out var entry) ? entry.Container : Discover(key);

    /// <summary>Returns the container of a mount namespace.</summary>
    /// <param name="inode">The inode number.</param>
    /// <returns>The container; null for a namespace of the host, and for one that is not known.</returns>
    public KnownContainer? OfMountNamespace(ulong inode) =>
        _recorder.TryFindMountNamespace(inode, out var recorded) && OfCgroup(recorded.Cgroup) is { } container ? container : _namespaces.Find(inode, recorded);

    /// <summary>Takes over what the recorder has recorded.</summary>
    public void Update()
    {
        lock (_gate)
        {
            _isIncomplete |= !_recorder.Drain(this);
        }
    }

    /// <summary>Takes the changes of containers that have not been reported.</summary>
    public IReadOnlyList<ContainerChange> TakeChanges()
    {
        lock (_gate)
        {
            return _changes.Take();
        }
    }

    /// <summary>Applies a listing of what exists.</summary>
    /// <param name="listing">The listing.</param>
    /// <param name="started">The time (<see cref="Environment.TickCount64"/>) at which the listing began.</param>
    public void Apply(RecorderListing listing, long started)
    {
        lock (_gate)
        {
            _isIncomplete = false;
            Drain();
            foreach (var cgroup in listing.Cgroups)
            {
                CgroupCreated(cgroup);
            }

            var existing = listing.Cgroups.Select(cgroup => cgroup.Key).ToHashSet();
            foreach (var (key, entry) in _cgroups)
            {
                if (!entry.IsRemoved && entry.Added < started && !existing.Contains(key))
                {
                    CgroupRemoved(key);
                }
            }

            foreach (var (inode, cgroup) in listing.MountNamespaces)
            {
                MountNamespaceSeen(inode, cgroup);
            }
        }
    }

    /// <summary>Applies that a mount namespace is used in a cgroup.</summary>
    public void Apply(ulong inode, ulong cgroup)
    {
        lock (_gate)
        {
            MountNamespaceSeen(inode, cgroup);
        }
    }

    /// <summary>Applies what a runtime says of a container that runs. If no cgroup names the container, it is found by its first process.</summary>
    public void Apply(ContainerRecord record)
    {
        lock (_gate)
        {
            if (_containers.TryGetValue((record.UserId, record.Id), out var known))
            {
                Name(known, record);
            }
            else if (record is { UserId: 0, ProcessId: > 0 })
            {
                FindByProcess(record);
            }
        }
    }

    /// <summary>Applies the answer of the runtimes to a request.</summary>
    /// <returns>Whether the request is done.</returns>
    public bool Apply(NameRequests.Request request, ContainerRecord? record)
    {
        lock (_gate)
        {
            if (request.Container is { } container)
            {
                if (record is not null)
                {
                    Name(container, record);
                }

                return record is not null || (container.HasEnded && request.IsLastAfterEnd);
            }

            if (!_cgroups.TryGetValue(request.Cgroup, out var entry) || entry.IsRemoved)
            {
                return true;
            }

            if (entry.Container is null)
            {
                if (record is not null)
                {
                    Name(Claim(record, entry.Path), record);
                }

                return record?.CgroupPath is not null;
            }

            // The container was being created. Now its runtime says whether the cgroup is the container's.
            if (record is null && entry.Container.IsClaimed && entry.Container.Id == request.Id)
            {
                Unclaim(entry.Container);
            }

            return record?.CgroupPath is not null || record is null;
        }
    }

    /// <summary>Asks for the names of containers again, which the runtimes may have changed.</summary>
    /// <param name="milliseconds">The time over which the requests are spread.</param>
    public void Refresh(int milliseconds)
    {
        lock (_gate)
        {
            NameRequests.Request.Refresh(_containers.Values.Where(container => !container.HasEnded), milliseconds).ForEach(_ask);
        }
    }

    /// <summary>Ends containers that were found by a process which does not run any more.</summary>
    public void CheckProcesses()
    {
        lock (_gate)
        {
            foreach (var container in _containers.Values.Where(container => container.ProcessId > 0 && (container.MountNamespaces is not [var inode, ..] || ProcessTable.MountNamespaceOf(container.ProcessId) != inode)).ToList())
            {
                End(container);
                _containers.Remove((container.UserId, container.Id));
                _found--;
            }
        }
    }

    /// <inheritdoc/>
    public void CgroupCreated(in Cgroup cgroup)
    {
        if (_cgroups.TryGetValue(cgroup.Key, out var known) && known.Path.Length > 0)
        {
            return;
        }

        var entry = new CgroupEntry(cgroup.Path, Environment.TickCount64);
        if (Resolve(cgroup) is { } container)
        {
            Join(cgroup.Key, entry, container);
        }

        _cgroups[cgroup.Key] = entry;
    }

    /// <inheritdoc/>
    public void CgroupRemoved(ulong cgroup)
    {
        if (!_cgroups.TryGetValue(cgroup, out var entry) || entry.IsRemoved)
        {
            return;
        }

        if (entry.Container is { } container)
        {
            if (container.Cgroups.Count == 1 && container.Cgroups.Contains(cgroup))
            {
                End(container);
            }
            else
            {
                _changes.Add(container);
            }

            container.Cgroups.Remove(cgroup);
        }

        _removed.Add(cgroup, entry);
    }

    /// <inheritdoc/>
    public void MountNamespaceSeen(ulong inode, ulong cgroup)
    {
        var container = _cgroups.TryGetValue(cgroup, out var entry) ? entry.Container : null;
        if (_namespaces.Release(inode, container) is { } former)
        {
            _changes.Add(former);
        }

        if (container is { HasEnded: false } && _namespaces.Take(inode, container))
        {
            _changes.Add(container);
        }
        else if (container is null)
        {
            // A runtime may claim the cgroup later.
            entry?.Note(inode);
        }
    }

    private void Drain()
    {
        _isIncomplete |= !_recorder.Drain(this);
        if (_isIncomplete || _changes.Any)
        {
            // Another thread than the directory's may have come first.
            _recorder.Wake();
        }
    }

    // Called for the first event from a cgroup that the index does not have. The kernel alone is asked.
    private KnownContainer? Discover(ulong key)
    {
        lock (_gate)
        {
            Drain();
            if (_cgroups.TryGetValue(key, out var entry))
            {
                return entry.Container;
            }

            if (_tree.Hierarchy(CgroupHierarchy.NumberOf(key))?.Find(key) is { } cgroup)
            {
                CgroupCreated(cgroup);
                _recorder.Wake();
                return _cgroups[key].Container;
            }

            // The kernel never reuses the key, so the answer stays right.
            entry = new CgroupEntry("", Environment.TickCount64);
            _cgroups[key] = entry;
            _removed.Add(key, entry);
            return null;
        }
    }

    private KnownContainer? Resolve(in Cgroup cgroup)
    {
        var (path, number) = (cgroup.Path, CgroupHierarchy.NumberOf(cgroup.Key));
        var parsed = _parse(path);
        if (_own.FindClaim(number, path, parsed?.Length ?? path.Length + 1) is { } claimed)
        {
            return claimed;
        }

        if (parsed is null)
        {
            return cgroup.Creator == 0 ? ResolveByName(cgroup) : null;
        }

        var own = path[..parsed.Length];
        if (_own.Find(number, own) is { } container)
        {
            if (container.HasEnded)
            {
                Revive(container);
            }

            return container;
        }

        // The user who creates a cgroup chooses its name. Only cgroups that root created get the names of root's containers.
        var user = parsed.UserId != 0 ? parsed.UserId : own.Length == path.Length ? cgroup.Creator : OwnerOf(number, own);
        container = Container(user, parsed.Id, parsed.Runtime);
        _own.Add(number, own, container);
        return container;
    }

    // Runtimes without a scheme of their own, such as runc, name the cgroup like the container.
    private KnownContainer? ResolveByName(in Cgroup cgroup)
    {
        if (NameRequests.Request.ForCgroup(cgroup) is not { } request)
        {
            return null;
        }

        var record = _probe(request);
        if (record?.CgroupPath is null)
        {
            _ask(request);
        }

        if (record is null)
        {
            return null;
        }

        var container = Claim(record, cgroup.Path);
        Name(container, record);
        return container;
    }

    private uint OwnerOf(int number, string path) => _tree.Hierarchy(number) is { } hierarchy && hierarchy.FolderOf(path) is { } folder ? hierarchy.At(folder, 0).Creator : ContainerPath.UnknownUser;

    private KnownContainer Container(uint user, string id, string scheme)
    {
        if (_containers.TryGetValue((user, id), out var container))
        {
            if (container.HasEnded)
            {
                Revive(container);
            }

            return container;
        }

        container = new KnownContainer(id, scheme, user);
        _containers.Add((user, id), container);
        _changes.Add(container);
        _ask(new NameRequests.Request(id, user, container));
        return container;
    }

    // A container that is started again keeps its id, and may have another name.
    private void Revive(KnownContainer container)
    {
        container.HasEnded = container.IsNamed = false;
        _changes.Add(container);
        _ask(new NameRequests.Request(container.Id, container.UserId, container));
    }

    private void Join(ulong key, CgroupEntry entry, KnownContainer container)
    {
        entry.Container = container;
        container.Remembered++;
        container.Cgroups.Add(key);
        foreach (var inode in entry.TakeNamespaces().Where(inode => !_recorder.TryFindMountNamespace(inode, out var recorded) || recorded.Cgroup == key))
        {
            MountNamespaceSeen(inode, key);
        }

        // The recorder has those that were not noted.
        _isIncomplete |= entry.HasMoreNamespaces;
        _changes.Add(container);
    }

    // Gives a cgroup, in all hierarchies, and those below it to the container that its runtime says it belongs to.
    private KnownContainer Claim(ContainerRecord record, string path)
    {
        var container = Container(record.UserId, record.Id, "");
        container.IsClaimed = true;
        foreach (var hierarchy in _tree.Hierarchies)
        {
            _own.Claim(hierarchy.Number, path, container);
        }

        foreach (var (key, entry) in _cgroups)
        {
            if (entry is { Container: null, IsRemoved: false } && OwnCgroups.IsIn(entry.Path, path))
            {
                Join(key, entry, container);
            }
        }

        // The claim may be all that is new about the container, and must be reported too.
        _recorder.Wake();
        return container;
    }

    private void Unclaim(KnownContainer container)
    {
        End(container);
        foreach (var key in container.Cgroups)
        {
            _cgroups[key].Container = null;
        }

        container.Cgroups.Clear();
        _containers.Remove((container.UserId, container.Id));
    }

    private void FindByProcess(ContainerRecord record)
    {
        if (record.CgroupPath is { Length: > 1 } path && _parse(path) is null && _tree.OfProcess(record.ProcessId).Any(found => OwnCgroups.IsIn(found.Path, path)))
        {
            Name(Claim(record, path), record);
        }
        else if (_tree.OfProcess(record.ProcessId).All(found => _parse(found.Path) is null) && ProcessTable.MountNamespaceOf(record.ProcessId) is { } inode
            && inode != ProcessTable.MountNamespaceOf(1) && inode != ProcessTable.MountNamespaceOf(Environment.ProcessId))
        {
            // The container shares the cgroup of its runtime: its mount namespace identifies it, unless it has that of the host.
            var container = new KnownContainer(record.Id, "", record.UserId) { ProcessId = record.ProcessId };
            _containers.Add((record.UserId, record.Id), container);
            _found++;
            _namespaces.Take(inode, container);
            Name(container, record);
        }
    }

    private void Name(KnownContainer container, ContainerRecord record)
    {
        if (container.Name(record))
        {
            _changes.Add(container);
            _recorder.Wake();
        }
    }

    private void End(KnownContainer container)
    {
        _changes.End(container);
        _namespaces.ReleaseAll(container);
        if (container.IsClaimed)
        {
            _own.Unclaim(container);
        }
    }

    private void Forget(ulong key, CgroupEntry entry)
    {
        if (entry.Container is { } container && --container.Remembered == 0 && container.HasEnded)
        {
            _containers.Remove((container.UserId, container.Id));
        }

        // A container that was started again has a new cgroup of the same path.
        if (entry.Container is { HasEnded: true } ended)
        {
            _own.Remove(CgroupHierarchy.NumberOf(key), entry.Path, ended);
        }
    }
}
