using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Ebpf.Tests.Loading;
using Xunit.Abstractions;

namespace Bee.Ebpf.Tests.Compatibility;

/// <summary>The checks before loading match the kernel's verdict, for programs that need features that the kernel lacks.</summary>
[Collection(KernelFactAttribute.Collection)]
public class VerdictTests(ITestOutputHelper output)
{
    private const string Head = """
        #include "fixture.h"
        #define PRESERVE __attribute__((preserve_access_index))
        struct task_struct { int pid; int no_such_member; } PRESERVE;
        struct task_struct___old { int long_gone; } PRESERVE;
        struct no_such_struct { int x; } PRESERVE;
        enum bpf_func_id___bee { BPF_FUNC_no_such_helper___bee = 9999 };
        static long (*no_such_helper)(void) = (void *)9999;
        const volatile int wants = 0;
        const volatile char deep = 1;
        int found;
        #define HAS(access) __builtin_preserve_field_info(access, 2)
        #define TASK ((struct task_struct *)bpf_get_current_task())
        #define READ(p, member) ({ int v = 0; bpf_probe_read_kernel(&v, sizeof(v), __builtin_preserve_access_index(&(p)->member)); v; })

        """;

    // Reading a kernel's types and names is the slowest part.
    private static readonly TargetKernel s_kernel = TargetKernel.Running();

    /// <summary>Sources, the expected finding and its check, and the parameter that makes it worse, if any.</summary>
    public static TheoryData<string, string, CheckState, string?> Programs => new()
    {
        { "found = READ(TASK, pid);", "Relocations", CheckState.Ok, null },
        { "found = READ(TASK, no_such_member);", "Relocations", CheckState.Failed, null },
        { "found = READ((struct no_such_struct *)TASK, x);", "Relocations", CheckState.Failed, null },
        { "if (HAS(TASK->no_such_member)) found = READ(TASK, no_such_member);", "Relocations", CheckState.Ok, null },
        { "struct task_struct___old *t = (void *)TASK; if (HAS(t->long_gone)) found = READ(t, long_gone); else found = READ(TASK, pid);", "Relocations", CheckState.Ok, null },
        { "if (!HAS(TASK->no_such_member)) found = READ(TASK, no_such_member);", "Relocations", CheckState.Failed, null },
        { "int kind = 0; if (HAS(TASK->no_such_member)) kind = 2; if (ctx) found = 1; if (kind == 2) found = READ(TASK, no_such_member);", "Relocations", CheckState.Ok, null },
        { "if (wants) found = READ(TASK, no_such_member);", "Relocations", CheckState.Warning, "wants" },
        { "if (deep != 1 && HAS(TASK->pid)) found = READ(TASK, no_such_member);", "Relocations", CheckState.Warning, "deep" },
        { "if (found) found = READ(TASK, no_such_member);", "Relocations", CheckState.Failed, null },
        { "found = bpf_get_smp_processor_id();", "Helpers", CheckState.Ok, null },
        { "found = no_such_helper();", "Helpers", CheckState.Failed, null },
        { "if (__builtin_preserve_enum_value(*(enum bpf_func_id___bee *)BPF_FUNC_no_such_helper___bee, 0)) found = no_such_helper();", "Helpers", CheckState.Ok, null },
        { "if (wants == 7) found = no_such_helper();", "Helpers", CheckState.Warning, null },
    };

    [KernelTheory]
    [MemberData(nameof(Programs))]
    public void The_kernel_agrees(string body, string check, CheckState expected, string? parameter)
    {
        var file = Compile(body);
        var findings = Findings(file);
        var worst = findings.Where(f => f.Name == check).Max(f => f.State);
        Assert.Equal(expected, worst);
        Assert.Equal(worst, findings.Max(f => f.State));
        Assert.Equal(expected != CheckState.Failed, Loads(file, null));
        if (parameter is not null)
        {
            Assert.False(Loads(file, parameter));
        }
    }

    // The check uses the values that Load would use: the default in the metadata, not the value in the file.
    [KernelTheory]
    [InlineData("if (wants) found = READ(TASK, no_such_member);", "wants", "1", CheckState.Failed)]
    [InlineData("if (deep == 1) found = READ(TASK, no_such_member);", "deep", "2", CheckState.Warning)]
    [InlineData("if (wants) found = READ(TASK, no_such_member);", "wants", "many", CheckState.Warning)]
    public void Default_of_the_author_counts_as_when_the_object_is_loaded(string body, string parameter, string value, CheckState expected)
    {
        var file = Compile(body).WithMetadata(new ObjectMetadata { Parameters = new Dictionary<string, ParameterMetadata> { [parameter] = new() { Default = value } } });

        Assert.Equal(expected, Findings(file).Where(f => f.Name == "Relocations").Max(f => f.State));
        if (value == "many")
        {
            Assert.Throws<BpfParameterException>(() => Loads(file, null));
        }
        else
        {
            Assert.Equal(expected != CheckState.Failed, Loads(file, null));
        }
    }

