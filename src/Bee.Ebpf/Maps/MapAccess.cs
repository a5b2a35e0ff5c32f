using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Maps;

/// <summary>What can be done with the entries of each kind of map from user space, and why not where it cannot.</summary>
internal static class MapAccess
{
    /// <summary>Why the entries cannot be read, as a sentence; null where they can.</summary>
    public static string? WhyUnreadable(MapType type) => type switch
    {
        MapType.Hash or MapType.Array or MapType.PerCpuHash or MapType.PerCpuArray or MapType.LruHash or MapType.LruPerCpuHash or MapType.LpmTrie
            or MapType.StackTrace or MapType.Queue or MapType.Stack or MapType.ArrayOfMaps or MapType.HashOfMaps or MapType.ProgramArray
            or MapType.DevMap or MapType.DevMapHash or MapType.CpuMap => null,
        MapType.RingBuffer or MapType.PerfEventArray => "Its records are events, which come as they are read by a program's reader.",
        MapType.BloomFilter => "A Bloom filter keeps no values, only bits by which a value may have been added or has not been: there is nothing to list.",
        MapType.UserRingBuffer => "It goes the other way: user space fills it, and programs read.",
        MapType.SocketStorage or MapType.InodeStorage or MapType.TaskStorage or MapType.CgroupLocalStorage =>
            "Its values hang on sockets, inodes, tasks or cgroups, and the kernel does not list them. An iterator program (iter/bpf_sk_storage_map, iter/task) can.",
        MapType.CgroupStorage or MapType.PerCpuCgroupStorage => "It belongs to the cgroups that its programs are attached to.",
        MapType.SockMap or MapType.SockHash or MapType.ReusePortSockArray or MapType.XskMap => "It holds sockets, which the kernel does not hand out.",
        MapType.CgroupArray => "It holds cgroups, which the kernel does not hand out.",
        MapType.StructOps => "It is a table of functions that the kernel calls.",
        MapType.Arena or MapType.InstructionArray => "It is memory without entries.",
        _ => "Bee does not know this kind of map.",
    };

    /// <summary>Why entries cannot be set, as a sentence; null where they can.</summary>
    public static string? WhyUnwritable(MapType type) => type switch
    {
        MapType.StackTrace => "Stacks come from programs alone.",
        // The kernel adds to it as to a queue.
        MapType.BloomFilter => null,
        _ => WhyUnreadable(type),
    };

    /// <summary>Why entries cannot be removed, as a sentence; null where they can.</summary>
    public static string? WhyPermanent(MapType type) => type switch
    {
        MapType.Array or MapType.PerCpuArray => "All entries of an array are there from the start and stay. Set one to 0 instead.",
        MapType.BloomFilter => "A Bloom filter forgets nothing.",
        MapType.StackTrace => null,
        _ => WhyUnreadable(type),
    };

    /// <summary>Whether the map has no keys: values go in at one end and come out at another.</summary>
    public static bool IsKeyless(MapType type) => type is MapType.Queue or MapType.Stack or MapType.BloomFilter;

    /// <summary>Whether entries are looked at again and again for a stream. The others have ids and references that mean nothing by themselves.</summary>
    public static bool CanPoll(MapType type) => type is MapType.Hash or MapType.Array or MapType.PerCpuHash or MapType.PerCpuArray
        or MapType.LruHash or MapType.LruPerCpuHash or MapType.LpmTrie;
}
