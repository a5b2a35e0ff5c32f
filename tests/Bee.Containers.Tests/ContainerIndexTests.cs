using System.Diagnostics;
using Bee.Containers.Cgroups;
using Bee.Ebpf.Records;
using Xunit.Abstractions;

namespace Bee.Containers.Tests;

/// <summary>The index with a recorder that a test feeds: no container is started, and nothing is loaded into the kernel.</summary>
public class ContainerIndexTests(ITestOutputHelper output)
{
    [Fact]
    public void Memory_stays_flat_over_100_000_containers()
    {
        var runtime = new FakeRuntime();
        using var recorder = new FakeRecorder();
        using var directory = new ContainerDirectory([runtime], CgroupTree.Open(), recorder, ContainerPath.Parse);
        const int Warm = 20_000, All = 100_000;
        long first = 0;
        for (var i = 0; i < All; i++)
        {
            if (i == Warm)
            {
                first = GC.GetTotalMemory(forceFullCollection: true);
            }

            // Numbers that no cgroup of this host has.
            var (cgroup, inode, id) = (1ul << 40 | (uint)i, 0xf000_0000ul + (ulong)(i % 50), $"{i:x64}");
            recorder.Create(new Cgroup(cgroup, $"/docker/{id}", 0));
            recorder.Create(new Cgroup(cgroup | 1ul << 41, $"/docker/{id}/nested", 0));
            recorder.Enter(inode, cgroup, i + 1);
            Assert.Equal(id, directory.Find(new ContainerKey(cgroup, 0, 0))?.Id);
            Assert.Equal(id, directory.Find(new ContainerKey(0, inode, 0))?.Id);
            Assert.Equal(id, directory.Find(new ContainerKey(0, 0, i + 1))?.Id);
            Assert.Null(directory.Find(new ContainerKey(cgroup | 1ul << 42, 0, 0)));
            recorder.Remove(cgroup | 1ul << 41);
            recorder.Remove(cgroup);
            // Late events still have their names.
            Assert.Equal(id, directory.Find(new ContainerKey(cgroup, 0, 0))?.Id);
        }

        var last = GC.GetTotalMemory(forceFullCollection: true);
        output.WriteLine($"{first / 1024} KiB after {Warm} containers, {last / 1024} KiB after {All}.");
        Assert.InRange(directory.Index.Count, 1, ContainerIndex.MostRemoved + 1000);
        Assert.True(last < first + 20_000_000, $"{first} bytes after {Warm} containers, {last} after {All}.");
    }

    [Fact]
    public void Find_in_the_cache_does_not_allocate()
    {
        var runtime = new FakeRuntime();
        using var recorder = new FakeRecorder();
        using var directory = new ContainerDirectory([runtime], CgroupTree.Open(), recorder, ContainerPath.Parse);
        recorder.Create(new Cgroup(1ul << 40, $"/docker/{TestCgroups.NewId()}", 0));
        recorder.Enter(7, 1ul << 40, 42);
        Assert.NotNull(Look(directory, 10));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Look(directory, 10_000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        const int Many = 1_000_000;
        var start = Stopwatch.GetTimestamp();
        Look(directory, Many);
        output.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalNanoseconds / Many / 4:0} ns a lookup.");
    }

    [Fact]
    public void Find_records_lost_reads_the_cgroups_again()
    {
        using var recorder = new FakeRecorder();
        using var directory = new ContainerDirectory([new FakeRuntime()], CgroupTree.Open(), recorder, ContainerPath.Parse);
        var id = TestCgroups.NewId();
        var (gone, found) = (new Cgroup(1ul << 40, $"/docker/{id}", 0), new Cgroup(2ul << 40, $"/docker/{TestCgroups.NewId()}", 0));
        recorder.Create(gone);
        Assert.NotNull(directory.Find(new ContainerKey(gone.Key, 0, 0)));
        // The time of the listing must differ.
        Thread.Sleep(30);
        recorder.Lose([found]);
        Wait.Until(() => directory.Running is [var container] && container.CgroupIds.SequenceEqual([found.Key]));
        Assert.Equal(id, directory.Find(new ContainerKey(gone.Key, 0, 0))?.Id);
    }

    [Fact]
    public void Container_of_a_user_with_the_id_of_roots_is_another_one()
    {
        using var recorder = new FakeRecorder();
        using var directory = new ContainerDirectory([new FakeRuntime()], CgroupTree.Open(), recorder, ContainerPath.Parse);
        var id = TestCgroups.NewId();
        recorder.Create(new Cgroup(1ul << 40, $"/docker/{id}", 0));
        recorder.Create(new Cgroup(2ul << 40, $"/user.slice/user-1000.slice/user@1000.service/docker-{id}.scope", 1000));
        Assert.Equal([(0u, id, 1ul << 40), (1000u, id, 2ul << 40)], directory.Running.Select(container => (container.Names.UserId, container.Names.Id, container.CgroupIds.Single())).Order());
    }

