using Bee.Containers.Runtimes;
using Bee.Ebpf.Records;

namespace Bee.Containers.Tests;

public sealed class BoundedReadTests : IDisposable
{
    private readonly TemporaryState _state = new();

    public void Dispose() => _state.Dispose();

    [Fact]
    public void Folder_in_which_a_read_hangs_is_left_alone_until_the_read_returns()
    {
        using var release = new ManualResetEventSlim();
        int reads = 0;
        string Read()
        {
            Interlocked.Increment(ref reads);
            release.Wait();
            return "late";
        }

        Assert.Equal("none", BoundedRead.Run(_state.Path, Read, "none"));
        Assert.Equal(["none", "other"], BoundedRead.RunAll([(_state.Path, Read), (_state.In("other"), () => "other")], "none"));
        Assert.Equal(1, reads);
        release.Set();
        Wait.Until(() => BoundedRead.Run(_state.Path, () => "again", "none") == "again");
    }

    [Fact]
    public void Read_that_fails_throws_its_exception_and_a_canceled_wait_ends()
    {
        Assert.Throws<InvalidDataException>(() => BoundedRead.Run<string>(_state.Path, () => throw new InvalidDataException(), "none"));
        using var release = new ManualResetEventSlim();
        using var canceled = new CancellationTokenSource();
        Assert.ThrowsAny<OperationCanceledException>(() => BoundedRead.Run(_state.Path, () => { canceled.Cancel(); release.Wait(); return ""; }, "none", canceled.Token));
        release.Set();
        Wait.Until(() => BoundedRead.Run(_state.Path, () => "again", "none") == "again");
    }

    [FuseFact]
    public void Storages_that_hang_leave_the_names_of_the_other_runtimes()
    {
        using var podman = new HangingFolder(_state.In("podman"));
        using var docker = new HangingFolder(_state.In("docker"));
        using var cgroups = new TestCgroups();
        var (before, after) = (TestCgroups.NewId(), TestCgroups.NewId());
        var runtime = new FakeRuntime();
        runtime.Add(before, "before");
        runtime.Add(after, "after");
        ulong cgroup = cgroups.Make($"{cgroups.Root}/docker-{before}.scope");
        IContainerRuntime[] runtimes = [new StorageRuntime(new StorageFolder(new RuntimeFolder(podman.Path, 0)), [], 0), new DockerFolder(new RuntimeFolder(docker.Path, 0)), runtime];
        using var directory = ContainerDirectory.Open(runtimes)!;
        Assert.Equal("before", directory.Find(new ContainerKey(cgroup, 0, 0))?.Container);
        cgroup = cgroups.Make($"{cgroups.Root}/docker-{after}.scope");
        Wait.Until(() => directory.Find(new ContainerKey(cgroup, 0, 0))?.Container == "after");
    }

    [FuseFact]
    public void Storage_that_hangs_is_found_and_leaves_the_other_runtimes()
    {
        Directory.CreateDirectory(_state.In("run/runc"));
        using var storage = new HangingFolder(_state.In("var/lib/containers/storage"));
        Assert.Equal(["podman", "runc"], RuntimeDetection.Find(_ => null, null, _state.Path).Runtimes.Select(runtime => runtime.Name));
        Assert.Equal(["podman", "runc"], RuntimeDetection.Find(_ => $"runc:{_state.In("run/runc")},podman:{storage.Path}").Runtimes.Select(runtime => runtime.Name));
    }
}
