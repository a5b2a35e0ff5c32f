using System.Runtime.InteropServices;
using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>What an fd of the BPF system call stands for.</summary>
internal enum KernelObjectKind
{
    Other,
    Map,
    Program,
    Link,
}

/// <summary>What the kernel says about a map: the beginning of its <c>bpf_map_info</c>.</summary>
internal readonly record struct MapFacts(MapType Type, uint KeySize, uint ValueSize, uint MaxEntries);

/// <summary>Looks at fds whose origin is not known, such as pins.</summary>
internal static unsafe class KernelObject
{
    /// <summary>The kind, by the name that the kernel gives the fd's file. Asking for information does not tell: it answers for any kind.</summary>
    public static KernelObjectKind KindOf(int fd) => new FileInfo($"/proc/self/fd/{fd}").LinkTarget switch
    {
        "anon_inode:bpf-map" => KernelObjectKind.Map,
        "anon_inode:bpf-prog" => KernelObjectKind.Program,
        "anon_inode:bpf_link" or "anon_inode:bpf-link" => KernelObjectKind.Link,
        _ => KernelObjectKind.Other,
    };

    /// <summary>A map's sizes; null when the kernel does not tell.</summary>
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

/// <summary>The kernel's ids of programs, maps and links.</summary>
internal static unsafe class KernelIds
{
    /// <summary>The id of what an fd stands for, or 0 when the kernel does not tell.</summary>
    public static int Of(int fd)
    {
        // bpf_prog_info, bpf_map_info and bpf_link_info all begin with the type and then the id; the kernel fills what there is room for.
        Span<uint> info = stackalloc uint[2];
        info.Clear();
        var size = (uint)(info.Length * sizeof(uint));
        fixed (uint* start = info)
        {
            return LibbpfCalls.bpf_obj_get_info_by_fd(fd, start, &size) == 0 ? (int)info[1] : 0;
        }
    }

    /// <summary>Whether the kernel still has a program of this id.</summary>
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
    /// <param name="except">The ids of programs that do not count.</param>
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

    // bpf_prog_info up to map_ids: the number of maps at 52, the address of the room for their ids at 56. The kernel gives the number first.
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

/// <summary>A link made by the kernel's own call, for kinds that some versions of libbpf 1 have no call for.</summary>
/// <remarks>Numbers and layout: <c>BPF_LINK_CREATE</c> in include/uapi/linux/bpf.h.</remarks>
internal sealed unsafe class KernelLink : ILink
{
    public const int StreamParser = 4, StreamVerdict = 5, SocketMessage = 7, SocketVerdict = 38, TrafficIngress = 46, TrafficEgress = 47, UprobeMulti = 48;

    private const nint LinkCreate = 28;
    private readonly FdHandle _fd;

    private KernelLink(FdHandle fd) => _fd = fd;

    /// <summary>The part of <c>bpf_attr</c> that makes a link; of the union only the member for uprobes, and zeros for the others.</summary>
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

    /// <summary>Makes a link, or gives null and leaves the last P/Invoke error.</summary>
    public static KernelLink? TryCreate(Attributes attributes)
    {
        nint call = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 321,
            Architecture.Arm64 or Architecture.LoongArch64 => 280,
            Architecture.S390x => 351,
            Architecture.Ppc64le => 361,
            var other => throw new PlatformNotSupportedException($"The system call bpf is not known on {other}."),
        };
        var fd = (int)Libc.syscall(call, LinkCreate, (nint)(&attributes), sizeof(Attributes), 0, 0);
        return fd < 0 ? null : new KernelLink(new FdHandle(fd));
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();
}
