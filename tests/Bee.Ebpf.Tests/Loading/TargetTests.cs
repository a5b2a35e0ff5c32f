using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Targets in the options instead of the sections, and targets that match several.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class TargetTests
{
    private const string Count = "if (TARGETED) seen(0); return 0;";

    [KernelTheory]
    [InlineData("tracepoint/syscalls/sys_enter_getpgid,syscalls/sys_exit_getpgid", 2)]
    [InlineData("tracepoint/syscalls/sys_*_getpgid", 2)]
    [InlineData("tracepoint/syscalls:sys_enter_getpgi?", 1)]
    public void A_pattern_attaches_to_each_matching_tracepoint(string section, int links) => Counting.RunOwn(Counting.Object((section, "void", Count)), session =>
    {
        Calls.GetProcessGroup(-1);
        Assert.Equal((ulong)links, session.Counts()[0]);
        Assert.Equal(links, session.Programs[0].LinkIds.Count);
    });

    [KernelTheory]
    [InlineData("tracepoint", "syscalls/sys_enter_getpgid")]
    [InlineData("tracepoint/syscalls/sys_enter_getsid", "syscalls/sys_enter_getpgid")]
    [InlineData("uprobe", "libc.so.6:getpgid")]
    [InlineData("uprobe/libc.so.6:getsid", "libc.so.6:getpgid")]
    [InlineData("uprobe.multi", "libc.so.6:getpgi*")]
    [InlineData("raw_tp/sys_exit", "sys_enter")]
    [InlineData("tp_btf/sys_exit", "sys_enter")]
    public void AttachTo_overrides_the_target_of_the_section(string section, string target)
    {
        var file = Counting.Object((section, "void", Count));
        var options = new BpfSessionOptions
        {
            Parameters = Calls.Own(file).Parameters,
            ProcessId = Environment.ProcessId,
            AttachTo = new Dictionary<string, string> { ["p0"] = target },
        };
        Counting.Run(file, options, session =>
        {
            Calls.GetProcessGroup(-1);
            Assert.True(session.Counts()[0] >= 1);
            Assert.Equal(target, session.Programs[0].Description.AttachTo);
        });
    }

    [KernelFact]
    public void AttachTo_selects_another_kind_of_object_for_an_iterator()
    {
        var options = new BpfSessionOptions { AttachTo = new Dictionary<string, string> { ["p0"] = "bpf_map" } };
        var file = Counting.Object(("iter/task", "void", "seen(0); return 0;"));
        using var session = BpfSession.Load(file, options);
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => false });
        session.Attach();
        reader.Run(new CollectingSink(), CancellationToken.None);
        Assert.True(session.Counts()[0] > 0);
    }

    [KernelTheory]
    [InlineData("tp_btf/sys_exit", "sched_swich", "sched_switch")]
    [InlineData("raw_tp/sys_exit", "sched_swich", "sched_switch")]
    [InlineData("tracepoint/syscalls/sys_enter_getsid", "syscalls/sys_enter_opennat", "syscalls/sys_enter_openat")]
    [InlineData("tracepoint/syscalls/sys_enter_getsid", "syscalls/sys_enter_opennat*", "syscalls/sys_enter_openat")]
    public void AttachTo_with_an_unknown_target_suggests_close_names(string section, string target, string near)
    {
        var options = new BpfSessionOptions { AttachTo = new Dictionary<string, string> { ["p0"] = target } };
        var e = Assert.Throws<BpfLoadException>(() =>
        {
            using var session = BpfSession.Load(Counting.Object((section, "void", "return 0;")), options);
            session.Attach();
        });

        Assert.Equal(LoadFault.NoTarget, e.Fault);
        Assert.Contains($"'{target}'", e.Message);
        Assert.Contains(near, e.Suggestions);
    }

    [KernelFact]
    public void AttachTo_with_an_unknown_program_throws()
    {
        var options = new BpfSessionOptions { AttachTo = new Dictionary<string, string> { ["p1"] = "sys_enter" } };
        var e = Assert.Throws<BpfLoadException>(() => BpfSession.Load(Counting.Object(("raw_tp/sys_exit", "void", "return 0;")), options));

        Assert.Equal(LoadFault.BadParameter, e.Fault);
        Assert.Contains("p0", e.Remedy);
    }

    [KernelFact]
    public void A_program_bound_at_load_accepts_only_one_target()
    {
        var options = new BpfSessionOptions { AttachTo = new Dictionary<string, string> { ["p0"] = "sys_enter,sys_exit" } };

        Assert.Contains("takes one target", Assert.Throws<BpfLoadException>(() => BpfSession.Load(Counting.Object(("tp_btf/sys_exit", "void", "return 0;")), options)).Message);
    }

    [KernelTheory]
    [InlineData("kprobe/tcp_v4_conn*")]
    [InlineData("kprobe.multi/tcp_v4_conn*")]
    [InlineData("kretprobe/do_unlinkat")]
    [InlineData("ksyscall/getpgid")]
    public void Kprobes_run_or_the_failure_is_explained(string section)
    {
        try
        {
            Counting.RunOwn(Counting.Object((section, "void", "return 0;")), session => Assert.NotEmpty(session.Programs[0].LinkIds));
        }
        catch (BpfLoadException e)
        {
            Assert.Equal(LoadFault.Unsupported, e.Fault);
            Assert.Contains("kprobes", e.Message);
            Assert.NotNull(e.Remedy);
        }
    }
}
