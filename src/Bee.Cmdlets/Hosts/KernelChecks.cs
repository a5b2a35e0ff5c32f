using Bee.Cmdlets.Errors;
using Bee.Ebpf;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;

namespace Bee.Cmdlets.Hosts;

/// <summary>Checks the kernel's features, and the file systems through which programs are attached and pinned.</summary>
internal static class KernelChecks
{
    private static readonly Version s_oldest = new(5, 4), s_withRings = new(5, 8), s_withLsm = new(5, 7);

    private static KernelHost Host => KernelHost.Current;

    public static CheckResult Version() => Host.Version switch
    {
        null => new("KernelVersion", CheckState.Unknown, "The kernel's version cannot be read: /proc is not mounted."),
        var old when old < s_oldest => new("KernelVersion", CheckState.Failed, $"Linux {Host.Release} is too old: portable (CO-RE) programs need {s_oldest} or later.")
        {
            Remedy = "Install a newer kernel.",
        },
        var some when some < s_withRings => new("KernelVersion", CheckState.Warning, $"Linux {Host.Release} has no ring buffers, which need Linux {s_withRings} or later.")
        {
            Remedy = "Use tools with perf buffers, or install a newer kernel.",
        },
        _ => new("KernelVersion", CheckState.Ok, $"Linux {Host.Release}."),
    };

    public static CheckResult Btf() => Host.HasBtf
        ? new("KernelBtf", CheckState.Ok, "The kernel provides its BTF.") { Target = "/sys/kernel/btf/vmlinux" }
        : new("KernelBtf", CheckState.Failed, "The kernel has no BTF, so programs cannot be compiled for it or relocated to it.")
        {
            Target = "/sys/kernel/btf/vmlinux",
            Remedy = "Use a kernel that is built with CONFIG_DEBUG_INFO_BTF=y; those of Debian 11, Ubuntu 20.10, Fedora 31, RHEL 8.2 and later are.",
        };

    public static CheckResult Jit() => (Host.Setting("net/core/bpf_jit_enable"), Host.Configured("CONFIG_BPF_JIT_ALWAYS_ON")) switch
    {
        (_, "y") or ("1" or "2", _) => new("Jit", CheckState.Ok, "Programs are compiled to machine code.") { Target = "net.core.bpf_jit_enable" },
        ("0", _) => new("Jit", CheckState.Warning, "Programs are interpreted, which is slow, and fentry, fexit and lsm programs are refused.")
        {
            Target = "net.core.bpf_jit_enable",
            Remedy = "As root: sysctl -w net.core.bpf_jit_enable=1",
        },
        _ => new("Jit", CheckState.Unknown, "Whether programs are compiled to machine code cannot be read, because of missing privileges or a network namespace.") { Target = "net.core.bpf_jit_enable" },
    };

    public static CheckResult Kprobes() => Probes("Kprobes", Host.HasKprobes, "CONFIG_KPROBES", "CONFIG_KPROBE_EVENTS", "kprobe and ksyscall", "Use fentry, tracepoint or raw_tp programs, or a kernel with CONFIG_KPROBES=y and CONFIG_KPROBE_EVENTS=y.");

    public static CheckResult Uprobes() => Probes("Uprobes", Host.HasUprobes, "CONFIG_UPROBES", "CONFIG_UPROBE_EVENTS", "uprobe and usdt", "Use a kernel with CONFIG_UPROBE_EVENTS=y.");

    public static CheckResult Trampolines()
    {
        const string Setting = "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS";
        if (!Host.KnowsConfiguration)
        {
            return new("Trampolines", CheckState.Unknown, "The kernel's configuration cannot be read, so it is unknown whether fentry, fexit and lsm programs attach.") { Target = Setting };
        }

        if (Host.Configured(Setting) != "y" || Host.Configured("CONFIG_BPF_JIT") != "y")
        {
            return new("Trampolines", CheckState.Warning, "This kernel cannot attach fentry, fexit and lsm programs: it was built without BPF trampolines.")
            {
                Target = Setting,
                Remedy = $"Use kprobe or tracepoint programs, or a kernel with {Setting}=y and CONFIG_BPF_JIT=y (on arm64 from Linux 6.4 on).",
            };
        }

        return Host.IsTracingRestricted && Host.Has(Capability.SysAdmin)
            ? new("Trampolines", CheckState.Warning, "The kernel is built for fentry, fexit and lsm programs, but a security policy restricts tracing and may reject them.")
            {
                Target = Setting,
                Remedy = "See the check Lockdown. Tracepoint and raw_tp programs need no trampoline.",
            }
            : new("Trampolines", CheckState.Ok, "The kernel is built for fentry and fexit programs.") { Target = Setting };
    }