    [Fact]
    public void Container_that_creates_more_and_more_namespaces_keeps_the_first_and_the_latest_ones()
    {
        using var recorder = new FakeRecorder();
        using var directory = new ContainerDirectory([new FakeRuntime()], CgroupTree.Open(), recorder, ContainerPath.Parse);
        recorder.Create(new Cgroup(1ul << 40, $"/docker/{TestCgroups.NewId()}", 0));
        ulong[] inodes = [.. Enumerable.Range(1, KnownContainer.MostNamespaces + 100).Select(number => (ulong)number)];
        foreach (var inode in inodes[..KnownContainer.MostNamespaces])
        {
            recorder.Enter(inode, 1ul << 40, (int)inode);
        }

        Assert.Equal(inodes[..KnownContainer.MostNamespaces], Assert.Single(directory.Running).MountNamespaceIds);
        Assert.False(Assert.Single(directory.Running).HasMoreMountNamespaces);
        foreach (var inode in inodes[KnownContainer.MostNamespaces..])
        {
            recorder.Enter(inode, 1ul << 40, (int)inode);
        }

        var container = Assert.Single(directory.Running);
        Assert.Equal([inodes[0], .. inodes[^(KnownContainer.MostNamespaces - 1)..]], container.MountNamespaceIds);
        Assert.True(container.HasMoreMountNamespaces);
        // Names come from the recorder, which has all.
        Assert.All(inodes, inode => Assert.Equal(container.Names, directory.Find(new ContainerKey(0, inode, 0))));
    }

    [Fact]
    public void Container_that_its_runtime_claims_late_has_all_namespaces()
    {
        var runtime = new FakeRuntime { Name = "runc" };
        using var recorder = new FakeRecorder();
        using var directory = new ContainerDirectory([runtime], CgroupTree.Open(), recorder, ContainerPath.Parse);
        recorder.Create(new Cgroup(1ul << 40, "/own/web", 0));
        ulong[] inodes = [.. Enumerable.Range(1, 100).Select(number => (ulong)number)];
        Array.ForEach(inodes, inode => recorder.Enter(inode, 1ul << 40, (int)inode));
        Assert.Empty(directory.Running);
        runtime.Add("web", "web", cgroupPath: "/own/web");
        Wait.Until(() => directory.Running is [var container] && container.MountNamespaceIds.SequenceEqual(inodes));
    }

    [Fact]
    public void Refresh_takes_the_new_name_of_a_container_that_was_renamed()
    {
        var runtime = new FakeRuntime();
        using var recorder = new FakeRecorder();
        using var directory = new ContainerDirectory([runtime], CgroupTree.Open(), recorder, ContainerPath.Parse);
        var id = TestCgroups.NewId();
        runtime.Add(id, "before");
        recorder.Create(new Cgroup(1ul << 40, $"/docker/{id}", 0));
        string? Name() => directory.Find(new ContainerKey(1ul << 40, 0, 0))?.Container;
        Wait.Until(() => Name() == "before");
        string? changed = null;
        directory.Changed += change => changed = change.Container.Names.Container;
        runtime.Add(id, "after");
        directory.Index.Refresh(milliseconds: 0);
        Wait.Until(() => Name() == "after" && Volatile.Read(ref changed) == "after");
    }

    [Fact]
    public void Refresh_of_many_containers_asks_for_each_in_turn_and_spreads_the_requests()
    {
        KnownContainer[] containers = [.. Enumerable.Range(0, NameRequests.MostRefreshed + 100).Select(number => new KnownContainer($"{number}", "", 0)), new KnownContainer("own", "", 1000)];
        var first = NameRequests.Request.Refresh(containers, 60_000);
        Assert.Equal(NameRequests.MostRefreshed + 1, first.Count);
        Assert.Equal(Enumerable.Range(0, NameRequests.MostRefreshed).Select(number => (int?)(60_000 * number / NameRequests.MostRefreshed)), first.Where(request => request.UserId == 0).Select(request => request.Delay));
        Assert.Equal(containers.Length, first.Concat(NameRequests.Request.Refresh(containers, 60_000)).Select(request => request.Id).Distinct().Count());
    }

    private static ContainerNames? Look(ContainerDirectory directory, int times)
    {
        ContainerNames? names = null;
        for (var i = 0; i < times; i++)
        {
            names = directory.Find(new ContainerKey(1ul << 40, 0, 0)) ?? names;
            names = directory.Find(new ContainerKey(0, 7, 0)) ?? names;
            names = directory.Find(new ContainerKey(0, 0, 42)) ?? names;
            names = directory.Find(new ContainerKey(1, 0, 43)) ?? names;
        }

        return names;
    }
}
