using Bee.Cmdlets.Views;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;

namespace Bee.Cmdlets.Hosts;

/// <summary>Checks what this user may do, and which policies restrict it.</summary>
internal static class RightsChecks
{
    private const string Grant = "Run as root (sudo), or grant the process the capability, for instance with AmbientCapabilities in a systemd unit.";
    private static readonly Version s_withOwnCapabilities = new(5, 8), s_withMemoryAccounting = new(5, 11);

    private static KernelHost Host => KernelHost.Current;

    public static CheckResult User()
    {
        string who = $"{Environment.UserName}{(Environment.IsPrivilegedProcess ? "" : ", not root")}";
        if (Host.IsInUserNamespace)
        {
            return new("User", CheckState.Failed, $"This process ({who}) is in a user namespace, as in a rootless container: the kernel ignores its capabilities for eBPF.")
            {
                Remedy = "Run it on the host, or in a container that shares the host's user namespace (--privileged, or --userns=host with the capabilities).",
            };
        }

        return Host.Has(Capability.SysAdmin) || (Host.Has(Capability.Bpf) && Host.Has(Capability.PerfMon))
            ? new("User", CheckState.Ok, $"This process ({who}) may load programs and trace.")
            : new("User", CheckState.Failed, $"This process ({who}) may not load programs.") { Remedy = "Run as root (sudo), or grant the process CAP_BPF and CAP_PERFMON." };
    }

    public static CheckResult Bpf() => OfItsOwn("CAP_BPF", Capability.Bpf, "Programs and maps cannot be created");

    public static CheckResult PerfMon() => OfItsOwn("CAP_PERFMON", Capability.PerfMon, "Tracing programs cannot be loaded, and perf buffers cannot be opened");

    public static CheckResult NetAdmin() => Host.Has(Capability.NetAdmin)
        ? new("CAP_NET_ADMIN", CheckState.Ok, "This process has CAP_NET_ADMIN.")
        : new("CAP_NET_ADMIN", CheckState.Warning, "Network and cgroup programs cannot be loaded: this process lacks CAP_NET_ADMIN.") { Remedy = Grant };

    public static CheckResult SysResource()
    {
        if (Host.Has(Capability.SysResource))
        {
            return new("CAP_SYS_RESOURCE", CheckState.Ok, "This process has CAP_SYS_RESOURCE.");
        }

        return Host.Version >= s_withMemoryAccounting
            ? new("CAP_SYS_RESOURCE", CheckState.Skipped, $"This process lacks CAP_SYS_RESOURCE, which Linux {s_withMemoryAccounting} and later do not need.")
            : new("CAP_SYS_RESOURCE", CheckState.Warning, "The limit of locked memory cannot be raised: this process lacks CAP_SYS_RESOURCE.") { Remedy = Grant };
    }

    public static CheckResult MemoryLock()
    {
        if (Host.Version >= s_withMemoryAccounting)
        {
            return new("MemoryLock", CheckState.Skipped, $"Since Linux {s_withMemoryAccounting}, maps count against the cgroup's memory limit, not against the limit of locked memory.");
        }

        // libbpf raises the limit if it may.
        return Host.MemoryLock is not { } bytes || Host.Has(Capability.SysResource)
            ? new("MemoryLock", CheckState.Ok, "Locked memory is not limited, or the limit can be raised.")
            : new("MemoryLock", CheckState.Warning, $"At most {ViewText.Size(bytes)} can be locked, and maps count against that limit.") { Remedy = "Before starting PowerShell, as root: ulimit -l unlimited (in a systemd unit: LimitMEMLOCK=infinity)." };
    }

    private static CheckResult OfItsOwn(string name, Capability capability, string without)
    {
        if (Host.Has(capability))
        {
            return new(name, CheckState.Ok, $"This process has {name}.");
        }

        if (Host.Has(Capability.SysAdmin))
        {
            return new(name, CheckState.Ok, $"This process has CAP_SYS_ADMIN, which includes {name}.");
        }

        return new(name, CheckState.Failed, $"{without}: this process lacks {name}.")
        {
            Remedy = Host.Version < s_withOwnCapabilities ? $"Run as root (sudo): before Linux {s_withOwnCapabilities}, CAP_SYS_ADMIN is required." : Grant,
        };
    }

