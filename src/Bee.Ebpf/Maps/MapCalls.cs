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
        using var hold = new Lease(map.Owner, typeof(BpfMap));
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
        using var hold = new Lease(map.Owner, typeof(BpfMap));
        fixed (byte* start = value)
        {
            var result = LibbpfCalls.bpf_map_lookup_and_delete_elem(map.Fd, null, start);
            return result == 0 || (result == -Libc.ENOENT ? false : throw Refused(map, -result, "taken out", MapWriteMode.Any));
        }
    }

    private static int Deleted(BpfMap map, byte[] key)
    {
        using var hold = new Lease(map.Owner, typeof(BpfMap));
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
        var full = $"is full: it holds at most {Quantity.Of(description.MaxEntries, "entry", "entries")}.";
        var (fault, message, remedy) = errno switch
        {
            Libc.E2BIG when description.Type is MapType.Array or MapType.PerCpuArray or MapType.ArrayOfMaps or MapType.ProgramArray =>
                (MapFault.BadKey, $"has only the indexes 0 to {description.MaxEntries - 1}.", ""),
            Libc.E2BIG => (MapFault.Full, full, MapAccess.IsKeyless(description.Type)
                ? "Remove values, or write with BPF_EXIST, which drops the oldest value."
                : "Remove entries, or increase max_entries of the map in the program."),
            Libc.ENOSPC => (MapFault.Full, full, "Remove entries, or increase max_entries of the map in the program."),
            Libc.EEXIST => (MapFault.Exists, mode == MapWriteMode.OnlyNew && description.Type is MapType.Array or MapType.PerCpuArray
                ? "is an array, whose entries always exist, so that none can be new." : "already has the key.", ""),
            Libc.ENOENT => (MapFault.NotFound, "does not have the key.", ""),
            Libc.EPERM when MapState.IsFrozen(map) => (MapFault.ReadOnly, "is frozen, so that user space can no longer change it.", ""),
            Libc.EPERM when MapState.IsReadOnly(map) => (MapFault.ReadOnly, "is read-only for user space (BPF_F_RDONLY).", ""),
            Libc.EPERM or Libc.EACCES => (MapFault.NoPermission, "cannot be written without CAP_BPF.", "Run as root, or grant the process CAP_BPF."),
            Libc.EINVAL when description.Type is MapType.HashOfMaps or MapType.ArrayOfMaps => (MapFault.BadValue, "accepts only inner maps with the type, key size and value size of its declaration.", ""),
            _ => (MapFault.Other, $"returned an error: {Libc.Describe(errno)}.", ""),
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
        MapType.RingBuffer or MapType.PerfEventArray => "Its records are events: read them with an event stream or reader.",
        MapType.BloomFilter => "A Bloom filter stores no values, only bits that show whether a value may have been added.",
        MapType.UserRingBuffer => "User space writes to it, and programs read it.",
        MapType.SocketStorage or MapType.InodeStorage or MapType.TaskStorage or MapType.CgroupLocalStorage =>
            "Its values belong to sockets, inodes, tasks or cgroups, and the kernel does not list them. Use an iterator program (iter/bpf_sk_storage_map, iter/task).",
        MapType.CgroupStorage or MapType.PerCpuCgroupStorage => "It belongs to the cgroups that its programs are attached to.",
        MapType.SockMap or MapType.SockHash or MapType.ReusePortSockArray or MapType.XskMap => "It holds sockets, which the kernel does not return to user space.",
        MapType.CgroupArray => "It holds cgroups, which the kernel does not return to user space.",
        MapType.StructOps => "It is a table of functions that the kernel calls.",
        MapType.Arena or MapType.InstructionArray => "It is plain memory and has no entries.",
        _ => "Bee does not support this type of map.",
    };

    /// <summary>Returns why entries cannot be set, as a sentence; null if they can.</summary>
    public static string? WhyUnwritable(MapType type) => type switch
    {
        MapType.StackTrace => "Only programs can record stacks.",
        // The kernel adds values to it as to a queue.
        MapType.BloomFilter => null,
        _ => WhyUnreadable(type),
    };

    /// <summary>Returns why entries cannot be removed, as a sentence; null if they can.</summary>
    public static string? WhyPermanent(MapType type) => type switch
    {
        MapType.Array or MapType.PerCpuArray => "The entries of an array always exist. Set the entry to 0 instead.",
        MapType.BloomFilter => "Values cannot be removed from a Bloom filter.",
        MapType.StackTrace => null,
        _ => WhyUnreadable(type),
    };

    /// <summary>Whether the map has no keys.</summary>
    public static bool IsKeyless(MapType type) => type is MapType.Queue or MapType.Stack or MapType.BloomFilter;

    /// <summary>Whether the map can be polled for changes. Other maps have ids and references, which mean nothing by themselves.</summary>
    public static bool CanPoll(MapType type) => type is MapType.Hash or MapType.Array or MapType.PerCpuHash or MapType.PerCpuArray
        or MapType.LruHash or MapType.LruPerCpuHash or MapType.LpmTrie;
}
