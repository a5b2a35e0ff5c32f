using System.Runtime.InteropServices;
using Bee.Posix;

namespace Bee.Ebpf.Interop;

/// <summary>What a descriptor of the BPF system call stands for.</summary>
internal enum KernelObjectKind
{
    Other,
    Map,
    Program,
    Link,
}

/// <summary>What the kernel says about a map: the beginning of its <c>bpf_map_info</c>.</summary>
internal readonly record struct MapFacts(MapType Type, uint KeySize, uint ValueSize, uint MaxEntries);

/// <summary>Looks at descriptors whose origin is not known, such as pins.</summary>
internal static unsafe class KernelObject
{
    /// <summary>The kind, by the name that the kernel gives the descriptor's file. Asking for information does not tell: it answers for any kind.</summary>
    public static KernelObjectKind KindOf(int descriptor) => new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget switch
    {
        "anon_inode:bpf-map" => KernelObjectKind.Map,
        "anon_inode:bpf-prog" => KernelObjectKind.Program,
        "anon_inode:bpf_link" or "anon_inode:bpf-link" => KernelObjectKind.Link,
        _ => KernelObjectKind.Other,
    };

    /// <summary>A map's sizes; null when the kernel does not tell.</summary>
    public static MapFacts? FactsOfMap(int descriptor)
    {
        Span<uint> info = stackalloc uint[6];
        info.Clear();
        var size = (uint)(info.Length * sizeof(uint));
        fixed (uint* start = info)
        {
            return LibbpfCalls.ObjectInfo(descriptor, start, &size) == 0 ? new MapFacts((MapType)info[0], info[2], info[3], info[4]) : null;
        }
    }
}

/// <summary>The kernel's ids of programs, maps and links.</summary>
internal static unsafe class KernelIds
{
    /// <summary>The id of what a descriptor stands for, or 0 when the kernel does not tell.</summary>
    public static int Of(int descriptor)
    {
        // bpf_prog_info, bpf_map_info and bpf_link_info all begin with the type and then the id; the kernel fills what there is room for.
        Span<uint> info = stackalloc uint[2];
        info.Clear();
        var size = (uint)(info.Length * sizeof(uint));
        fixed (uint* start = info)
        {
            return LibbpfCalls.ObjectInfo(descriptor, start, &size) == 0 ? (int)info[1] : 0;
        }
    }

    /// <summary>Whether the kernel still has a program of this id.</summary>
    public static bool IsProgram(int id)
    {
        var descriptor = LibbpfCalls.ProgramById((uint)id);
        if (descriptor >= 0)
        {
            Libc.close(descriptor);
        }

        return descriptor != -Libc.ENOENT;
    }
}

/// <summary>A link made by the kernel's own call, for kinds that some versions of libbpf 1 have no call for.</summary>
/// <remarks>Numbers and layout: <c>BPF_LINK_CREATE</c> in include/uapi/linux/bpf.h.</remarks>
internal sealed unsafe class KernelLink : ILink
{
    public const int TrafficIngress = 46, TrafficEgress = 47, UprobeMulti = 48;

    private const nint LinkCreate = 28;
    private readonly FdHandle _descriptor;

    private KernelLink(FdHandle descriptor) => _descriptor = descriptor;

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
    public int LinkDescriptor => _descriptor.IsClosed ? -1 : _descriptor.Number;

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
        var descriptor = (int)Libc.syscall(call, LinkCreate, (nint)(&attributes), sizeof(Attributes), 0, 0);
        return descriptor < 0 ? null : new KernelLink(new FdHandle(descriptor));
    }

    /// <inheritdoc/>
    public void Dispose() => _descriptor.Dispose();
}
