using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public sealed class CgroupTests
{
    private static readonly ProgramKind[] s_kinds = [.. ProgramKinds.All.Where(k => k.Target == AttachTarget.Cgroup)];

    // A process, alone in its network namespace and control group, that triggers each kind of program.
    private const string Deeds = """
        use Socket qw(:all);
        my ($any4, $any6) = (INADDR_LOOPBACK, inet_pton(AF_INET6, '::1'));
        sub inet { my ($family, $to, $name) = @_;
            socket(my $r, $family, SOCK_DGRAM, 0) or die "socket: $!"; bind($r, $name->(4242, $to)) or die "bind: $!";
            socket(my $s, $family, SOCK_DGRAM, 0); send($s, 'x', 0, $name->(4242, $to)) or die "send: $!"; recv($r, my $b, 9, 0);
            connect($s, $name->(4242, $to)) or die "connect: $!"; getpeername($s); getsockname($s); }
        inet(AF_INET, $any4, sub { pack_sockaddr_in(@_) }); inet(AF_INET6, $any6, sub { pack_sockaddr_in6(@_) });
        my $path = "\0bee-test-$$";
        socket(my $u, AF_UNIX, SOCK_DGRAM, 0); bind($u, sockaddr_un($path)) or die "bind unix: $!";
        socket(my $v, AF_UNIX, SOCK_DGRAM, 0); send($v, 'x', 0, sockaddr_un($path)) or die "send unix: $!"; recv($u, my $b, 9, 0);
        connect($v, sockaddr_un($path)) or die "connect unix: $!"; getpeername($v); getsockname($u);
        socket(my $l, AF_INET, SOCK_STREAM, 0); setsockopt($l, SOL_SOCKET, SO_REUSEADDR, 1); getsockopt($l, SOL_SOCKET, SO_REUSEADDR);
        bind($l, pack_sockaddr_in(4243, $any4)); listen($l, 1); socket(my $c, AF_INET, SOCK_STREAM, 0); connect($c, pack_sockaddr_in(4243, $any4)) or die "tcp: $!";
        open(my $n, '<', '/dev/null') or die "device: $!"; open(my $o, '<', '/proc/sys/kernel/ostype') or die "sysctl: $!"; my $line = <$o>;
        """;

    [NetworkFact]
    public void Each_cgroup_kind_sees_its_operation()
    {
        using var world = new NetworkWorld();
        using var group = new OwnCgroup();
        var file = Counting.Object([.. s_kinds.Select((k, i) => (k.Section, "void", $"seen({i}); return 1;"))]);
        Counting.Run(file, new BpfSessionOptions { Cgroup = group.Name }, session =>
        {
            world.Run("true");
            Assert.All(session.Counts(), c => Assert.Equal(0ul, c));

            world.Run(group.Inside("perl", "-e", Deeds));
            var counts = session.Counts();
            var idle = s_kinds.Where((_, i) => counts[i] == 0).Select(k => k.Name);
            Assert.Empty(idle);
            Assert.All(session.Programs, p => Assert.Single(p.LinkIds));
        });
    }

    [NetworkFact]
    public void A_cgroup_program_can_deny_an_operation()
    {
        using var world = new NetworkWorld();
        using var group = new OwnCgroup();
        Counting.Run(Counting.Object(("cgroup/connect4", "void", "return 0;")), new BpfSessionOptions { Cgroup = group.Path }, _ =>
            Assert.Contains("connect: Operation not permitted", Assert.Throws<InvalidOperationException>(() => world.Run(group.Inside("perl", "-e", Deeds))).Message));
        world.Run(group.Inside("perl", "-e", Deeds));
    }

    [NetworkFact]
    public void A_group_is_found_by_path_process_and_container()
    {
        using var group = new OwnCgroup();
        var id = Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N");
        var container = Path.Combine(group.Path, $"docker-{id}.scope");
        Directory.CreateDirectory(container);
        var start = new System.Diagnostics.ProcessStartInfo("sh", group.Inside("sleep", "60")[1..]);
        using var sleeper = System.Diagnostics.Process.Start(start)!;
        try
        {
            Wait.Until(() => File.ReadAllText(group.Path + "/cgroup.procs").Contains($"{sleeper.Id}\n"));

            Assert.Equal(group.Path, CgroupTargets.Find(group.Name));
            Assert.Equal(group.Path, CgroupTargets.Find("/" + group.Name));
            Assert.Equal(group.Path, CgroupTargets.Find(group.Path));
            Assert.Equal(group.Path, CgroupTargets.Find($"{sleeper.Id}"));
            Assert.Equal(container, CgroupTargets.Find(id));
            Assert.Equal(container, CgroupTargets.Find(id[..12]));
            Assert.Contains($"{group.Name}/docker-{id}.scope", CgroupTargets.Below(group.Name + "/"));
        }
        finally
        {
            sleeper.Kill();
            sleeper.WaitForExit();
            Wait.UntilRemoved(container);
        }
    }

    [NetworkFact]
    public void A_missing_group_is_reported_with_close_names()
    {
        using var group = new OwnCgroup();
        var e = Assert.Throws<BpfLoadException>(() => BpfSession.Load(Counting.Object(("sockops", "void", "return 1;")), new BpfSessionOptions { Cgroup = group.Name + "x" }));

        Assert.Equal(LoadFault.NoTarget, e.Fault);
        Assert.Contains(group.Name, e.Suggestions);
    }

    [Theory]
    [InlineData("/etc")]
    [InlineData("/proc/self")]
    public void A_folder_that_is_not_a_group_is_rejected(string path) => Assert.Contains("is not a control group", Assert.Throws<BpfLoadException>(() => CgroupTargets.Find(path)).Message);

    [Fact]
    public void A_group_of_version_1_is_rejected()
    {
        var old = File.ReadLines("/proc/self/mountinfo").FirstOrDefault(l => l.Contains(" - cgroup ", StringComparison.Ordinal))?.Split(' ')[4];
        if (old is not null)
        {
            Assert.Contains("version 1", Assert.Throws<BpfLoadException>(() => CgroupTargets.Find(old)).Message);
        }
    }

    [NetworkFact]
    public void Attach_without_a_control_group_reports_what_to_name()
    {
        using var session = BpfSession.Load(Counting.Object(("cgroup/dev", "void", "return 1;")));
        var e = Assert.Throws<BpfLoadException>(session.Attach);

        Assert.Equal(LoadFault.NoPlace, e.Fault);
        Assert.Contains("a container's id", e.Remedy);
    }

    [Fact]
    public void An_exited_process_has_no_group() => Assert.Contains("no process", Assert.Throws<BpfLoadException>(() => CgroupTargets.Find($"{int.MaxValue}")).Message);
}
