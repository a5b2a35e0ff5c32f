using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Host;

/// <summary>Capabilities that eBPF needs, with the kernel's numbers (include/uapi/linux/capability.h).</summary>
internal enum Capability
{
    /// <summary>CAP_NET_ADMIN: network and cgroup programs.</summary>
    NetAdmin = 12,

    /// <summary>CAP_NET_RAW: packet sockets, to which socket filters attach.</summary>
    NetRaw = 13,

    /// <summary>CAP_SYS_PTRACE: mappings and file systems of processes with more privileges.</summary>
    SysPtrace = 19,

    /// <summary>CAP_SYS_ADMIN: everything that CAP_BPF and CAP_PERFMON allow; before Linux 5.8 the only such capability.</summary>
    SysAdmin = 21,

    /// <summary>CAP_SYS_RESOURCE: raising limits, which maps need before Linux 5.11.</summary>
    SysResource = 24,

    /// <summary>CAP_SYSLOG: addresses of kernel functions.</summary>
    Syslog = 34,

    /// <summary>CAP_PERFMON: tracing, and reading kernel memory.</summary>
    PerfMon = 38,

    /// <summary>CAP_BPF: loading programs and creating maps.</summary>
    Bpf = 39,
}

/// <summary>The rights of this process, and errors that explain missing ones.</summary>
internal static class Permissions
{
    private const string PerfMon = "CAP_PERFMON";

    /// <summary>Returns the names of the tracing capabilities that this process lacks; empty if it has all of them.</summary>
    public static IReadOnlyList<string> Lacking() => Lacking(KernelHost.Current.Capabilities);

    /// <summary>True if this process lacks CAP_NET_ADMIN, which network programs need.</summary>
    public static bool LacksForNetwork => !KernelHost.Current.Has(Capability.NetAdmin);

    internal static IReadOnlyList<string> Lacking(ulong effective)
    {
        bool Has(Capability capability) => (effective >> (int)capability & 1) != 0;
        if (Has(Capability.SysAdmin))
        {
            return [];
        }

        var lacking = new List<string>();
        if (!Has(Capability.Bpf))
        {
            lacking.Add("CAP_BPF");
        }

        if (!Has(Capability.PerfMon))
        {
            lacking.Add(PerfMon);
        }

        return lacking;
    }

    /// <summary>Returns the exception for a call that failed with "not permitted".</summary>
    /// <param name="what">The action that failed, such as "load program 'x'".</param>
    /// <param name="errno">EPERM or EACCES.</param>
    /// <param name="program">The program, or null.</param>
    /// <param name="log">The log of libbpf.</param>
    /// <param name="perf">Whether the kernel refused a perf event, as for samples, uprobes and tracepoints.</param>
    /// <param name="network">Whether it is a network or control group program, which needs CAP_NET_ADMIN.</param>
    public static BpfLoadException Refused(string what, int errno, string? program, string log, bool perf, bool network = false)
    {
        var lacking = Lacking();
        if (network && LacksForNetwork)
        {
            lacking = [.. lacking.Where(capability => capability != PerfMon), "CAP_NET_ADMIN"];
        }

        var message = lacking.Count > 0
            ? $"No permission to {what}: this process lacks {string.Join(" and ", lacking)}."
            : $"No permission to {what}, although this process has the capabilities for it.";
        return new BpfLoadException(LoadFault.NoPermission, message)
        {
            Remedy = lacking.Count > 0 ? Grant(perf, network) : Lifted(),
            Errno = errno,
            Program = program,
            Log = log,
        };
    }

    private static string Grant(bool perf, bool network)
    {
        var remedy = $"Run as root (sudo), or give the process CAP_BPF and {(network ? "CAP_NET_ADMIN" : "CAP_PERFMON")} (before Linux 5.8: CAP_SYS_ADMIN), "
            + "for instance with AmbientCapabilities in a systemd unit.";
        if (perf && KernelHost.Current.Setting("kernel/perf_event_paranoid") is { } paranoid)
        {
            remedy += $" The sysctl kernel.perf_event_paranoid is {paranoid}: without CAP_PERFMON perf events of other users need it at -1.";
        }
        else if (KernelHost.Current.Setting("kernel/unprivileged_bpf_disabled") is { } disabled)
        {
            remedy += $" The sysctl kernel.unprivileged_bpf_disabled is {disabled}; even at 0 tracing programs need these capabilities.";
        }

        return remedy;
    }

    private static string Lifted()
    {
        const string Remedy = "Another restriction forbids the call: a container without these capabilities in the outer user namespace, a seccomp or LSM policy";
        return KernelHost.Current.Lockdown is { } mode and not "none"
            ? $"{Remedy}, or, most likely, the kernel's lockdown, which is on ({mode})."
            : $"{Remedy}, or the kernel's lockdown.";
    }
}
