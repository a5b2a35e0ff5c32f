using System.Runtime.InteropServices;
using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>The kind of kernel object that an fd refers to.</summary>
internal enum KernelObjectKind
{
    Other,
    Map,
    Program,
    Link,
}

/// <summary>The type and sizes of a map, from the beginning of its <c>bpf_map_info</c>.</summary>
internal readonly record struct MapFacts(MapType Type, uint KeySize, uint ValueSize, uint MaxEntries);

/// <summary>Inspects fds of unknown origin, such as pins.</summary>
internal static unsafe class KernelObject
{
    /// <summary>Returns the kind, from the fd's name in /proc. <c>BPF_OBJ_GET_INFO_BY_FD</c> works for every kind, so it cannot tell.</summary>
    public static KernelObjectKind KindOf(int fd) => new FileInfo($"/proc/self/fd/{fd}").LinkTarget switch
    {
        "anon_inode:bpf-map" => KernelObjectKind.Map,
        "anon_inode:bpf-prog" => KernelObjectKind.Program,
        "anon_inode:bpf_link" or "anon_inode:bpf-link" => KernelObjectKind.Link,
        _ => KernelObjectKind.Other,
    };

    /// <summary>Returns the type and sizes of a map; null on failure.</summary>
    public static MapFacts? FactsOfMap(int fd)
    {
        Span<uint> info = stackalloc uint[6];
        info.Clear();
        var size = (uint)(info.Length * sizeof(uint));
        fixed (uint* start = info)
        {
            return LibbpfCalls.bpf_obj_get_info_by_fd(fd, start, &size) == 0 ? new MapFacts((MapType)info[0], info[2], info[3], info[4]) : null;
        }
    }
}

/// <summary>Reads the kernel's ids of programs, maps and links.</summary>
internal static unsafe class KernelIds
{
    /// <summary>Returns the id of the object that an fd refers to; 0 on failure.</summary>
    public static int Of(int fd)
    {
        // bpf_prog_info, bpf_map_info and bpf_link_info all begin with the type and the id. The kernel fills as much as fits.
        Span<uint> info = stackalloc uint[2];
        info.Clear();
        var size = (uint)(info.Length * sizeof(uint));
        fixed (uint* start = info)
        {
            return LibbpfCalls.bpf_obj_get_info_by_fd(fd, start, &size) == 0 ? (int)info[1] : 0;
        }
    }

    /// <summary>Reports whether the kernel still has a program of this id.</summary>
    public static bool IsProgram(int id)
    {
        var fd = LibbpfCalls.bpf_prog_get_fd_by_id((uint)id);
        if (fd >= 0)
        {
            Libc.close(fd);
        }

        return fd != -Libc.ENOENT;
    }

    /// <summary>Returns the ids of the maps that loaded programs use; empty if this process may not list programs.</summary>
    /// <param name="except">The ids of programs to leave out.</param>
    public static HashSet<int> MapsOfPrograms(IReadOnlySet<int> except)
    {
        var maps = new HashSet<int>();
        for (uint id = 0; LibbpfCalls.bpf_prog_get_next_id(id, &id) == 0;)
        {
            if (!except.Contains((int)id) && LibbpfCalls.bpf_prog_get_fd_by_id(id) is >= 0 and var fd)
            {
                maps.UnionWith(MapsOf(fd));
                _ = Libc.close(fd);
            }
        }

        return maps;
    }

    // bpf_prog_info up to map_ids: the number of maps at 52, the address of the array for their ids at 56. A first call returns the number.
    private static int[] MapsOf(int program)
    {
        const int Count = 52, Ids = 56, Bytes = 64;
        var info = stackalloc byte[Bytes];
        new Span<byte>(info, Bytes).Clear();
        uint size = Bytes;
        if (LibbpfCalls.bpf_obj_get_info_by_fd(program, info, &size) != 0 || *(int*)(info + Count) is not (> 0 and var count))
        {
            return [];
        }

        var ids = new int[count];
        fixed (int* start = ids)
        {
            new Span<byte>(info, Bytes).Clear();
            *(int*)(info + Count) = count;
            *(ulong*)(info + Ids) = (ulong)start;
            size = Bytes;
            return LibbpfCalls.bpf_obj_get_info_by_fd(program, info, &size) == 0 ? ids : [];
        }
    }
}

/// <summary>A link that is created by the system call, for kinds that some versions of libbpf 1 do not support.</summary>
/// <remarks>Numbers and layout: <c>BPF_LINK_CREATE</c> in include/uapi/linux/bpf.h.</remarks>
internal sealed unsafe class KernelLink : ILink
{
    public const int StreamParser = 4, StreamVerdict = 5, SocketMessage = 7, SocketVerdict = 38, TrafficIngress = 46, TrafficEgress = 47, UprobeMulti = 48;

    private const nint LinkCreate = 28;
    private readonly FdHandle _fd;

    private KernelLink(FdHandle fd) => _fd = fd;

    /// <summary>The part of <c>bpf_attr</c> for <c>BPF_LINK_CREATE</c>. The union has only the member for uprobes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Attributes
    {
        public int Program;
        public int Target;
        public int AttachType;
        public uint Flags;
        public byte* Path;
        public ulong* Offsets;
        public ulong* CounterOffsets;
        public ulong* Cookies;
        public uint Count;
        public uint UprobeFlags;
        public int ProcessId;
        public int Padding;
    }

    /// <inheritdoc/>
    public int LinkFd => _fd.IsClosed ? -1 : _fd.Number;

    /// <summary>Creates a link; returns null on failure, with the last P/Invoke error set.</summary>
    public static KernelLink? TryCreate(Attributes attributes)
    {
        nint call = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 321,
            Architecture.Arm64 or Architecture.LoongArch64 => 280,
            Architecture.S390x => 351,
            Architecture.Ppc64le => 361,
            var other => throw new PlatformNotSupportedException($"The number of the system call bpf is unknown for {other}."),
        };
        var fd = (int)Libc.syscall(call, LinkCreate, (nint)(&attributes), sizeof(Attributes), 0, 0);
        return fd < 0 ? null : new KernelLink(new FdHandle(fd));
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();
}
