using System.Runtime.InteropServices;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Toolchain.Skeletons;

namespace Bee.Toolchain.Tests;

/// <summary>The text of skeletons. <see cref="SkeletonRun"/> tests that all of them work.</summary>
public partial class SkeletonTests
{
    [Fact]
    public void Every_kind_that_Bee_runs_has_a_skeleton_or_a_reason()
        => Assert.Equal(ProgramKinds.All.Select(kind => kind.Name).Order(), ProgramSkeleton.Kinds.Concat(SkeletonKinds.Refused.Keys).Order());

    [Fact]
    public void Conflicting_options_are_rejected_with_the_reason()
    {
        foreach (var map in new[] { SkeletonMapType.RingBuffer, SkeletonMapType.PerfBuffer })
        {
            Assert.Contains("stores none", Refusal("tracepoint", map, SkeletonOutput.Gauge, SkeletonFault.Combination));
        }

        Assert.Contains("writes its records itself", Refusal("iter", SkeletonMapType.Hash, SkeletonOutput.Print, SkeletonFault.Combination));
        Assert.Contains("several times", Refusal("iter", null, SkeletonOutput.Counter, SkeletonFault.Combination));
        Assert.Contains("only on request", Refusal("syscall", null, SkeletonOutput.Print, SkeletonFault.UnknownKind));
        Assert.Contains("tracepoint", Refusal("tracepiont", null, SkeletonOutput.Print, SkeletonFault.UnknownKind));
    }

    [Theory]
    [InlineData("tp", "tracepoint")]
    [InlineData("RAW_TP", "raw_tracepoint")]
    [InlineData("Xdp", "xdp")]
    [InlineData("none", null)]
    public void A_kind_is_found_as_sections_write_it(string name, string? kind) => Assert.Equal(kind, ProgramSkeleton.FindKind(name));

    [CompileFact]
    public void A_skeleton_has_the_fields_of_its_tracepoint()
    {
        var text = Write("tracepoint", "sched/sched_switch");

        Assert.Contains("struct trace_event_raw_sched_switch *ctx", text);
        Assert.Contains("char prev_comm[16];", text);
        Assert.Contains("next_pid;", text);
        Sources.Compile(text);
    }

    /// <summary>A register holds more than an int: AT_FDCWD is -100.</summary>
    [KernelFact]
    public void Arguments_of_a_system_call_have_their_width()
    {
        var text = Write("tracepoint", "syscalls/sys_enter_openat");

        Assert.Contains("s32 dfd;", text);
        Assert.Contains("char filename[64];", text);
        Assert.Contains("u32 mode;", text);
    }

    [KernelTheory]
    [InlineData("tracepoint", "syscalls/sys_enter_openat", true)]
    [InlineData("ksyscall", "openat", true)]
    [InlineData("tracepoint", "syscalls/sys_exit_openat", false)]
    [InlineData("tracepoint", "syscalls/sys_enter_open*", false)]
    [InlineData("tracepoint", "sched/sched_switch", false)]
    public void A_skeleton_without_fields_that_this_user_may_not_read_has_one_warning(string kind, string target, bool isPoorer)
    {
        (string Text, string[] Warnings) root = WithWarnings(kind, target), other = root;
        var thread = new Thread(() =>
        {
            // Belongs to the thread, and ends with it.
            _ = SetFileUser(65534);
            other = WithWarnings(kind, target);
        });
        thread.Start();
        thread.Join();

        Assert.Empty(root.Warnings);
        Assert.Equal(isPoorer, root.Text != other.Text);
        Assert.Equal(isPoorer ? 1 : 0, other.Warnings.Length);
        Assert.All(other.Warnings, warning => Assert.Contains("may not read '/sys/kernel/", warning, StringComparison.Ordinal));
    }

    /// <summary>A process id in the record must not replace the current process's.</summary>
    [CompileFact]
    public void Fields_that_every_skeleton_has_keep_their_names() => Assert.Contains("pid_t its_pid;", Write("tracepoint", "sched/sched_process_exec"));

    [CompileFact]
    public void A_skeleton_has_the_arguments_of_its_function()
    {
        var text = Write("fexit", "vfs_open");

        Assert.Contains("BPF_PROG(on_tool, const struct path *path, struct file *file, int result)", text);
        Assert.Contains("char file_name[64];", text);
        Sources.Compile(text);
    }

    [CompileFact]
    public void A_hook_may_have_arguments_called_as_the_skeleton_s_own() => Sources.Compile(Write("lsm", "bpf_prog_load"));

    [KernelTheory]
    [InlineData("tracepoint", "sched/sched_swich", "sched/sched_switch")]
    [InlineData("fentry", "vfs_opn", "vfs_open")]
    [InlineData("tp_btf", "sched_swtch", "sched_switch")]
    [InlineData("lsm", "file_opne", "file_open")]
    [InlineData("ksyscall", "opneat", "openat")]
    [InlineData("iter", "tsk", "task")]
    public void Unknown_target_is_reported_with_similar_names(string kind, string wrong, string right)
    {
        var refusal = Assert.Throws<SkeletonException>(() => Write(kind, wrong));

        Assert.Equal(SkeletonFault.Target, refusal.Fault);
        Assert.Contains(wrong, refusal.Message);
        Assert.Contains(right, refusal.Remedy);
    }

