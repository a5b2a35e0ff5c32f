using Bee.Containers.Cgroups;
using Bee.Containers.Recording;
using Bee.Ebpf.Records;

namespace Bee.Containers.Tests;

/// <summary>A directory whose recorder opens only when a test says so.</summary>
public sealed class LateRecorderTests : IDisposable
{
    private readonly TestCgroups _cgroups = new();
    private readonly FakeRuntime _runtime = new();
    private readonly string _id = TestCgroups.NewId();
    private readonly ManualResetEventSlim _mayOpen = new();

    private string Path => $"{_cgroups.Root}/docker-{_id}.scope";

    [Fact]
    public void Find_before_the_recorder_is_open_reads_cgroups_and_processes()
    {
        var cgroup = _cgroups.Make(Path);
        _runtime.Add(_id, "web");
        using var directory = Open(Recorders.Open);
        var (_, pid, inode) = _cgroups.RunInNamespace(Path);
        Assert.Equal("web", directory.Find(new ContainerKey(cgroup, 0, 0))?.Container);
        Assert.Equal("web", directory.Find(new ContainerKey(0, 0, pid))?.Container);
        Assert.Equal("web", directory.Find(new ContainerKey(0, inode, pid))?.Container);
        Assert.Null(directory.Find(new ContainerKey(0, 0, Environment.ProcessId)));
        var later = TestCgroups.NewId();
        Assert.Equal(later[..12], directory.Find(new ContainerKey(_cgroups.Make($"{_cgroups.Root}/docker-{later}.scope"), 0, 0))?.Container);
        _mayOpen.Set();
    }

    [Fact]
    public void WaitForRecorder_returns_when_what_started_before_is_known()
    {
        using var directory = Open(Recorders.Open);
        _runtime.Add(_id, "web");
        var cgroup = _cgroups.Make(Path);
        var (_, _, inode) = _cgroups.RunInNamespace(Path);
        Assert.DoesNotContain(directory.Running, container => container.Names.Id == _id);
        _mayOpen.Set();
        directory.WaitForRecorder();
        var running = Assert.Single(directory.Running, container => container.Names.Id == _id);
        Assert.Equal([cgroup], running.CgroupIds);
        Assert.Contains(inode, running.MountNamespaceIds);
        Assert.Equal(_id, directory.Find(new ContainerKey(0, inode, 0))?.Id);
    }

    [Fact]
    public void WaitForRecorder_is_canceled()
    {
        using var directory = Open(Recorders.Open);
        using var canceled = new CancellationTokenSource(TimeSpan.FromMilliseconds(1));
        Assert.ThrowsAny<OperationCanceledException>(() => directory.WaitForRecorder(canceled.Token));
        _mayOpen.Set();
    }

    [Fact]
    public void WaitForRecorder_throws_what_opening_throws()
    {
        _mayOpen.Set();
        using var directory = Open(_ => throw new IOException("no"));
        Assert.Throws<IOException>(() => directory.WaitForRecorder());
        Assert.Null(directory.Find(new ContainerKey(0, 0, Environment.ProcessId)));
    }

    [Fact]
    public void Recorder_of_the_fallback_says_why_and_finds_what_started_before()
    {
        using var directory = Open(tree => (new FolderRecorder(tree), "The kernel does not load it."));
        _runtime.Add(_id, "web");
        _cgroups.Make(Path);
        var (_, _, inode) = _cgroups.RunInNamespace(Path);
        Assert.Null(directory.Note);
        _mayOpen.Set();
        directory.WaitForRecorder();
        Assert.Equal("The kernel does not load it.", directory.Note);
        Assert.Equal(_id, directory.Find(new ContainerKey(0, inode, 0))?.Id);
    }

    [Fact]
    public void Container_that_is_found_by_its_process_keeps_its_mount_namespace_when_the_recorder_opens()
    {
        // The cgroup of the process is not that of a container.
        _cgroups.Make(_cgroups.Root);
        var (process, pid, inode) = _cgroups.RunInNamespace(_cgroups.Root);
        _runtime.Add(_id, "web", pid);
        using var directory = Open(Recorders.Open);
        Assert.Equal("web", directory.Find(new ContainerKey(0, inode, 0))?.Container);
        _mayOpen.Set();
        directory.WaitForRecorder();
        Assert.Equal("web", directory.Find(new ContainerKey(0, inode, 0))?.Container);
        TestCgroups.End(process);
    }

    [Fact]
    public void Dispose_before_the_recorder_is_open_closes_it_later()
    {
        var recorder = new Closing();
        Open(_ => (recorder, null)).Dispose();
        Assert.False(recorder.IsClosed);
        _mayOpen.Set();
        Wait.Until(() => recorder.IsClosed);
    }

    public void Dispose()
    {
        _cgroups.Dispose();
        _mayOpen.Set();
    }

    private ContainerDirectory Open(Func<CgroupTree, (IRecorder, string?)> open)
    {
        var tree = CgroupTree.Open();
        return new ContainerDirectory([_runtime], tree, new LateRecorder(tree, cgroups =>
        {
            _mayOpen.Wait();
            return open(cgroups);
        }), ContainerPath.Parse);
    }

    private sealed class Closing : IRecorder
    {
        private volatile bool _isClosed;

        public bool IsClosed => _isClosed;

        public bool RecordsProcesses => true;

        public bool TryFindProcess(int processId, out ulong cgroup) => (cgroup = 0) != 0;

        public bool TryFindMountNamespace(ulong inode, out RecordedNamespace recorded)
        {
            recorded = default;
            return false;
        }

        public bool Drain(IRecorderSink sink) => true;

        public RecorderListing List() => new([], []);

        public void Wait(int milliseconds) => Thread.Sleep(1);

        public void Wake()
        {
        }

        public void Dispose() => _isClosed = true;
    }
}