    public static CheckResult Lockdown() => Host.Lockdown switch
    {
        "none" => new("Lockdown", CheckState.Ok, "The kernel's lockdown is off.") { Target = "/sys/kernel/security/lockdown" },
        "integrity" => new("Lockdown", CheckState.Ok, "The kernel's lockdown protects its integrity: programs may read, but not write the memory of others (bpf_probe_write_user).") { Target = "/sys/kernel/security/lockdown" },
        { } mode => new("Lockdown", CheckState.Failed, $"The kernel's lockdown is on ({mode}): it refuses kprobes, tracefs, perf events and reading the kernel's memory.")
        {
            Target = "/sys/kernel/security/lockdown",
            Remedy = "Remove lockdown=confidentiality from the kernel's command line and reboot. Some distributions set it with secure boot.",
        },
        // Lockdown also shows by its effect.
        null when Host.IsTracingRestricted && Host.Has(Capability.SysAdmin) => new("Lockdown", CheckState.Warning, "The kernel does not show root which functions can be traced: lockdown or another policy restricts tracing.")
        {
            Target = "/sys/kernel/tracing/available_filter_functions",
            Remedy = "To read the lockdown mode, as root: mount -t securityfs securityfs /sys/kernel/security",
        },
        null => new("Lockdown", CheckState.Unknown, "The lockdown mode cannot be read: securityfs is not mounted or not readable for this user, or the kernel has no lockdown.") { Target = "/sys/kernel/security/lockdown" },
    };

    public static CheckResult UnprivilegedBpf() => Host.Setting("kernel/unprivileged_bpf_disabled") switch
    {
        "0" => new("UnprivilegedBpf", CheckState.Warning, "Every user may load some kinds of programs, which has allowed attacks on the kernel's memory in the past. Bee does not need this.")
        {
            Target = "kernel.unprivileged_bpf_disabled",
            Remedy = "As root: sysctl -w kernel.unprivileged_bpf_disabled=2",
        },
        null => new("UnprivilegedBpf", CheckState.Unknown, "The setting cannot be read.") { Target = "kernel.unprivileged_bpf_disabled" },
        var value => new("UnprivilegedBpf", CheckState.Ok, $"Users without capabilities may not load programs ({value}).") { Target = "kernel.unprivileged_bpf_disabled" },
    };

    public static CheckResult PerfEventParanoid()
    {
        const string Target = "kernel.perf_event_paranoid";
        if (Host.Setting("kernel/perf_event_paranoid") is not { } value)
        {
            return new("PerfEventParanoid", CheckState.Unknown, "The setting cannot be read; the kernel may be built without perf events.") { Target = Target };
        }

        if (Host.Has(Capability.PerfMon) || Host.Has(Capability.SysAdmin))
        {
            return new("PerfEventParanoid", CheckState.Ok, $"The value is {value}, which does not restrict a process with CAP_PERFMON.") { Target = Target };
        }

        return int.TryParse(value, out int level) && level < 0
            ? new("PerfEventParanoid", CheckState.Ok, $"The value is {value}: every user may open perf events.") { Target = Target }
            : new("PerfEventParanoid", CheckState.Warning, $"The value is {value}: without CAP_PERFMON, this process may not open the perf events that sampling, probes and tracepoints need.")
            {
                Target = Target,
                Remedy = "Run as root (sudo), or grant the process CAP_PERFMON.",
            };
    }

    public static CheckResult KernelAddresses() => Host.ShowsAddresses switch
    {
        true => new("KernelAddresses", CheckState.Ok, "The kernel shows the addresses of its functions, so kernel stacks are symbolized.") { Target = "/proc/kallsyms" },
        false => new("KernelAddresses", CheckState.Warning, $"The kernel hides the addresses of its functions from this process (kernel.kptr_restrict is {Host.Setting("kernel/kptr_restrict") ?? "unknown"}): kernel stacks cannot be symbolized.")
        {
            Target = "/proc/kallsyms",
            Remedy = Environment.IsPrivilegedProcess ? "As root: sysctl -w kernel.kptr_restrict=1" : "Run as root (sudo).",
        },
        null => new("KernelAddresses", CheckState.Unknown, "The kernel has no list of its functions (CONFIG_KALLSYMS), or it cannot be read.") { Target = "/proc/kallsyms" },
    };
}
