using Bee.Containers.Runtimes;
using Bee.Ebpf.Records;

namespace Bee.Containers.Tests;

public class ContainerDirectoryTests
{
    [Fact]
    public void Find_container_that_runs_before_opening_has_names_at_once()
    {
        using var cgroups = new TestCgroups();
        var id = TestCgroups.NewId();
        var cgroup = cgroups.Make($"{cgroups.Root}/docker-{id}.scope");
        var runtime = new FakeRuntime();
        runtime.Add(id, "web");
        using var directory = TestDirectory.Open([runtime]);
        var names = directory.Find(new ContainerKey(cgroup, 0, 0));
        Assert.Equal(("web", "image-of-web", id), (names?.Container, names?.Image, names?.Id));
        Assert.Same(names, directory.Find(new ContainerKey(cgroup, 0, 0)));
    }

    [Fact]
    public void Find_container_that_starts_later_has_a_short_id_and_then_names()
    {
        using var cgroups = new TestCgroups();
        var id = TestCgroups.NewId();
        var runtime = new FakeRuntime();
        using var directory = TestDirectory.Open([runtime]);
        var cgroup = cgroups.Make($"{cgroups.Root}/docker-{id}.scope");
        Assert.Equal(id[..12], directory.Find(new ContainerKey(cgroup, 0, 0))?.Container);
        runtime.Add(id, "late");
        Wait.Until(() => directory.Find(new ContainerKey(cgroup, 0, 0))?.Container == "late");
    }

    [Fact]
    public void Find_container_whose_files_lack_the_image_has_it_from_a_later_runtime()
    {
        using var cgroups = new TestCgroups();
        var id = TestCgroups.NewId();
        FakeRuntime files = new(), other = new(), service = new();
        using var directory = TestDirectory.Open([files, other, service]);
        files.Add(new ContainerRecord { Id = id, Name = "web", ProcessId = 5, CgroupPath = "/default/web" });
        other.Add(new ContainerRecord { Id = id, Name = "other", Image = "other", CgroupPath = "/other/web" });
        service.Add(new ContainerRecord { Id = id, Image = "web:1", ProcessId = 5 });
        var cgroup = cgroups.Make($"{cgroups.Root}/docker-{id}.scope");
        Wait.Until(() => directory.Find(new ContainerKey(cgroup, 0, 0))?.Image is not null);
        Assert.Equal(("web", "web:1"), directory.Find(new ContainerKey(cgroup, 0, 0)) is { } names ? (names.Container, names.Image) : default);
    }

    [Fact]
    public void Find_container_that_runs_before_opening_has_what_all_runtimes_know()
    {
        using var cgroups = new TestCgroups();
        var id = TestCgroups.NewId();
        var cgroup = cgroups.Make($"{cgroups.Root}/docker-{id}.scope");
        FakeRuntime files = new(), service = new();
        files.Add(new ContainerRecord { Id = id, Name = "old", Image = "web:1", ProcessId = 5 });
        service.Add(new ContainerRecord { Id = id, Name = "new", Image = "sha256:1", Pod = "shop", ProcessId = 5 });
        using var directory = TestDirectory.Open([files, service]);
        Assert.Equal(("new", "web:1", "shop"), directory.Find(new ContainerKey(cgroup, 0, 0)) is { } names ? (names.Container, names.Image, names.Pod) : default);
    }

    [Fact]
    public void Find_cgroup_below_a_container_returns_the_outermost_container()
    {
        using var cgroups = new TestCgroups();
        var (outer, inner) = (TestCgroups.NewId(), TestCgroups.NewId());
        var runtime = new FakeRuntime();
        runtime.Add(outer, "outer");
        runtime.Add(inner, "inner");
        using var directory = TestDirectory.Open([runtime]);
        var own = cgroups.Make($"{cgroups.Root}/docker-{outer}.scope");
        var nested = cgroups.Make($"{cgroups.Root}/docker-{outer}.scope/docker/{inner}");
        Wait.Until(() => directory.Find(new ContainerKey(nested, 0, 0))?.Container == "outer");
        Assert.Same(directory.Find(new ContainerKey(own, 0, 0)), directory.Find(new ContainerKey(nested, 0, 0)));
    }

    [Fact]
    public void Find_process_and_mount_namespace_of_a_container_return_its_names()
    {
        using var cgroups = new TestCgroups();
        var id = TestCgroups.NewId();
        var path = $"{cgroups.Root}/docker-{id}.scope";
        cgroups.Make(path);
        var runtime = new FakeRuntime();
        runtime.Add(id, "web");
        using var directory = TestDirectory.Open([runtime]);
        var (_, pid, inode) = cgroups.RunInNamespace(path);
        Assert.Null(directory.Note);
        Assert.Equal("web", directory.Find(new ContainerKey(0, 0, pid))?.Container);
        Assert.Equal("web", directory.Find(new ContainerKey(0, inode, 0))?.Container);
        Assert.Null(directory.Find(new ContainerKey(0, 0, Environment.ProcessId)));
    }

    [Fact]
    public void Changed_reports_a_container_with_its_ids_and_its_end()
    {
        using var cgroups = new TestCgroups();
        var id = TestCgroups.NewId();
        var path = $"{cgroups.Root}/docker-{id}.scope";
        var runtime = new FakeRuntime();
        runtime.Add(id, "web");
        using var directory = TestDirectory.Open([runtime]);
        var gate = new object();
        ContainerChange last = default;
        directory.Changed += change =>
        {
            lock (gate)
            {
                last = change.Container.Names.Id == id ? change : last;
            }
        };
        bool Last(Func<ContainerChange, bool> condition)
        {
            lock (gate)
            {
                return last.Container is not null && condition(last);
            }
        }

        var cgroup = cgroups.Make(path);
        var nested = cgroups.Make(path + "/nested");
        Wait.Until(() => Last(change => change.Container.Names.Container == "web" && change.Container.CgroupIds.ToHashSet().SetEquals([cgroup, nested])));
        Assert.Contains(directory.Running, container => container.Names.Id == id);
        cgroups.Remove(path + "/nested");
        Wait.Until(() => Last(change => change.Container.CgroupIds.SequenceEqual([cgroup])));
        cgroups.Remove(path);
        Wait.Until(() => Last(change => change.HasEnded));
        Assert.DoesNotContain(directory.Running, container => container.Names.Id == id);
        Assert.Equal("web", directory.Find(new ContainerKey(cgroup, 0, 0))?.Container);
    }
}
