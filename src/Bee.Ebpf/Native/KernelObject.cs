namespace Bee.Ebpf;

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
