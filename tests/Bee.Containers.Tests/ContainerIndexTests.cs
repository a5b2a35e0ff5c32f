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
