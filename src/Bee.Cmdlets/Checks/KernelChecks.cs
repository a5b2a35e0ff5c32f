using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>What the kernel has to bring.</summary>
internal static class KernelChecks
{
    private static readonly Version Oldest = new(5, 4), WithRings = new(5, 8);

    private static KernelHost Host => KernelHost.Current;

    public static CheckResult Version() => Host.Version switch
    {
        null => new CheckResult("KernelVersion", CheckState.Unknown, "The kernel's version cannot be read: /proc is not mounted."),
        var old when old < Oldest => new CheckResult("KernelVersion", CheckState.Failed, $"Linux {Host.Release} is too old: programs that are compiled once need {Oldest} or later.")
        {
            Remedy = "Install a newer kernel.",
        },
        var some when some < WithRings => new CheckResult("KernelVersion", CheckState.Warning, $"Linux {Host.Release} has no ring buffers; they came with {WithRings}.")
        {
            Remedy = "Use images with perf buffers here, or install a newer kernel.",
        },
        _ => new CheckResult("KernelVersion", CheckState.Ok, $"Linux {Host.Release}."),
    };

    public static CheckResult Btf() => Host.HasBtf
        ? new CheckResult("KernelBtf", CheckState.Ok, "The kernel describes its own types.") { Target = "/sys/kernel/btf/vmlinux" }
        : new CheckResult("KernelBtf", CheckState.Failed, "The kernel does not describe its own types (CONFIG_DEBUG_INFO_BTF).")
        {
            Target = "/sys/kernel/btf/vmlinux",
            Remedy = "Use a kernel that is built with CONFIG_DEBUG_INFO_BTF=y; those of Debian 11, Ubuntu 20.10, Fedora 31, RHEL 8.2 and later are.",
        };

    public static CheckResult Tracefs() => Host.TracefsPath is { } path
        ? new CheckResult("Tracefs", CheckState.Ok, $"tracefs is mounted on {path}.") { Target = path }
        : new CheckResult("Tracefs", CheckState.Failed, "tracefs is not mounted, so that tracepoints and kprobes cannot be found.")
        {
            Target = "/sys/kernel/tracing",
            Remedy = "As root: mount -t tracefs tracefs /sys/kernel/tracing",
        };

    public static CheckResult Bpffs() => Host.MountOf("bpf") is { } path
        ? new CheckResult("Bpffs", CheckState.Ok, $"bpffs is mounted on {path}.") { Target = path }
        : new CheckResult("Bpffs", CheckState.Warning, "bpffs is not mounted, so that programs cannot be kept with -PinPath.")
        {
            Target = "/sys/fs/bpf",
            Remedy = "As root: mount -t bpf bpf /sys/fs/bpf",
        };
}
