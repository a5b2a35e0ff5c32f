using Bee.Ebpf.Host;
using Bee.Ebpf.Tests.Loading;

namespace Bee.Ebpf.Tests.Targets;

[Collection(KernelFactAttribute.Collection)]
public sealed class KernelTargetTests
{
    [KernelTheory]
    [InlineData("tracepoint", "sched/sched_switch")]
    [InlineData("tp_btf", "sched_switch")]
    [InlineData("raw_tracepoint", "sched_switch")]
    [InlineData("fentry", "vfs_open")]
    [InlineData("kprobe", "vfs_open")]
    [InlineData("ksyscall", "openat")]
    [InlineData("lsm", "file_open")]
    [InlineData("iter", "task")]
    public void The_kernels_targets_are_named(string kind, string name)
    {
        Assert.Contains(name, KernelTargets.Names(kind));
        var some = KernelTargets.Names(kind, name[1..4]);
        Assert.Contains(name, some);
        Assert.All(some, item => Assert.Contains(name[1..4], item));
        Assert.Equal(some.Count, some.Distinct().Count());
    }

    [KernelFact]
    public void Compiler_generated_symbols_are_not_targets() =>
        Assert.DoesNotContain(KernelTargets.Names("kprobe"), name => name.Contains('.') || name.StartsWith("__pfx_", StringComparison.Ordinal));

    [KernelTheory]
    [InlineData("xdp")]
    [InlineData("uprobe")]
    [InlineData("nothing")]
    public void Kinds_without_kernel_targets_have_no_names(string kind) => Assert.Empty(KernelTargets.Names(kind));

    [KernelFact]
    public void Unreadable_lists_have_no_names()
    {
        Assert.Empty(OtherWorlds.WithoutTracefs(() => KernelTargets.Names("tracepoint")));
        Assert.Empty(OtherWorlds.WithoutKernelBtf(() => KernelTargets.Names("fentry")));
        Assert.Empty(OtherWorlds.WithoutTracefs(() => TracepointFormat.Read("sched", "sched_switch")));
    }

    [KernelFact]
    public void A_format_that_this_user_may_not_read_has_a_path()
    {
        Assert.Null(TracepointFormat.UnreadablePath("sched", "sched_switch"));
        Assert.Null(TracepointFormat.UnreadablePath("sched", "none"));
        Assert.StartsWith("/sys/kernel/", OtherWorlds.WithFilesOfNobody(() => TracepointFormat.UnreadablePath("sched", "sched_switch")));
        Assert.Null(OtherWorlds.WithFilesOfNobody(() => TracepointFormat.UnreadablePath("syscalls", "sys_enter_*")));
    }

    [KernelFact]
    public void A_tracepoints_fields_are_read()
    {
        var fields = TracepointFormat.Read("sched", "sched_process_exec");

        Assert.Contains(new FormatField("char[]", "filename", true), fields);
        Assert.Contains(fields, field => field is { Type: "pid_t", Name: "pid", IsDataLocation: false });
        Assert.DoesNotContain(fields, field => field.Name.StartsWith("common_", StringComparison.Ordinal));
        Assert.Equal("const char *", Assert.Single(TracepointFormat.Read("syscalls", "sys_enter_openat"), field => field.Name == "filename").Type);
    }

    [Theory]
    [InlineData("..", "sched_switch")]
    [InlineData("sched", "../../README")]
    [InlineData("", "")]
    [InlineData("sched", "none")]
    public void Unknown_tracepoint_has_no_fields(string group, string name) => Assert.Empty(TracepointFormat.Read(group, name));
}
