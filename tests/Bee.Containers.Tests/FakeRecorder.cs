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
    private Cgroup[] _listed = [];
    private volatile bool _lost;

    public bool RecordsProcesses => true;

    public void Create(Cgroup cgroup) => _changes.Enqueue(sink => sink.CgroupCreated(cgroup));

    public void Remove(ulong cgroup) => _changes.Enqueue(sink => sink.CgroupRemoved(cgroup));

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
        _listed = listed;
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

    public RecorderListing List() => new(_listed, []);

    public void Wait(int milliseconds) => _wake.WaitOne(milliseconds);

    public void Wake() => _wake.Set();

    public void Dispose() => _wake.Dispose();
}