    [Theory]
    [InlineData("tracepoint", "sched_switch", "CATEGORY/NAME")]
    [InlineData("uprobe", "libc.so.6", "PATH:FUNCTION")]
    [InlineData("uprobe", "libc.so.6:", "PATH:FUNCTION")]
    [InlineData("usdt", "libc.so.6:setjmp", "PATH:PROVIDER:NAME")]
    [InlineData("fentry", "vfs_open\")\nint x;", "FUNCTION")]
    [InlineData("xdp", "eth0", "the interface when it is run")]
    [InlineData("cgroup/connect4", "/sys/fs/cgroup", "the control group when it is run")]
    [InlineData("sk_lookup", "x", "the network namespace when it is run")]
    public void A_target_of_another_form_is_refused(string kind, string target, string remedy)
        => Assert.Contains(remedy, Assert.Throws<SkeletonException>(() => Write(kind, target)).Remedy);

    [CompileTheory]
    [InlineData("9 lives")]
    [InlineData("perf")]
    [InlineData("exit")]
    [InlineData("int")]
    [InlineData("Überwachung")]
    [InlineData("a-very-long-name-that-goes-on-and-on-until-nobody-reads-it-any-more")]
    public void Any_name_makes_a_program(string name)
    {
        foreach (var (map, output) in new[] { (SkeletonMapType.RingBuffer, SkeletonOutput.Print), (SkeletonMapType.Hash, SkeletonOutput.Histogram) })
        {
            Sources.Compile(ProgramSkeleton.Write(new SkeletonRequest { Name = name, FileName = "tool.bpf.c", MapType = map, Output = output }), PrecompiledBee.Flags);
        }
    }

    [CompileTheory]
    [InlineData("task_file")]
    [InlineData("task_vma")]
    [InlineData("bpf_map")]
    [InlineData("bpf_prog")]
    [InlineData("bpf_link")]
    [InlineData("tcp")]
    [InlineData("udp")]
    [InlineData("unix")]
    public void Iterators_of_other_objects_compile(string target) => Sources.Compile(Write("iter", target), PrecompiledBee.Flags);

    /// <summary>If the kernel does not describe the target, the skeleton has fewer fields but still compiles.</summary>
    [CompileTheory]
    [InlineData("tracepoint", "syscalls/sys_enter_open*")]
    [InlineData("tracepoint", "sched/sched_*")]
    [InlineData("kprobe", "vfs_open+0x4")]
    [InlineData("ksyscall", "getpid")]
    [InlineData("kprobe.multi", "vfs_*")]
    [InlineData("uprobe", "/usr/bin/env:main")]
    [InlineData("uprobe", "/usr/bin/env:pkg.(*Server).Handle")]
    [InlineData("uprobe", "/usr/bin/env:ns::f<int, char>")]
    public void A_target_of_which_nothing_is_known_makes_a_program(string kind, string target) => Sources.Compile(Write(kind, target), PrecompiledBee.Flags);

    [CompileFact]
    public void The_types_of_names_are_on_the_map()
    {
        var file = Sources.Compile(new Combination("xdp", SkeletonMapType.Hash, SkeletonOutput.Histogram).Write());

        Assert.Equal(MapRole.Histogram, Assert.Single(file.Maps, map => map.Name == "hist_try_bytes").Role);
    }

    /// <summary>The tests of all combinations rely on it.</summary>
    [CompileFact]
    public void A_header_that_was_compiled_before_makes_no_difference()
    {
        var text = new Combination("tracepoint", SkeletonMapType.RingBuffer, SkeletonOutput.Print).Write();

        Assert.True(Sources.Compile(text).Bytes.Span.SequenceEqual(Sources.Compile(text, PrecompiledBee.Flags).Bytes.Span));
    }

    [Fact]
    public void Examples_are_templates()
    {
        Assert.Contains("opensnoop", ProgramTemplate.Names);
        var files = ProgramTemplate.Find("OpenSnoop").Rename("mine");
        Assert.Equal(["bee.yaml", "mine.bpf.c"], files.Keys.Order());
        Assert.StartsWith("# yaml-language-server: $schema=bee.schema.json\nname: mine\n", files["bee.yaml"]);
        Assert.Contains("opensnoop", Assert.Throws<SkeletonException>(() => ProgramTemplate.Find("opensnop")).Remedy);
    }

    private static string Write(string kind, string target) => ProgramSkeleton.Write(new SkeletonRequest { Name = "tool", FileName = "tool.bpf.c", Kind = kind, AttachTo = target });

    private static (string Text, string[] Warnings) WithWarnings(string kind, string target)
    {
        var warnings = new List<string>();
        return (ProgramSkeleton.Write(new SkeletonRequest { Name = "tool", FileName = "tool.bpf.c", Kind = kind, AttachTo = target, Warn = warnings.Add }), [.. warnings]);
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileUser(uint user);

    private static string Refusal(string kind, SkeletonMapType? map, SkeletonOutput output, SkeletonFault fault)
    {
        var refusal = Assert.Throws<SkeletonException>(() => new Combination(kind, map, output).Write());
        Assert.Equal(fault, refusal.Fault);
        return $"{refusal.Message} {refusal.Remedy}";
    }
}
