using Bee.Containers.Cgroups;
using Bee.Containers.Recording;
using Bee.Ebpf.Records;

namespace Bee.Containers.Tests;

public class RecorderTests
{
    [Fact]
    public void Find_process_that_has_exited_returns_its_container()
    {
        using var cgroups = new TestCgroups();
        var (runtime, path) = Container(cgroups, "web", out _);
        using var directory = TestDirectory.Open([runtime]);
        var (process, pid, inode) = cgroups.RunInNamespace(path);
        TestCgroups.End(process);
        Assert.Equal("web", directory.Find(new ContainerKey(0, 0, pid))?.Container);
        Assert.Equal("web", directory.Find(new ContainerKey(0, inode, pid))?.Container);
    }

    [Fact]
    public void Find_cgroup_that_was_removed_returns_its_container()
    {
        using var cgroups = new TestCgroups();
        var runtime = new FakeRuntime();
        using var directory = TestDirectory.Open([runtime]);
        var id = TestCgroups.NewId();
        runtime.Add(id, "brief");
        var cgroup = cgroups.Make($"{cgroups.Root}/docker-{id}.scope");
        cgroups.Remove($"{cgroups.Root}/docker-{id}.scope");
        Wait.Until(() => directory.Find(new ContainerKey(cgroup, 0, 0))?.Container == "brief");
    }

    [Fact]
    public void Find_namespace_with_a_reused_inode_number_returns_the_container_that_has_it_now()
    {
        using var cgroups = new TestCgroups();
        var (runtime, path) = Container(cgroups, "former", out _);
        var otherId = TestCgroups.NewId();
        runtime.Add(otherId, "latter");
        cgroups.Make($"{cgroups.Root}/docker-{otherId}.scope");
        using var directory = TestDirectory.Open([runtime]);
        (string Path, string? Name)[] places = [(path, "former"), ($"{cgroups.Root}/docker-{otherId}.scope", "latter"), (cgroups.Root, null)];
        foreach (var (place, name) in places.Concat(places))
        {
            // The kernel gives the lowest free number, so usually all have the same.
            var (process, _, inode) = cgroups.RunInNamespace(place);
            Assert.Equal(name, directory.Find(new ContainerKey(0, inode, 0))?.Container);
            TestCgroups.End(process);
        }
    }

    [Fact]
    public void Find_namespace_that_a_process_of_the_host_enters_still_returns_the_container()
    {
        using var cgroups = new TestCgroups();
        var (runtime, path) = Container(cgroups, "web", out _);
        using var directory = TestDirectory.Open([runtime]);
        var (_, pid, inode) = cgroups.RunInNamespace(path);
        var (_, visitor, same) = cgroups.RunInNamespace(cgroups.Root, $"nsenter --target {pid} --mount");
        Assert.Equal(inode, same);
        Assert.Equal("web", directory.Find(new ContainerKey(0, inode, 0))?.Container);
        Assert.Null(directory.Find(new ContainerKey(0, 0, visitor)));
    }

    [Fact]
    public void Find_namespace_that_a_process_creates_for_itself_returns_its_container()
    {
        using var cgroups = new TestCgroups();
        var (runtime, path) = Container(cgroups, "web", out _);
        using var directory = TestDirectory.Open([runtime]);
        // No process is started after the namespace exists.
        var (_, pid) = cgroups.Run(path, "exec unshare --mount sh -c 'echo $$; read line'");
        var inode = ProcessTable.MountNamespaceOf(int.Parse(pid))!.Value;
        Assert.Equal("web", directory.Find(new ContainerKey(0, inode, 0))?.Container);
        Wait.Until(() => directory.Running.Single(container => container.Names.Container == "web").MountNamespaceIds.Contains(inode));
    }

    [Fact]
    public void Container_with_300_mount_namespaces_at_once_has_them_all_the_first_one_first()
    {
        const int Number = 300;
        using var cgroups = new TestCgroups();
        var (runtime, path) = Container(cgroups, "web", out _);
        using var directory = TestDirectory.Open([runtime]);
        var (_, _, first) = cgroups.RunInNamespace(path);
        var (process, _) = cgroups.Run(path, $"echo; exec 3<&0; for i in $(seq {Number}); do unshare --mount sh -c 'readlink /proc/self/ns/mnt; read line <&3' & done; wait");
        ulong[] others = [.. Enumerable.Range(0, Number).Select(_ => ulong.Parse(process.StandardOutput.ReadLine()!.Split('[', ']')[1]))];
        Assert.Equal(Number, others.Distinct().Count());
        RunningContainer Web(ContainerDirectory of) => of.Running.Single(container => container.Names.Container == "web");
        Wait.Until(() => Web(directory).MountNamespaceIds.ToHashSet().IsSupersetOf([first, .. others]));
        Assert.Equal(first, Web(directory).MountNamespaceIds[0]);
        Assert.False(Web(directory).HasMoreMountNamespaces);

        using var later = TestDirectory.Open([runtime]);
        Assert.True(Web(later).MountNamespaceIds.ToHashSet().IsSupersetOf([first, .. others]));
        TestCgroups.End(process);
    }

