using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;

namespace Bee.Cmdlets;

/// <summary>Settings of this system that restrict eBPF, or fail to.</summary>
internal static class RestrictionChecks
{
    private static KernelHost Host => KernelHost.Current;

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
