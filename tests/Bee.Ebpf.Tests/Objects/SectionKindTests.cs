using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Objects;

/// <summary>What the names of sections say, by the table of kinds.</summary>
public class SectionKindTests
{
    [Theory]
    [InlineData("kprobe/tcp_v4_connect+0x10", "kprobe", ProgramType.Kprobe, "tcp_v4_connect+0x10", false)]
    [InlineData("kprobe/", "kprobe", ProgramType.Kprobe, null, false)]
    [InlineData("raw_tp.w/nbd_send_request", "raw_tracepoint.w", ProgramType.RawTracepointWritable, "nbd_send_request", false)]
    [InlineData("tp/sched/sched_switch", "tracepoint", ProgramType.Tracepoint, "sched/sched_switch", false)]
    [InlineData("uprobe.multi.s//bin/sh:*", "uprobe.multi", ProgramType.Kprobe, "/bin/sh:*", true)]
    [InlineData("uprobe.session.s/a:b", "uprobe.session", ProgramType.Kprobe, "a:b", true)]
    [InlineData("fsession/f", "fsession", ProgramType.Tracing, "f", false)]
    [InlineData("struct_ops.s/init", "struct_ops", ProgramType.StructOps, "init", true)]
    [InlineData("syscall", "syscall", ProgramType.Syscall, null, true)]
    [InlineData("cgroup/getsockname_unix", "cgroup/getsockname_unix", ProgramType.CgroupSockAddr, null, false)]
    [InlineData("classifier", "tc", ProgramType.SchedCls, null, false)]
    [InlineData("classifier/egress/main", "tc/egress", ProgramType.SchedCls, null, false)]
    [InlineData("perf_event/cpu", "perf_event", ProgramType.PerfEvent, null, false)]
    [InlineData("socket12", "socket", ProgramType.SocketFilter, null, false)]
    [InlineData("xdp/eth0", "xdp", ProgramType.Xdp, null, false)]
    [InlineData("xdp/cpumap", "xdp/cpumap", ProgramType.Xdp, null, false)]
    [InlineData("xdp.frags/devmap", "xdp.frags/devmap", ProgramType.Xdp, null, false)]
    [InlineData("sk_skb/verdict", "sk_skb/verdict", ProgramType.SkSkb, null, false)]
    [InlineData("lwt_seg6local", "lwt_seg6local", ProgramType.LwtSeg6Local, null, false)]
    public void Section_name_names_kind_type_target_and_sleep(string section, string kind, ProgramType type, string? target, bool sleeps)
    {
        var found = SectionKind.Of(section);

        Assert.Equal((kind, type, target, sleeps), (found.Kind.Name, found.Kind.Type, found.AttachTo, found.IsSleepable));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData(".s")]
    [InlineData("nothing/known")]
    [InlineData("kprobe.s/f")]
    [InlineData("lsm_cgroup.s/f")]
    [InlineData("xdp/a/b")]
    [InlineData("xdp.frags/eth0")]
    [InlineData("xdp.s")]
    [InlineData("tc/")]
    [InlineData("perf_event/a/b")]
    [InlineData("cgroup/bind_unix")]
    [InlineData("cgroup/connect")]
    [InlineData("socketx")]
    public void Section_name_without_meaning_is_unknown(string section)
    {
        Assert.Same(ProgramKinds.Unknown, SectionKind.Of(section).Kind);
        Assert.Equal((null, false), (SectionKind.Of(section).AttachTo, SectionKind.Of(section).IsSleepable));
    }

    [Fact]
    public void Every_kind_that_bee_attaches_is_read_from_its_section() =>
        Assert.All(ProgramKinds.All, kind => Assert.Same(kind, SectionKind.Of(kind.Section).Kind));
}
