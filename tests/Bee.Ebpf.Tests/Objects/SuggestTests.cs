using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Objects;

public class SuggestTests
{
    private static readonly string[] s_names = ["tcp_v4_connect", "tcp_v6_connect", "tcp_connect", "udp_sendmsg", "do_unlinkat", "target_pid"];

    [Theory]
    [InlineData("tcp_v4_conect", "tcp_v4_connect")]
    [InlineData("do_unlink", "do_unlinkat")]
    [InlineData("tagret_pid", "target_pid")]
    [InlineData("TARGET_PID", "target_pid")]
    [InlineData("sendmsg", "udp_sendmsg")]
    public void Finds_the_nearest(string name, string expected) => Assert.Equal(expected, Suggest.Nearest(name, s_names, 3)[0]);

    [Fact]
    public void Says_nothing_when_nothing_is_near()
    {
        Assert.Empty(Suggest.Nearest("zzzzzz", s_names, 3));
        Assert.Empty(Suggest.Nearest("", s_names, 3));
        Assert.Empty(Suggest.Nearest("tcp", s_names, 0));
        Assert.Equal(2, Suggest.Nearest("tcp_v5_connect", s_names, 2).Count);
    }
}