    [KernelFact]
    public void Functions_and_variables_of_the_kernel()
    {
        var file = Compile("found = ran;", """
            #define __bee_weak __attribute__((weak, section(".ksyms")))
            #define __bee_strong __attribute__((section(".ksyms")))
            extern int no_such_function(int a) __bee_weak;
            extern const int runqueues_of_nobody __bee_weak;
            extern const void jiffies_of_nobody __bee_weak;
            extern const void init_task __bee_strong;
            static int ran;

            SEC("syscall") int other(void *ctx)
            {
                if (no_such_function) found = no_such_function(1);
                found += (long)&init_task != 0 && &runqueues_of_nobody && &jiffies_of_nobody;
                return 0;
            }
            """);
        var findings = Findings(file);
        Assert.Contains(findings, f => f is { Name: "KernelFunctions", Target: "no_such_function", State: CheckState.Ok });
        Assert.Contains(findings, f => f is { Name: "KernelVariables", Target: "runqueues_of_nobody", State: CheckState.Ok });
        Assert.Contains(findings, f => f is { Name: "KernelVariables", Target: "jiffies_of_nobody", State: CheckState.Ok });
        Assert.DoesNotContain(findings, f => f.State == CheckState.Failed);
        Assert.True(Loads(file, null));

        var strong = Findings(Compile("found = task_prio_of_nobody(1);", "extern int task_prio_of_nobody(int a) __attribute__((section(\".ksyms\")));"));
        Assert.Equal(CheckState.Failed, Assert.Single(strong, f => f.Name == "KernelFunctions").State);
        var closed = Assert.Single(Findings(Compile("wake_up_process((void *)0);", "extern int wake_up_process(void *p) __attribute__((section(\".ksyms\")));")), f => f.Name == "KernelFunctions");
        Assert.Equal(CheckState.Failed, closed.State);
        output.WriteLine(closed.Message);
    }

    [KernelFact]
    public void Settings_of_the_kernel()
    {
        var file = Compile("found = CONFIG_HZ + CONFIG_NO_SUCH_SETTING; if (LINUX_KERNEL_VERSION < 263168) found = READ(TASK, no_such_member); if (CONFIG_NO_SUCH_SETTING) found = READ(TASK, no_such_member);", """
            extern int LINUX_KERNEL_VERSION __attribute__((section(".kconfig")));
            extern int CONFIG_HZ __attribute__((section(".kconfig")));
            extern _Bool CONFIG_NO_SUCH_SETTING __attribute__((weak, section(".kconfig")));
            """);
        var findings = Findings(file);
        if (!new KernelSettings(s_kernel).AreKnown)
        {
            Assert.Contains(findings, f => f is { Name: "KernelSettings", State: CheckState.Failed });
            return;
        }

        Assert.All(findings, f => Assert.Equal(CheckState.Ok, f.State));
        Assert.Contains(findings, f => f.Message.Contains("CONFIG_HZ=", StringComparison.Ordinal));
        Assert.True(Loads(file, null));
        var strong = Findings(Compile("found = CONFIG_NO_SUCH_SETTING;", "extern int CONFIG_NO_SUCH_SETTING __attribute__((section(\".kconfig\")));"));
        Assert.Equal(CheckState.Failed, Assert.Single(strong, f => f.Name == "KernelSettings").State);
    }

    [KernelFact]
    public void Targets_of_this_machine()
    {
        (string Section, bool Exists)[] targets =
        [
            ("tp/syscalls/sys_enter_openat", true), ("tp/syscalls/sys_enter_nothing", false), ("tp/sched/sched_switch", true), ("tp/sched/sched_*", true),
            ("raw_tp/sched_switch", true), ("raw_tp/sched_nothing", false), ("tp_btf/sched_switch", true), ("fentry/vfs_read", true), ("fentry/vfs_nothing", false),
            ("iter/task", true), ("iter/nothing", false), ("uprobe/libc.so.6:malloc", true), ("uprobe/libc.so.6:mallocate", false), ("uprobe//no/such/file:f", false),
            ("xdp", true), ("perf_event", true), ("socket_of_nobody", false), ("struct_ops/x", false),
        ];
        foreach (var (section, exists) in targets)
        {
            var file = Fixture.Compile("targets", $"#include \"fixture.h\"\nSEC(\"{section}\") int f(void *ctx) {{ return 0; }}\n");
            var failed = Findings(file).Where(f => f.State == CheckState.Failed).ToList();
            Assert.True(exists == (failed.Count == 0), $"{section}: {string.Join("; ", failed.Select(f => f.Message))}");
            Assert.All(failed, f => Assert.Equal("f", f.Target));
        }
    }

