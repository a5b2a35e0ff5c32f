namespace Bee.Ebpf.Interop;

/// <summary>Kinds of maps, with the kernel's numbers (BPF_MAP_TYPE_*, include/uapi/linux/bpf.h).</summary>
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
    /// <summary>Perf buffers, one per CPU, that events come out of; or counters of perf events.</summary>
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
    /// <summary>The same with a value for each CPU.</summary>
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
    /// <summary>Ring that events come out of, shared by all CPUs.</summary>
    RingBuffer = 27,
    /// <summary>Storage of an inode.</summary>
    InodeStorage = 28,
    /// <summary>Storage of a task.</summary>
    TaskStorage = 29,
    /// <summary>Bloom filter; no keys.</summary>
    BloomFilter = 30,
    /// <summary>Ring that user space fills.</summary>
    UserRingBuffer = 31,
    /// <summary>Storage of a cgroup for any program.</summary>
    CgroupLocalStorage = 32,
    /// <summary>Memory shared with user space.</summary>
    Arena = 33,
    /// <summary>Places in a program's instructions.</summary>
    InstructionArray = 34,
}
