using Bee.Containers.Cgroups;

namespace Bee.Containers.Tests;

public class CgroupHierarchyTests
{
    [Theory]
    [InlineData("")]
    // As in a container, which reaches the host's mounts through a process of the host.
    [InlineData("/proc/self/root")]
    public void Find_cgroup_by_its_key_returns_its_path(string host)
    {
        using var cgroups = new TestCgroups();
        var path = $"{cgroups.Root}/{TestCgroups.NewId()}";
        cgroups.Make(path);
        using var tree = CgroupTree.Open();
        foreach (var mounted in tree.Hierarchies)
        {
            using var hierarchy = CgroupHierarchy.Open(mounted.Number, mounted.Folder, "/", host)!;
            var cgroup = hierarchy.Walk().Single(cgroup => cgroup.Path == path);
            Assert.Equal(cgroup, hierarchy.Find(cgroup.Key));
            Assert.Equal(hierarchy.Number, CgroupHierarchy.NumberOf(cgroup.Key));
            Assert.Equal(cgroup.Key, hierarchy.KeyOfFolder(hierarchy.FolderOf(path)!));
            Assert.Null(hierarchy.Find(CgroupHierarchy.KeyOf(hierarchy.Number, 1ul << 40)));
            Assert.Null(hierarchy.FolderOf("/../elsewhere"));
        }
    }

    [Fact]
    public void OfProcess_returns_the_cgroups_of_the_followed_hierarchies()
    {
        using var cgroups = new TestCgroups();
        var path = $"{cgroups.Root}/{TestCgroups.NewId()}";
        cgroups.Make(path);
        var (process, _) = cgroups.Run(path, "echo here; read line");
        using var tree = CgroupTree.Open();
        Assert.Equal(tree.Hierarchies.Select(hierarchy => (hierarchy.Number, path)).Order(), tree.OfProcess(process.Id).Select(found => (found.Hierarchy.Number, found.Path)).Order());
        Assert.Empty(tree.OfProcess(int.MaxValue));
    }
}
