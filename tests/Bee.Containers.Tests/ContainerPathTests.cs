using Bee.Containers.Cgroups;

namespace Bee.Containers.Tests;

public class ContainerPathTests
{
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", Other = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

    [Theory]
    [MemberData(nameof(RecordedPaths.Containers), MemberType = typeof(RecordedPaths))]
    public void Parse_recorded_path_returns_the_container(string path, string runtime, string id, uint user, string source)
    {
        var found = ContainerPath.Parse(path);
        Assert.True(found is not null, source);
        Assert.Equal((id, runtime, user), (found.Id, found.Runtime, found.UserId));
        Assert.Contains(id.Split('-')[0], path[..found.Length], StringComparison.Ordinal);
        Assert.True(found.Length == path.Length || path[found.Length] == '/');
    }

    [Theory]
    [MemberData(nameof(RecordedPaths.Hosts), MemberType = typeof(RecordedPaths))]
    public void Parse_recorded_path_of_the_host_returns_null(string path, string source) => Assert.True(ContainerPath.Parse(path) is null, $"{path} ({source})");

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("//")]
    [InlineData("/..")]
    [InlineData("/../..")]
    [InlineData("/docker")]
    [InlineData("/docker/")]
    [InlineData("/docker-.scope")]
    [InlineData("/kubepods.slice:cri-containerd:")]
    [InlineData("/:" + Id)]
    [InlineData("/default")]
    [InlineData("/elsewhere/default/web")]
    [InlineData("/docker/0123456789abcdef")]
    [InlineData("/docker/" + Id + "0")]
    [InlineData("/docker/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("/system.slice/" + Id + ".service")]
    [InlineData("/system.slice/" + Id + "-0123456789abcdef.service")]
    [InlineData("/system.slice/" + Id + ".scope")]
    [InlineData("/system.slice/docker-" + Id + ".mount")]
    [InlineData("/system.slice/run-r0123456789abcdef0123456789abcdef.scope")]
    [InlineData("/user.slice/machine-web.scope")]
    public void Parse_name_that_only_looks_like_an_id_returns_null(string path) => Assert.Null(ContainerPath.Parse(path));

    [Fact]
    public void Parse_name_longer_than_a_cgroup_can_have_returns_null() => Assert.Null(ContainerPath.Parse("/default/" + new string('a', 256)));

    [Theory]
    [InlineData("/docker/" + Id + "/docker/" + Other)]
    [InlineData("/docker/" + Id + "/crio-conmon-" + Other + ".scope")]
    [InlineData("/docker/" + Id + "/user@1000.service/docker-" + Other + ".scope")]
    [InlineData("/docker/" + Id + "/libpod_parent/libpod-" + Other)]
    [InlineData("/docker/" + Id + "/machine.slice/machine-web.scope/supervisor")]
    public void Parse_container_that_names_its_own_cgroup_as_another_returns_the_outermost(string path) =>
        Assert.Equal(new ContainerPath(Id, "docker", 0, 8 + Id.Length), ContainerPath.Parse(path));

    [Theory]
    [InlineData("/user.slice/user-1000.slice/user@1000.service/docker-" + Id + ".scope", 1000)]
    [InlineData("/user.slice/user-1000.slice/user@1000.service/user@0.service/docker-" + Id + ".scope", 1000)]
    [InlineData("/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service/docker/" + Id, 1000)]
    [InlineData("/user.slice/user-0.slice/user@0.service/docker-" + Id + ".scope", 0)]
    [InlineData("/user.slice/user@4294967296.service/docker-" + Id + ".scope", ContainerPath.UnknownUser)]
    [InlineData("/user.slice/user@-1.service/docker-" + Id + ".scope", ContainerPath.UnknownUser)]
    [InlineData("/user.slice/user@ 0.service/docker-" + Id + ".scope", ContainerPath.UnknownUser)]
    public void Parse_container_below_a_user_manager_belongs_to_the_outermost_user(string path, uint user)
    {
        ContainerPath found = Assert.IsType<ContainerPath>(ContainerPath.Parse(path));
        Assert.Equal((Id, user), (found.Id, found.UserId));
    }

    [Theory]
    [InlineData(@"/machine.slice/machine-my\x2dweb.scope", 38)]
    [InlineData(@"/machine.slice/machine-my\x2dweb.scope/payload/system.slice/ssh.service", 46)]
    [InlineData("/machine.slice/systemd-nspawn@my-web.service/payload", 52)]
    [InlineData("/machine.slice/systemd-nspawn@my-web.service/system.slice", 44)]
    public void Parse_machine_returns_the_unescaped_name_and_the_end_of_the_payload(string path, int length) =>
        Assert.Equal(new ContainerPath("my-web", "machine", 0, length), ContainerPath.Parse(path));

    [Theory]
    [InlineData(@"/machine.slice/machine-a\x.scope", @"a\x")]
    [InlineData(@"/machine.slice/machine-a\xzz.scope", @"a\xzz")]
    [InlineData(@"/machine.slice/machine-a\xff.scope", @"a\xff")]
    public void Parse_machine_with_a_bad_escape_keeps_the_text(string path, string id) => Assert.Equal(id, ContainerPath.Parse(path)?.Id);

    [Theory]
    [InlineData("/docker/" + Id + " (deleted)")]
    [InlineData("/../../docker/" + Id)]
    public void Parse_path_with_additions_of_the_kernel_returns_the_container(string path) => Assert.Equal(Id, ContainerPath.Parse(path)?.Id);

    [Theory]
    [MemberData(nameof(RecordedPaths.Processes), MemberType = typeof(RecordedPaths))]
    public void ParseProcess_recorded_file_returns_the_container(string text, string? id, string source)
    {
        Assert.Equal((id, source), (ContainerPath.ParseProcess(text)?.Id, source));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("garbage")]
    [InlineData("0:")]
    [InlineData("::")]
    public void ParseProcess_garbage_returns_null(string text) => Assert.Null(ContainerPath.ParseProcess(text));
}
