using Bee.Containers.Runtimes;
using Bee.Isolated;

namespace Bee.Containers.Tests;

/// <summary>containerd's API, without a containerd.</summary>
public sealed class ContainerdRuntimeTests : IDisposable
{
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly ContainerdRuntime _runtime = new(new RuntimeSocket("/absent/containerd.sock", 0));

    public void Dispose() => _runtime.Dispose();

    // The labels and annotations are those that nerdctl writes (pkg/labels and pkg/cmd/container of its repository).
    [Fact]
    public void Container_of_nerdctl_has_its_name_and_image()
    {
        const string Specification = """{"annotations":{"nerdctl/name":"db","nerdctl/namespace":"default","io.kubernetes.cri.sandbox-name":"other"},"linux":{"cgroupsPath":"system.slice:nerdctl:0123"}}""";
        byte[] container = Container(Id, "docker.io/library/postgres:16", Specification, ("com.docker.compose.service", "database"), ("nerdctl/name", "db"), ("nerdctl/namespace", "default"));
        Assert.Equal(new ContainerRecord { Id = Id, Name = "db", Image = "docker.io/library/postgres:16" }, _runtime.Read("default", container));

        // nerdctl rename changes the label alone.
        Assert.Equal("main", _runtime.Read("default", Container(Id, "postgres", Specification, ("nerdctl/name", "main")))?.Name);
        Assert.Equal("db", _runtime.Read("default", Container(Id, "postgres", Specification))?.Name);
    }

    [Fact]
    public void Label_of_an_image_is_not_the_name_of_a_container_of_ctr()
    {
        byte[] container = Container("web", "docker.io/library/nginx:1", """{"linux":{"cgroupsPath":"/default/web"}}""", ("nerdctl/name", "other"), ("io.kubernetes.pod.name", "other"));
        Assert.Equal(new ContainerRecord { Id = "web", Name = "web", Image = "docker.io/library/nginx:1", CgroupPath = "/default/web" }, _runtime.Read("default", container));
        Assert.Equal(new ContainerRecord { Id = "bare", Name = "bare" }, _runtime.Read("default", Container("bare", "", "")));
    }

    [Fact]
    public void Container_of_CRI_has_the_pod_and_the_image_that_the_pod_names()
    {
        const string Specification = """{"annotations":{"io.kubernetes.cri.container-name":"app","io.kubernetes.cri.container-type":"container","io.kubernetes.cri.image-name":"nginx:1","io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"shop"}}""";
        byte[] container = Container(Id, "sha256:1", Specification, ("io.kubernetes.pod.name", "other"));
        Assert.Equal(new ContainerRecord { Id = Id, Name = "app", Image = "nginx:1", Pod = "web-0", Namespace = "shop" }, _runtime.Read("k8s.io", container));
    }

    [Fact]
    public void Records_of_a_chosen_id_are_the_same_container_only_with_the_same_process_or_cgroup()
    {
        var web = new ContainerRecord { Id = "web" };
        Assert.False(web.IsSameAs(web));
        Assert.True((web with { ProcessId = 7 }).IsSameAs(web with { ProcessId = 7, CgroupPath = "/default/web" }));
        Assert.True((web with { CgroupPath = "/default/web" }).IsSameAs(web with { ProcessId = 7, CgroupPath = "/default/web" }));
        Assert.False((web with { CgroupPath = "/web" }).IsSameAs(web with { CgroupPath = "/default/web" }));
        Assert.False((web with { ProcessId = 7 }).IsSameAs(web with { ProcessId = 8 }));
        Assert.True((web with { Id = Id }).IsSameAs(web with { Id = Id, ProcessId = 7 }));
    }

    [Fact]
    public void Messages_that_are_cut_or_garbage_have_no_fields()
    {
        byte[] container = Container("web", "nginx", "{}", ("nerdctl/name", "other"));
        for (int length = 0; length < container.Length; length++)
        {
            Assert.True(_runtime.Read("default", container[..length]) is null or { Id: "web" });
        }

        var random = new Random(1);
        byte[] noise = new byte[200];
        for (int i = 0; i < 2000; i++)
        {
            random.NextBytes(noise);
            noise[0] = 0x0a;
            _ = _runtime.Read("default", noise);
        }

        Assert.Equal((7ul, 0ul, 0ul), (Protobuf.Number([0x18, 7], 3), Protobuf.Number([0x18, 7, 0xff], 3), Protobuf.Number([0x1a, 0], 3)));
    }

    private static byte[] Container(string id, string image, string specification, params (string Name, string Value)[] labels) =>
    [
        .. Protobuf.Field(1, id),
        .. labels.SelectMany(label => Protobuf.Field(2, (byte[])[.. Protobuf.Field(1, label.Name), .. Protobuf.Field(2, label.Value)])),
        .. Protobuf.Field(3, image),
        .. Protobuf.Field(5, (byte[])[.. Protobuf.Field(1, "types.containerd.io/opencontainers/runtime-spec/1/Spec"), .. Protobuf.Field(2, specification)]),
    ];
}
