using System.Collections.Concurrent;
using Bee.Containers.Cgroups;
using Bee.Containers.Recording;

namespace Bee.Containers.Tests;

/// <summary>A recorder that a test feeds.</summary>
internal sealed class FakeRecorder : IRecorder
{
    // As large as the recorder's own tables: entries are overwritten.
    private readonly (int Id, ulong Cgroup)[] _processes = new (int, ulong)[1024];
    private readonly ConcurrentDictionary<ulong, RecordedNamespace> _namespaces = new();
    private readonly ConcurrentQueue<Action<IRecorderSink>> _changes = new();
    private readonly AutoResetEvent _wake = new(false);
    // What exists, in the order of its creation.
    private readonly OrderedDictionary<ulong, Cgroup> _cgroups = [];
    private volatile bool _lost;

    public bool RecordsProcesses => true;

    public void Create(Cgroup cgroup)
    {
        lock (_cgroups)
        {
            _cgroups[cgroup.Key] = cgroup;
        }

        _changes.Enqueue(sink => sink.CgroupCreated(cgroup));
    }

    public void Remove(ulong cgroup)
    {
        lock (_cgroups)
        {
            _cgroups.Remove(cgroup);
        }

        _changes.Enqueue(sink => sink.CgroupRemoved(cgroup));
    }

    /// <summary>A process starts in a new mount namespace.</summary>
    public void Enter(ulong inode, ulong cgroup, int processId)
    {
        _processes[processId % _processes.Length] = (processId, cgroup);
        _namespaces[inode] = new RecordedNamespace(cgroup, (ulong)processId);
        _changes.Enqueue(sink => sink.MountNamespaceSeen(inode, cgroup));
    }

    /// <summary>Records are lost, and these cgroups exist.</summary>
    public void Lose(Cgroup[] listed)
    {
        lock (_cgroups)
        {
            _cgroups.Clear();
            Array.ForEach(listed, cgroup => _cgroups.Add(cgroup.Key, cgroup));
        }

        _lost = true;
        Wake();
    }

    public bool TryFindProcess(int processId, out ulong cgroup)
    {
        var entry = _processes[processId % _processes.Length];
        cgroup = entry.Cgroup;
        return entry.Id == processId && cgroup != 0;
    }

    public bool TryFindMountNamespace(ulong inode, out RecordedNamespace recorded) => _namespaces.TryGetValue(inode, out recorded);

    public bool Drain(IRecorderSink sink)
    {
        while (_changes.TryDequeue(out var change))
        {
            change(sink);
        }

        var complete = !_lost;
        _lost = false;
        return complete;
    }

    public RecorderListing List()
    {
        lock (_cgroups)
        {
            return new RecorderListing([.. _cgroups.Values], [.. _namespaces.OrderBy(pair => pair.Value.Generation).Select(pair => (pair.Key, pair.Value.Cgroup))]);
        }
    }

    public void Wait(int milliseconds) => _wake.WaitOne(milliseconds);

    public void Wake() => _wake.Set();

    public void Dispose() => _wake.Dispose();
}
