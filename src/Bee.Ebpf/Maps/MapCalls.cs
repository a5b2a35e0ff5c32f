using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Maps;

/// <summary>Calls the kernel to change a map, and explains its errors.</summary>
internal static unsafe class MapCalls
{
    // EBUSY: another CPU holds the bucket at the moment.
    private const int MostTries = 100;

    public static void Update(BpfMap map, byte[] key, byte[] value, MapWriteMode mode)
    {
        using var hold = new Lease(map.Owner);
        fixed (byte* keyStart = key, valueStart = value)
        {
            var result = -Libc.EBUSY;
            for (var tries = 0; result == -Libc.EBUSY && tries < MostTries; tries++)
            {
                result = LibbpfCalls.bpf_map_update_elem(map.Fd, key.Length == 0 ? null : keyStart, valueStart, (ulong)mode);
            }

            if (result < 0)
            {
                throw Refused(map, -result, "set", mode);
            }
        }
    }

    public static void Delete(BpfMap map, byte[] key)
    {
        var result = Deleted(map, key);
        if (result < 0)
        {
            throw Refused(map, -result, "removed", MapWriteMode.OnlyExisting);
        }
    }

    /// <summary>Deletes an entry; returns false if the map does not have the key.</summary>
    public static bool TryDelete(BpfMap map, byte[] key)
    {
        var result = Deleted(map, key);
        return result == 0 || (result == -Libc.ENOENT ? false : throw Refused(map, -result, "removed", MapWriteMode.OnlyExisting));
    }

    /// <summary>Removes the next value from a queue or stack; returns false if it is empty.</summary>
    public static bool TryTake(BpfMap map, byte[] value)
    {
        using var hold = new Lease(map.Owner);
        fixed (byte* start = value)
        {
            var result = LibbpfCalls.bpf_map_lookup_and_delete_elem(map.Fd, null, start);
            return result == 0 || (result == -Libc.ENOENT ? false : throw Refused(map, -result, "taken out", MapWriteMode.Any));
        }
    }

    private static int Deleted(BpfMap map, byte[] key)
    {
        using var hold = new Lease(map.Owner);
        fixed (byte* start = key)
        {
            var result = -Libc.EBUSY;
            for (var tries = 0; result == -Libc.EBUSY && tries < MostTries; tries++)
            {
                result = LibbpfCalls.bpf_map_delete_elem(map.Fd, start);
            }

            return result;
        }
    }

    private static BpfMapException Refused(BpfMap map, int errno, string what, MapWriteMode mode)
    {
        var description = map.Description;
        var full = $"holds {Quantity.Of(description.MaxEntries, "entry", "entries")} at most, and is full.";
        var (fault, message, remedy) = errno switch
        {
            Libc.E2BIG when description.Type is MapType.Array or MapType.PerCpuArray or MapType.ArrayOfMaps or MapType.ProgramArray =>
                (MapFault.BadKey, $"has the indexes 0 to {description.MaxEntries - 1}, and the key is beyond.", ""),
            Libc.E2BIG => (MapFault.Full, full, MapAccess.IsKeyless(description.Type)
                ? "Take values out, or let the oldest make room."
                : "Remove entries, or give the map more max_entries in the program."),
            Libc.ENOSPC => (MapFault.Full, full, "Remove entries, or give the map more max_entries in the program."),
            Libc.EEXIST => (MapFault.Exists, mode == MapWriteMode.OnlyNew && description.Type is MapType.Array or MapType.PerCpuArray
                ? "is an array, whose entries are all there from the start; none of them is new." : "has the key already.", ""),
            Libc.ENOENT => (MapFault.NotFound, "has no such key.", ""),
            Libc.EPERM when MapState.IsFrozen(map) => (MapFault.ReadOnly, "is frozen: nothing changes it any more.", ""),
            Libc.EPERM when MapState.IsReadOnly(map) => (MapFault.ReadOnly, "was made to be read only by user space (BPF_F_RDONLY).", ""),
            Libc.EPERM or Libc.EACCES => (MapFault.NoPermission, "may not be written by this process.", "Run as root, or give the process CAP_BPF."),
            Libc.EINVAL when description.Type is MapType.HashOfMaps or MapType.ArrayOfMaps => (MapFault.BadValue, "takes maps that are like the one that it was declared with: of the same type, key and value sizes.", ""),
            _ => (MapFault.Other, $"said: {Libc.Describe(errno)}.", ""),
        };
        return new BpfMapException(fault, map.Name, $"The entry cannot be {what}: map '{map.Name}' {message}", remedy, errno);
    }
}

/// <summary>What user space can do with the entries of each type of map, and why not.</summary>
internal static class MapAccess
{
    /// <summary>Returns why the entries cannot be read, as a sentence; null if they can.</summary>
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

    /// <summary>Returns why entries cannot be set, as a sentence; null if they can.</summary>
    public static string? WhyUnwritable(MapType type) => type switch
    {
        MapType.StackTrace => "Stacks come from programs alone.",
        // The kernel adds values to it as to a queue.
        MapType.BloomFilter => null,
        _ => WhyUnreadable(type),
    };

    /// <summary>Returns why entries cannot be removed, as a sentence; null if they can.</summary>
    public static string? WhyPermanent(MapType type) => type switch
    {
        MapType.Array or MapType.PerCpuArray => "All entries of an array are there from the start and stay. Set one to 0 instead.",
        MapType.BloomFilter => "A Bloom filter forgets nothing.",
        MapType.StackTrace => null,
        _ => WhyUnreadable(type),
    };

    /// <summary>Whether the map has no keys.</summary>
    public static bool IsKeyless(MapType type) => type is MapType.Queue or MapType.Stack or MapType.BloomFilter;

    /// <summary>Whether the map can be polled for changes. Other maps have ids and references, which mean nothing by themselves.</summary>
    public static bool CanPoll(MapType type) => type is MapType.Hash or MapType.Array or MapType.PerCpuHash or MapType.PerCpuArray
        or MapType.LruHash or MapType.LruPerCpuHash or MapType.LpmTrie;
}