    [KernelTheory]
    [InlineData("syscalls/sys_enter_getppid", "found = *(volatile int *)(ctx + 8);", true)]
    [InlineData("syscalls/sys_enter_getppid", "found = *(volatile long *)(ctx + 8);", false)]
    [InlineData("syscalls:sys_enter_getppid", "found = *(volatile int *)(ctx + 12);", false)]
    [InlineData("syscalls/sys_enter_openat", "found = *(volatile long *)(ctx + 40);", true)]
    [InlineData("syscalls/sys_enter_openat", "void *late = ctx + 16; if (found) found = *(volatile long *)(late + 32);", false)]
    [InlineData("syscalls/sys_enter_getppid", "if (HAS(TASK->no_such_member)) found = *(volatile long *)(ctx + 8);", true)]
    [InlineData("syscalls/sys_enter_getppid", "if (wants) found = *(volatile long *)(ctx + 8);", true)]
    public void Reads_beyond_the_record_of_a_tracepoint_are_found_before_loading(string target, string body, bool attaches)
    {
        var file = Fixture.Compile("reads", $"{Head}\nSEC(\"tracepoint/{target}\") int program(void *ctx)\n{{\n\t{body}\n\treturn 0;\n}}\n");
        var failed = Findings(file).Where(f => f.State == CheckState.Failed).ToList();

        Assert.Equal(attaches, failed.Count == 0);
        if (attaches)
        {
            using var session = BpfSession.Load(file, new BpfSessionOptions());
            session.Attach();
        }
        else
        {
            var e = Assert.Throws<BpfLoadException>(() => BpfSession.Load(file, new BpfSessionOptions()).Dispose());
            Assert.Equal(LoadFault.BeyondRecord, e.Fault);
            Assert.EndsWith("reads.c", e.File);
            Assert.True(e.Line > 0);
            Assert.Matches(@"up to byte \d+ of its record at .* has \d+ bytes", e.Message);
            Assert.Contains("/format", e.Remedy);
            Assert.Equal(e.Message, failed[0].Message);
        }
    }

    [KernelFact]
    public void The_kernel_refuses_reads_beyond_a_record_that_a_pattern_finds()
    {
        var file = Fixture.Compile("reads", $"{Head}\nSEC(\"tracepoint/syscalls/sys_enter_getppi?\") int program(void *ctx)\n{{\n\tfound = *(volatile long *)(ctx + 8);\n\treturn 0;\n}}\n");
        using var session = BpfSession.Load(file, new BpfSessionOptions());
        var e = Assert.Throws<BpfLoadException>(session.Attach);

        Assert.Equal(LoadFault.BeyondRecord, e.Fault);
        Assert.Contains("the record of syscalls/sys_enter_getppid has 12 bytes", e.Message);
    }

    [KernelFact]
    public void Licenses_are_held_against_helpers()
    {
        const string Closed = "SEC(\"kprobe/x\") int f(void *ctx) { bpf_get_current_task(); return 0; }", Open = "SEC(\"kprobe/x\") int f(void *ctx) { return bpf_get_current_pid_tgid(); }";
        foreach (var (license, body, state) in new[] { ("Proprietary", Closed, CheckState.Failed), ("Dual MIT/GPL", Closed, CheckState.Ok), ("Proprietary", Open, CheckState.Ok) })
        {
            var file = Fixture.Compile("license", $"#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\nchar LICENSE[] SEC(\"license\") = \"{license}\";\n{body}\n");
            Assert.Equal(state, Assert.Single(CompatibilityCheck.Run(file, s_kernel), f => f.Name == "License").State);
        }
    }

    private static ObjectFile Compile(string body, string more = "") =>
        Fixture.Compile("verdict", $"{Head}{more}\nSEC(\"raw_tp/sys_enter\") int program(void *ctx)\n{{\n\t{body}\n\treturn 0;\n}}\n");

    private List<CheckResult> Findings(ObjectFile file)
    {
        var findings = CompatibilityCheck.Run(file, s_kernel).ToList();
        findings.ForEach(f => output.WriteLine($"{f.Name} {f.State}: {f.Message} {f.Remedy}"));
        return findings;
    }

    private static bool Loads(ObjectFile file, string? parameter)
    {
        try
        {
            var parameters = new Dictionary<string, object?>();
            if (parameter is not null)
            {
                parameters[parameter] = 2;
            }

            BpfSession.Load(file, new BpfSessionOptions { Parameters = parameters }).Dispose();
            return true;
        }
        catch (BpfLoadException)
        {
            return false;
        }
    }
}
