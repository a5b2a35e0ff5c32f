namespace Bee.Ebpf.Interop;

/// <summary>Types of maps, with the kernel's numbers (BPF_MAP_TYPE_*, include/uapi/linux/bpf.h).</summary>
public enum MapType
{
    /// <summary>No type.</summary>
    Unspecified = 0,
    /// <summary>Hash table.</summary>
    Hash = 1,
    /// <summary>Array, indexed by u32.</summary>
    Array = 2,
    /// <summary>Programs to tail-call.</summary>
    ProgramArray = 3,
    /// <summary>Perf buffers, one per CPU, from which user space reads events; or counters of perf events.</summary>
    PerfEventArray = 4,
    /// <summary>Hash table with a value for each CPU.</summary>
    PerCpuHash = 5,
    /// <summary>Array with a value for each CPU.</summary>
    PerCpuArray = 6,
    /// <summary>Stack traces by id.</summary>
    StackTrace = 7,
    /// <summary>Cgroups.</summary>
    CgroupArray = 8,
    /// <summary>Hash table that drops the least recently used entry when it is full.</summary>
    LruHash = 9,
    /// <summary>Least recently used hash table with a value for each CPU.</summary>
    LruPerCpuHash = 10,
    /// <summary>Longest-prefix match, such as routes.</summary>
    LpmTrie = 11,
    /// <summary>Array of maps.</summary>
    ArrayOfMaps = 12,
    /// <summary>Hash table of maps.</summary>
    HashOfMaps = 13,
    /// <summary>Network devices by index.</summary>
    DevMap = 14,
    /// <summary>Sockets by index.</summary>
    SockMap = 15,
    /// <summary>CPUs to pass packets to.</summary>
    CpuMap = 16,
    /// <summary>AF_XDP sockets.</summary>
    XskMap = 17,
    /// <summary>Sockets by key.</summary>
    SockHash = 18,
    /// <summary>Storage of a cgroup for programs attached to it (deprecated).</summary>
    CgroupStorage = 19,
    /// <summary>Sockets that share a port.</summary>
    ReusePortSockArray = 20,
    /// <summary>Storage of a cgroup with a value for each CPU.</summary>
    PerCpuCgroupStorage = 21,
    /// <summary>First in, first out; no keys.</summary>
    Queue = 22,
    /// <summary>Last in, first out; no keys.</summary>
    Stack = 23,
    /// <summary>Storage of a socket.</summary>
    SocketStorage = 24,
    /// <summary>Network devices by key.</summary>
    DevMapHash = 25,
    /// <summary>Functions that implement a kernel interface.</summary>
    StructOps = 26,
    /// <summary>Ring buffer from which user space reads events, shared by all CPUs.</summary>
    RingBuffer = 27,
    /// <summary>Storage of an inode.</summary>
    InodeStorage = 28,
    /// <summary>Storage of a task.</summary>
    TaskStorage = 29,
    /// <summary>Bloom filter; no keys.</summary>
    BloomFilter = 30,
    /// <summary>Ring buffer that user space fills.</summary>
    UserRingBuffer = 31,
    /// <summary>Storage of a cgroup for any program.</summary>
    CgroupLocalStorage = 32,
    /// <summary>Memory shared with user space.</summary>
    Arena = 33,
    /// <summary>Positions in the instructions of a program.</summary>
    InstructionArray = 34,
}

/// <summary>Types of programs, with the kernel's numbers (BPF_PROG_TYPE_*, include/uapi/linux/bpf.h).</summary>
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
