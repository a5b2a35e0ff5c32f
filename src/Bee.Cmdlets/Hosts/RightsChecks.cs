using Bee.Cmdlets.Views;
using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;

namespace Bee.Cmdlets.Hosts;

/// <summary>What this user may do, and what restricts it.</summary>
internal static class RightsChecks
{
    private const string Grant = "Run as root (sudo), or give the process the capability, for instance with AmbientCapabilities in a systemd unit.";
    private static readonly Version s_withOwnCapabilities = new(5, 8), s_withMemoryAccounting = new(5, 11);

    private static KernelHost Host => KernelHost.Current;

    public static CheckResult User()
    {
        string who = $"{Environment.UserName}{(Environment.IsPrivilegedProcess ? "" : ", not root")}";
        if (Host.IsInUserNamespace)
        {
            return new("User", CheckState.Failed, $"This process ({who}) is in a user namespace, as in a rootless container: its capabilities do not count for eBPF.")
            {
                Remedy = "Run it on the host, or in a container that shares the host's user namespace (--privileged, or --userns=host with the capabilities).",
            };
        }

        return Host.Has(Capability.SysAdmin) || (Host.Has(Capability.Bpf) && Host.Has(Capability.PerfMon))
            ? new("User", CheckState.Ok, $"This process ({who}) may load and trace.")
            : new("User", CheckState.Failed, $"This process ({who}) may not load programs.") { Remedy = "Run as root (sudo), or give it CAP_BPF and CAP_PERFMON." };
    }

    public static CheckResult Bpf() => OfItsOwn("CAP_BPF", Capability.Bpf, "Programs cannot be loaded, and maps not made");

    public static CheckResult PerfMon() => OfItsOwn("CAP_PERFMON", Capability.PerfMon, "Nothing can be traced, and perf buffers not opened");

    public static CheckResult NetAdmin() => Host.Has(Capability.NetAdmin)
        ? new("CAP_NET_ADMIN", CheckState.Ok, "This process has CAP_NET_ADMIN.")
        : new("CAP_NET_ADMIN", CheckState.Warning, "Programs of the network and of control groups cannot be loaded: this process lacks CAP_NET_ADMIN.") { Remedy = Grant };

    public static CheckResult SysResource()
    {
        if (Host.Has(Capability.SysResource))
        {
            return new("CAP_SYS_RESOURCE", CheckState.Ok, "This process has CAP_SYS_RESOURCE.");
        }

        return Host.Version >= s_withMemoryAccounting
            ? new("CAP_SYS_RESOURCE", CheckState.Skipped, $"This process lacks CAP_SYS_RESOURCE, which from Linux {s_withMemoryAccounting} on is not needed.")
            : new("CAP_SYS_RESOURCE", CheckState.Warning, "The limit of locked memory cannot be raised: this process lacks CAP_SYS_RESOURCE.") { Remedy = Grant };
    }

    public static CheckResult MemoryLock()
    {
        if (Host.Version >= s_withMemoryAccounting)
        {
            return new("MemoryLock", CheckState.Skipped, $"From Linux {s_withMemoryAccounting} on, maps count against the control group's memory and not against the limit of locked memory.");
        }

        // libbpf raises the limit where it may.
        return Host.MemoryLock is not { } bytes || Host.Has(Capability.SysResource)
            ? new("MemoryLock", CheckState.Ok, "Locked memory is not limited, or the limit can be raised.")
            : new("MemoryLock", CheckState.Warning, $"At most {ViewText.Size(bytes)} can be locked, and maps count against that.") { Remedy = "Before starting PowerShell, as root: ulimit -l unlimited (in a systemd unit: LimitMEMLOCK=infinity)." };
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
            Remedy = Host.Version < s_withOwnCapabilities ? $"Run as root (sudo): before Linux {s_withOwnCapabilities} it takes CAP_SYS_ADMIN." : Grant,
        };
    }

    public static CheckResult Lockdown() => Host.Lockdown switch
    {
        "none" => new("Lockdown", CheckState.Ok, "The kernel's lockdown is off.") { Target = "/sys/kernel/security/lockdown" },
        "integrity" => new("Lockdown", CheckState.Ok, "The kernel's lockdown protects its integrity: programs may read, but not write the memory of others (bpf_probe_write_user).") { Target = "/sys/kernel/security/lockdown" },
        { } mode => new("Lockdown", CheckState.Failed, $"The kernel's lockdown is on ({mode}): it refuses kprobes, tracefs, perf events and reading the kernel's memory.")
        {
            Target = "/sys/kernel/security/lockdown",
            Remedy = "Take lockdown=confidentiality off the kernel's command line and start again; with secure boot some distributions set it.",
        },
        // The same can be seen by its effect.
        null when Host.IsTracingRestricted && Host.Has(Capability.SysAdmin) => new("Lockdown", CheckState.Warning, "The kernel does not show root which functions can be traced: lockdown or another policy restricts tracing.")
        {
            Target = "/sys/kernel/tracing/available_filter_functions",
            Remedy = "To see the lockdown, as root: mount -t securityfs securityfs /sys/kernel/security",
        },
        null => new("Lockdown", CheckState.Unknown, "Whether the kernel is locked down cannot be read: securityfs is not mounted or closed to this user, or the kernel has no lockdown.") { Target = "/sys/kernel/security/lockdown" },
    };

    public static CheckResult UnprivilegedBpf() => Host.Setting("kernel/unprivileged_bpf_disabled") switch
    {
        "0" => new("UnprivilegedBpf", CheckState.Warning, "Every user may load some kinds of programs, which has let attackers read the kernel's memory before. Bee does not need it.")
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
            return new("PerfEventParanoid", CheckState.Ok, $"It is {value}, which does not concern a process with CAP_PERFMON.") { Target = Target };
        }

        return int.TryParse(value, out int level) && level < 0
            ? new("PerfEventParanoid", CheckState.Ok, $"It is {value}: perf events are open to all.") { Target = Target }
            : new("PerfEventParanoid", CheckState.Warning, $"It is {value}: without CAP_PERFMON this process may not open the perf events that samples, probes and tracepoints take.")
            {
                Target = Target,
                Remedy = "Run as root (sudo), or give the process CAP_PERFMON.",
            };
    }

    public static CheckResult KernelAddresses() => Host.ShowsAddresses switch
    {
        true => new("KernelAddresses", CheckState.Ok, "The kernel shows the addresses of its functions, so that stacks have names.") { Target = "/proc/kallsyms" },
        false => new("KernelAddresses", CheckState.Warning, $"The kernel hides the addresses of its functions from this process (kernel.kptr_restrict is {Host.Setting("kernel/kptr_restrict") ?? "not known"}): kernel stacks have no names.")
        {
            Target = "/proc/kallsyms",
            Remedy = Environment.IsPrivilegedProcess ? "As root: sysctl -w kernel.kptr_restrict=1" : "Run as root (sudo).",
        },
        null => new("KernelAddresses", CheckState.Unknown, "The kernel has no list of its functions (CONFIG_KALLSYMS), or it cannot be read.") { Target = "/proc/kallsyms" },
    };
}
