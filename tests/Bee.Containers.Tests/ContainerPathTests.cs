using Bee.Containers.Cgroups;

namespace Bee.Containers.Tests;

public class ContainerPathTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/system.slice/ssh.service")]
    [InlineData("/user.slice/user-1000.slice/session-3.scope")]
    public void Parse_cgroup_of_the_host_returns_null(string path) => Assert.Null(ContainerPath.Parse(path));
}
