namespace Bee.Ebpf.Interop;

/// <summary>Kinds of programs, with the kernel's numbers (BPF_PROG_TYPE_*, include/uapi/linux/bpf.h).</summary>
public enum ProgramType
{
    /// <summary>No type.</summary>
    Unspecified = 0,
    /// <summary>Filter of a socket's packets.</summary>
    SocketFilter = 1,
    /// <summary>Kprobe, kretprobe, uprobe, uretprobe, USDT.</summary>
    Kprobe = 2,
    /// <summary>Traffic control classifier (tc, tcx).</summary>
    SchedCls = 3,
    /// <summary>Traffic control action.</summary>
    SchedAct = 4,
    /// <summary>Tracepoint.</summary>
    Tracepoint = 5,
    /// <summary>Packets at the network driver.</summary>
    Xdp = 6,
    /// <summary>Samples of a perf event.</summary>
    PerfEvent = 7,
    /// <summary>Packets of a cgroup.</summary>
    CgroupSkb = 8,
    /// <summary>Sockets of a cgroup.</summary>
    CgroupSock = 9,
    /// <summary>Lightweight tunnel, input.</summary>
    LwtIn = 10,
    /// <summary>Lightweight tunnel, output.</summary>
    LwtOut = 11,
    /// <summary>Lightweight tunnel, transmit.</summary>
    LwtXmit = 12,
    /// <summary>Socket operations of a cgroup.</summary>
    SockOps = 13,
    /// <summary>Packets of a socket map.</summary>
    SkSkb = 14,
    /// <summary>Device access of a cgroup.</summary>
    CgroupDevice = 15,
    /// <summary>Messages of a socket map.</summary>
    SkMsg = 16,
    /// <summary>Tracepoint without argument conversion.</summary>
    RawTracepoint = 17,
    /// <summary>Socket addresses of a cgroup.</summary>
    CgroupSockAddr = 18,
    /// <summary>Segment routing.</summary>
    LwtSeg6Local = 19,
    /// <summary>Infrared decoder.</summary>
    LircMode2 = 20,
    /// <summary>Choice among sockets that share a port.</summary>
    SkReusePort = 21,
    /// <summary>Packet dissector.</summary>
    FlowDissector = 22,
    /// <summary>Sysctl access of a cgroup.</summary>
    CgroupSysctl = 23,
    /// <summary>Raw tracepoint with a writable buffer.</summary>
    RawTracepointWritable = 24,
    /// <summary>Socket options of a cgroup.</summary>
    CgroupSockOpt = 25,
    /// <summary>Fentry, fexit, fmod_ret, typed raw tracepoints, iterators.</summary>
    Tracing = 26,
    /// <summary>Function of a kernel interface.</summary>
    StructOps = 27,
    /// <summary>Replacement of a function of another program.</summary>
    Extension = 28,
    /// <summary>Linux security module hook.</summary>
    Lsm = 29,
    /// <summary>Choice of the socket for a packet.</summary>
    SkLookup = 30,
    /// <summary>Program run by user space.</summary>
    Syscall = 31,
    /// <summary>Netfilter hook.</summary>
    Netfilter = 32,
}