    [Fact]
    public void Find_namespace_that_a_process_creates_before_it_joins_the_container_returns_the_container()
    {
        using var cgroups = new TestCgroups();
        var (runtime, path) = Container(cgroups, "web", out _);
        using var directory = TestDirectory.Open([runtime]);
        // crun creates the namespaces first and moves the process then.
        var (_, pid, inode) = cgroups.RunInNamespace(cgroups.Root, "unshare --mount", cgroups.Join(path));
        Assert.Equal("web", directory.Find(new ContainerKey(0, inode, 0))?.Container);
        Assert.Equal("web", directory.Find(new ContainerKey(0, 0, pid))?.Container);
    }

    [Fact]
    public void Find_cgroup_that_another_user_created_does_not_have_the_names_of_roots_container()
    {
        using var cgroups = new TestCgroups();
        var (runtime, path) = Container(cgroups, "web", out var id);
        var others = new FakeRuntime { UserId = 65534 };
        using var directory = TestDirectory.Open([runtime, others]);
        var delegated = $"{cgroups.Root}/delegated-{id[..8]}";
        cgroups.Make(delegated);
        var forged = cgroups.MakeAs(65534, delegated, $"docker-{id}.scope");
        Assert.Equal(id[..12], directory.Find(new ContainerKey(forged, 0, 0))?.Container);

        // A directory that opens later sees only the owners of the folders.
        using var later = TestDirectory.Open([runtime, others]);
        Assert.Equal(id[..12], later.Find(new ContainerKey(forged, 0, 0))?.Container);
        others.Add(id, "their-own");
        Wait.Until(() => later.Find(new ContainerKey(forged, 0, 0))?.Container == "their-own" && directory.Find(new ContainerKey(forged, 0, 0))?.Container == "their-own");
        Assert.Single(later.Running, container => container.Names.Container == "web");
    }

    [Fact]
    public void Find_without_the_recorder_reads_processes_and_follows_the_cgroup_file_system()
    {
        using var cgroups = new TestCgroups();
        var id = TestCgroups.NewId();
        var runtime = new FakeRuntime();
        runtime.Add(id, "web");
        var tree = CgroupTree.Open();
        using var directory = new ContainerDirectory([runtime], tree, new FolderRecorder(tree), ContainerPath.Parse);
        var path = $"{cgroups.Root}/docker-{id}.scope";
        var cgroup = cgroups.Make(path);
        Wait.Until(() => directory.Find(new ContainerKey(cgroup, 0, 0))?.Container == "web");
        var (process, pid, inode) = cgroups.RunInNamespace(path);
        Assert.Equal("web", directory.Find(new ContainerKey(0, 0, pid))?.Container);
        Wait.Until(() => directory.Find(new ContainerKey(0, inode, 0))?.Container == "web");
        TestCgroups.End(process);
        cgroups.Remove(path);
        Wait.Until(() => directory.Running.All(container => container.Names.Id != id));
    }

    [Fact]
    public void Dispose_ends_the_threads_and_lookups_go_on_with_what_is_known()
    {
        using var cgroups = new TestCgroups();
        var (runtime, path) = Container(cgroups, "web", out var id);
        var cgroup = cgroups.Make(path);
        var directory = TestDirectory.Open([runtime]);
        directory.Dispose();
        Assert.Equal("web", directory.Find(new ContainerKey(cgroup, 0, 0))?.Container);
        Assert.Null(directory.Find(new ContainerKey(1ul << 40, 1, Environment.ProcessId)));
        directory.Dispose();
    }

    private static (FakeRuntime Runtime, string Path) Container(TestCgroups cgroups, string name, out string id)
    {
        id = TestCgroups.NewId();
        var runtime = new FakeRuntime();
        runtime.Add(id, name);
        var path = $"{cgroups.Root}/docker-{id}.scope";
        cgroups.Make(path);
        return (runtime, path);
    }
}
