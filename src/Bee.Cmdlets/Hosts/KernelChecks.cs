using Bee.Cmdlets.Errors;
using Bee.Ebpf;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;

namespace Bee.Cmdlets.Hosts;

/// <summary>What the kernel has to bring, and the file systems that programs are found, kept and attached through.</summary>
internal static class KernelChecks
{
    private static readonly Version s_oldest = new(5, 4), s_withRings = new(5, 8), s_withLsm = new(5, 7);

    private static KernelHost Host => KernelHost.Current;

    public static CheckResult Version() => Host.Version switch
    {
        null => new("KernelVersion", CheckState.Unknown, "The kernel's version cannot be read: /proc is not mounted."),
        var old when old < s_oldest => new("KernelVersion", CheckState.Failed, $"Linux {Host.Release} is too old: programs that are compiled once need {s_oldest} or later.")
        {
            Remedy = "Install a newer kernel.",
        },
        var some when some < s_withRings => new("KernelVersion", CheckState.Warning, $"Linux {Host.Release} has no ring buffers; they came with {s_withRings}.")
        {
            Remedy = "Use programs with perf buffers here, or install a newer kernel.",
        },
        _ => new("KernelVersion", CheckState.Ok, $"Linux {Host.Release}."),
    };

    public static CheckResult Btf() => Host.HasBtf
        ? new("KernelBtf", CheckState.Ok, "The kernel describes its own types.") { Target = "/sys/kernel/btf/vmlinux" }
        : new("KernelBtf", CheckState.Failed, "The kernel does not describe its own types, so nothing can be compiled for it or fitted to it.")
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
        _ => new("Jit", CheckState.Unknown, "Whether programs are compiled to machine code cannot be read here, perhaps for want of rights or in a network namespace.") { Target = "net.core.bpf_jit_enable" },
    };

    public static CheckResult Kprobes() => Probes("Kprobes", Host.HasKprobes, "CONFIG_KPROBES", "CONFIG_KPROBE_EVENTS", "kprobe and ksyscall", "Use fentry, tracepoint or raw_tp programs here, or a kernel with CONFIG_KPROBES=y and CONFIG_KPROBE_EVENTS=y.");

    public static CheckResult Uprobes() => Probes("Uprobes", Host.HasUprobes, "CONFIG_UPROBES", "CONFIG_UPROBE_EVENTS", "uprobe and usdt", "Use a kernel with CONFIG_UPROBE_EVENTS=y.");

    public static CheckResult Trampolines()
    {
        const string Setting = "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS";
        if (!Host.KnowsConfiguration)
        {
            return new("Trampolines", CheckState.Unknown, "The kernel's configuration cannot be read; whether fentry, fexit and lsm programs attach shows when one is run.") { Target = Setting };
        }

        if (Host.Configured(Setting) != "y" || Host.Configured("CONFIG_BPF_JIT") != "y")
        {
            return new("Trampolines", CheckState.Warning, "This kernel attaches no fentry, fexit and lsm programs: it was built without what calls them.")
            {
                Target = Setting,
                Remedy = $"Use kprobe or tracepoint programs here, or a kernel with {Setting}=y and CONFIG_BPF_JIT=y (on arm64 from Linux 6.4 on).",
            };
        }

        return Host.IsTracingRestricted && Host.Has(Capability.SysAdmin)
            ? new("Trampolines", CheckState.Warning, "The kernel is built for fentry, fexit and lsm programs, but something restricts tracing here, and may refuse them.")
            {
                Target = Setting,
                Remedy = "See what Lockdown says. Tracepoint and raw_tp programs need no trampoline.",
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
                    Remedy = $"Add this to the kernel's command line and start again: lsm={string.Join(',', modules.Append("bpf"))}",
                };
        }

        return Host.Version < s_withLsm || (Host.KnowsConfiguration && Host.Configured("CONFIG_BPF_LSM") != "y")
            ? new("BpfLsm", CheckState.Warning, "This kernel has no lsm programs (CONFIG_BPF_LSM).") { Target = Place, Remedy = "Use a kernel from Linux 5.7 on that is built with CONFIG_BPF_LSM=y." }
            : new("BpfLsm", CheckState.Unknown, "Which security modules are active cannot be read: securityfs is not mounted.")
            {
                Target = Place,
                Remedy = "As root: mount -t securityfs securityfs /sys/kernel/security",
            };
    }

    private static CheckResult Probes(string name, bool has, string needs, string alsoNeeds, string kinds, string remedy) => has
        ? new(name, CheckState.Ok, $"The kernel attaches {kinds} programs.") { Target = needs }
        : Host.TracefsPath is null && !Host.KnowsConfiguration
            ? new(name, CheckState.Unknown, $"Whether the kernel attaches {kinds} programs cannot be read: neither tracefs nor the configuration.") { Target = needs }
            : new(name, CheckState.Warning, $"This kernel attaches no {kinds} programs ({needs}, {alsoNeeds}).") { Target = needs, Remedy = remedy };

    public static CheckResult Tracefs()
    {
        if (Host.TracefsPath is { } path)
        {
            return new("Tracefs", CheckState.Ok, $"tracefs is mounted on {path}.") { Target = path };
        }

        return Host.MountOf("tracefs") is { } closed
            ? new("Tracefs", CheckState.Failed, $"tracefs is mounted on {closed}, and closed to this user.") { Target = closed, Remedy = "Run as root (sudo)." }
            : new("Tracefs", CheckState.Failed, "tracefs is not mounted, so that tracepoints and kprobes cannot be found.")
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
            null => new("Bpffs", CheckState.Warning, "No BPF file system is mounted, so that programs cannot be kept with -PinPath.")
            {
                Target = PinPath.FileSystem,
                Remedy = $"As root: mount -t bpf bpf {PinPath.FileSystem}",
            },
            _ => new("Bpffs", CheckState.Warning, $"A BPF file system is mounted on {mounted} only: -PinPath takes paths there, but no names.")
            {
                Target = mounted,
                Remedy = $"As root: mount -t bpf bpf {PinPath.FileSystem}",
            },
        };
    }

    // Any user can make the folder that names of pins mean, before Bee does.
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
            // Pinning a program reports what else can be wrong.
            return null;
        }
    }

    public static CheckResult CgroupV2() => Host.MountOf("cgroup2") is { } path
        ? new("CgroupV2", CheckState.Ok, $"Control groups (version 2) are mounted on {path}.") { Target = path }
        : new("CgroupV2", CheckState.Warning, "No control groups of version 2 are mounted, so that programs cannot be attached to any.")
        {
            Target = "/sys/fs/cgroup",
            Remedy = "As root: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified; or start with systemd.unified_cgroup_hierarchy=1.",
        };
}
