using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public class AttachFailureTests
{
    [KernelFact]
    public void A_missing_tracepoint_gets_the_nearest_names() => NamesNear("tracepoint/syscalls/sys_enter_opennat", "syscalls/sys_enter_openat");

    [KernelFact]
    public void A_missing_raw_tracepoint_gets_the_nearest_names() => NamesNear("raw_tp/sched_swich", "sched_switch");

    [KernelFact]
    public void A_missing_typed_tracepoint_gets_the_nearest_names() => NamesNear("tp_btf/sched_swich", "sched_switch");

    [KernelFact]
    public void A_missing_function_gets_the_nearest_names() => NamesNear("fentry/do_unlinkatt", "do_unlinkat");

    [KernelFact]
    public void A_missing_hook_gets_the_nearest_names() => NamesNear("lsm/task_getpgit", "task_getpgid");

    [KernelFact]
    public void A_missing_library_function_gets_the_nearest_names() => NamesNear("uprobe/libc.so.6:getpgidd", "getpgid");

    [KernelFact]
    public void A_missing_binary_is_named()
    {
        var e = Fails("uprobe//usr/bin/no-such-binary-here:main");

        Assert.Equal(LoadFault.NoTarget, e.Fault);
        Assert.Contains("/usr/bin/no-such-binary-here", e.Message);
    }

    [KernelFact]
    public void A_missing_library_gets_the_nearest_names() => NamesNear("uprobe/libcc.so.6:getpgid", "libc.so.6");

    [KernelFact]
    public void A_tracepoint_without_a_category_gets_its_whole_name() => NamesNear("tracepoint/sys_enter_getpgid", "syscalls/sys_enter_getpgid");

    [KernelFact]
    public void A_uprobe_without_a_target_says_what_to_write()
    {
        var e = Fails("uprobe");

        Assert.Equal(LoadFault.NoTarget, e.Fault);
        Assert.Contains("SEC(\"uprobe//", e.Remedy);
    }

    [KernelFact]
    public void A_tracepoint_without_a_target_says_what_to_write()
    {
        var e = Fails("tracepoint");

        Assert.Equal(LoadFault.NoTarget, e.Fault);
        Assert.Contains("SEC(\"tracepoint/", e.Remedy);
    }

    [KernelFact]
    public void Kprobes_are_unsupported_on_a_kernel_without_them()
    {
        if (Directory.Exists("/sys/bus/event_source/devices/kprobe"))
        {
            NamesNear("kprobe/do_unlinkatt", "do_unlinkat");
            return;
        }

        var e = Fails("kprobe/do_unlinkat");
        Assert.Equal(LoadFault.Unsupported, e.Fault);
        Assert.Contains("CONFIG_KPROBES", e.Message);
    }

    [KernelFact]
    public void Without_tracefs_the_remedy_is_the_mount()
    {
        var file = Fixture.Object("calls");
        var e = OtherWorlds.WithoutTracefs(() => Assert.Throws<BpfLoadException>(() =>
        {
            using var session = Calls.Load(file);
            session.Attach();
        }));

        Assert.Equal(LoadFault.NoTracefs, e.Fault);
        Assert.Contains("mount -t tracefs", e.Remedy);
    }

    [KernelFact]
    public void Attach_for_an_exited_process_reports_the_process()
    {
        var e = Assert.Throws<BpfLoadException>(() => BpfSession.Load(Fixture.Object("samples"), new BpfSessionOptions { ProcessId = int.MaxValue }));

        Assert.Equal(LoadFault.NoProcess, e.Fault);
    }

    [KernelFact]
    public void Attach_of_an_attached_program_is_reported_as_busy()
    {
        using var session = Calls.Load(Fixture.Compile("twice", "#include \"fixture.h\"\nSEC(\"tracepoint/syscalls/sys_enter_getpgid\") int first(void *context) { return 0; }"));
        using var link = session.Program("first").Attach();

        var e = Assert.Throws<BpfLoadException>(() => session.Program("first").Attach());

        Assert.Equal(LoadFault.Busy, e.Fault);
        Assert.Contains("already attached", e.Message);
        Assert.Contains("Dispose", e.Remedy);
        Assert.True(link.IsAttached);
    }

    [KernelFact]
    public void A_sample_rate_that_is_too_high_reports_the_limit()
    {
        using var session = BpfSession.Load(Fixture.Object("samples"), new BpfSessionOptions { ProcessId = Environment.ProcessId, SampleFrequency = 10_000_000 });
        var e = Assert.Throws<BpfLoadException>(session.Attach);

        Assert.Contains("perf_event_max_sample_rate", e.Remedy);
    }

    [KernelFact]
    public void Attach_detaches_the_other_programs_if_one_fails()
    {
        var file = Fixture.Compile("half", """
            #include "fixture.h"
            SEC("raw_tp/sys_enter") int first(void *context) { return 0; }
            SEC("tracepoint/syscalls/sys_enter_not_there") int second(void *context) { return 0; }
            """);
        using var session = BpfSession.Load(file);

        Assert.Equal("second", Assert.Throws<BpfLoadException>(session.Attach).Program);
        Assert.Empty(session.Program("first").LinkIds);
        using var link = session.Program("first").Attach();
        Assert.True(link.IsAttached);
    }

    private static void NamesNear(string section, string expected)
    {
        var e = Fails(section);

        Assert.Equal(LoadFault.NoTarget, e.Fault);
        Assert.Contains(expected, e.Suggestions);
        Assert.Contains(expected, e.Remedy);
    }

    private static BpfLoadException Fails(string section)
    {
        var file = Fixture.Compile("attaching", $"#include \"fixture.h\"\nSEC(\"{section}\") int program_of_the_test(void *context) {{ return 0; }}");
        return Assert.Throws<BpfLoadException>(() =>
        {
            using var session = BpfSession.Load(file, new BpfSessionOptions { ProcessId = Environment.ProcessId });
            session.Attach();
        });
    }
}
