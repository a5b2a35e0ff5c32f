namespace Bee.Ebpf;

/// <summary>Capabilities that eBPF takes, by the kernel's numbers (include/uapi/linux/capability.h).</summary>
public enum Capability
{
    /// <summary>CAP_NET_ADMIN: programs of the network and of control groups.</summary>
    NetAdmin = 12,

    /// <summary>CAP_NET_RAW: packet sockets, to which programs that filter packets are attached.</summary>
    NetRaw = 13,

    /// <summary>CAP_SYS_PTRACE: the mappings and the file systems of processes that have more rights than this one.</summary>
    SysPtrace = 19,

    /// <summary>CAP_SYS_ADMIN: everything that CAP_BPF and CAP_PERFMON allow; before Linux 5.8 the only one that does.</summary>
    SysAdmin = 21,

    /// <summary>CAP_SYS_RESOURCE: raising limits, which maps take before Linux 5.11.</summary>
    SysResource = 24,

    /// <summary>CAP_SYSLOG: the addresses of the kernel's functions.</summary>
    Syslog = 34,

    /// <summary>CAP_PERFMON: tracing, and reading kernel memory.</summary>
    PerfMon = 38,

    /// <summary>CAP_BPF: loading programs and making maps.</summary>
    Bpf = 39,
}