    public static CheckResult BpfLsm()
    {
        const string Place = "/sys/kernel/security/lsm";
        if (Host.SecurityModules is { } modules)
        {
            return modules.Contains("bpf")
                ? new("BpfLsm", CheckState.Ok, $"The security module bpf is active (active: {string.Join(", ", modules)}).") { Target = Place }
                : new("BpfLsm", CheckState.Warning, $"lsm programs have no effect: the security module bpf is not active (active: {string.Join(", ", modules)}).")
                {
                    Target = Place,
                    Remedy = $"Add this to the kernel's command line and reboot: lsm={string.Join(',', modules.Append("bpf"))}",
                };
        }

        return Host.Version < s_withLsm || (Host.KnowsConfiguration && Host.Configured("CONFIG_BPF_LSM") != "y")
            ? new("BpfLsm", CheckState.Warning, "This kernel does not support lsm programs (CONFIG_BPF_LSM).") { Target = Place, Remedy = "Use Linux 5.7 or later, built with CONFIG_BPF_LSM=y." }
            : new("BpfLsm", CheckState.Unknown, "Which security modules are active cannot be read: securityfs is not mounted.")
            {
                Target = Place,
                Remedy = "As root: mount -t securityfs securityfs /sys/kernel/security",
            };
    }

    private static CheckResult Probes(string name, bool has, string needs, string alsoNeeds, string kinds, string remedy) => has
        ? new(name, CheckState.Ok, $"The kernel can attach {kinds} programs.") { Target = needs }
        : Host.TracefsPath is null && !Host.KnowsConfiguration
            ? new(name, CheckState.Unknown, $"Whether the kernel can attach {kinds} programs is unknown: neither tracefs nor the kernel's configuration can be read.") { Target = needs }
            : new(name, CheckState.Warning, $"This kernel cannot attach {kinds} programs, which need {needs} and {alsoNeeds}.") { Target = needs, Remedy = remedy };

    public static CheckResult Tracefs()
    {
        if (Host.TracefsPath is { } path)
        {
            return new("Tracefs", CheckState.Ok, $"tracefs is mounted on {path}.") { Target = path };
        }

        return Host.MountOf("tracefs") is { } closed
            ? new("Tracefs", CheckState.Failed, $"tracefs is mounted on {closed}, but this user may not read it.") { Target = closed, Remedy = "Run as root (sudo)." }
            : new("Tracefs", CheckState.Failed, "tracefs is not mounted, so tracepoints and kprobes cannot be found.")
            {
                Target = "/sys/kernel/tracing",
                Remedy = "As root: mount -t tracefs tracefs /sys/kernel/tracing",
            };
    }

    public static CheckResult Bpffs()
    {
        string? mounted = Host.MountOf("bpf", PinPath.FileSystem) ?? Host.MountOf("bpf");
        return mounted switch
        {
            PinPath.FileSystem => DefaultFolderOfPins() ?? new("Bpffs", CheckState.Ok, $"A BPF file system is mounted on {mounted}.") { Target = mounted },
            null => new("Bpffs", CheckState.Warning, "No BPF file system is mounted, so programs cannot be pinned with -PinPath.")
            {
                Target = PinPath.FileSystem,
                Remedy = $"As root: mount -t bpf bpf {PinPath.FileSystem}",
            },
            _ => new("Bpffs", CheckState.Warning, $"A BPF file system is mounted on {mounted} only: -PinPath accepts paths in it, but no bare names.")
            {
                Target = mounted,
                Remedy = $"As root: mount -t bpf bpf {PinPath.FileSystem}",
            },
        };
    }

    // The folder for pins without a path. Any user could create it before Bee does, so its owner is checked.
    private static CheckResult? DefaultFolderOfPins()
    {
        try
        {
            PinPath.CheckFree($"{PinPath.DefaultFolder}/check");
            return null;
        }
        catch (PinException blocked) when (blocked.Fault == PinFault.Untrusted)
        {
            return new("Bpffs", CheckState.Warning, blocked.Message) { Target = blocked.Path, Remedy = ErrorRecords.Remedy(blocked) };
        }
        catch (PinException)
        {
            // Other faults are reported when a program is pinned.
            return null;
        }
    }

    public static CheckResult CgroupV2() => Host.MountOf("cgroup2") is { } path
        ? new("CgroupV2", CheckState.Ok, $"Control groups (version 2) are mounted on {path}.") { Target = path }
        : new("CgroupV2", CheckState.Warning, "Control groups (version 2) are not mounted, so programs cannot be attached to them.")
        {
            Target = "/sys/fs/cgroup",
            Remedy = "As root: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified; or boot with systemd.unified_cgroup_hierarchy=1.",
        };
}
