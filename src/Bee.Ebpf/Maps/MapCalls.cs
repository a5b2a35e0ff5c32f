using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Maps;

/// <summary>The kernel's calls that change a map, with its refusals in words.</summary>
internal static unsafe class MapCalls
{
    // A bucket that another CPU holds at the moment, or a process without memory for a moment.
    private const int MostTries = 100;

    public static void Update(BpfMap map, byte[] key, byte[] value, MapWriteMode mode)
    {
        using var hold = new Lease(map.Owner);
        fixed (byte* keyStart = key, valueStart = value)
        {
            var result = -Libc.EBUSY;
            for (var tries = 0; result == -Libc.EBUSY && tries < MostTries; tries++)
            {
                result = LibbpfCalls.Update(map.Descriptor, key.Length == 0 ? null : keyStart, valueStart, (ulong)mode);
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

    /// <summary>Deletes, and does not mind when somebody else was faster.</summary>
    public static bool TryDelete(BpfMap map, byte[] key)
    {
        var result = Deleted(map, key);
        return result == 0 || (result == -Libc.ENOENT ? false : throw Refused(map, -result, "removed", MapWriteMode.OnlyExisting));
    }

    /// <summary>Takes the next value out of a queue or stack; false when it is empty.</summary>
    public static bool TryTake(BpfMap map, byte[] value)
    {
        using var hold = new Lease(map.Owner);
        fixed (byte* start = value)
        {
            var result = LibbpfCalls.LookupAndDelete(map.Descriptor, null, start);
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
                result = LibbpfCalls.Delete(map.Descriptor, start);
            }

            return result;
        }
    }

    private static BpfMapException Refused(BpfMap map, int errno, string what, MapWriteMode mode)
    {
        var description = map.Description;
        var full = $"holds {description.MaxEntries} entries at most, and is full.";
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
            Libc.EPERM when MapState.IsFrozen(map) => (MapFault.ReadOnly, description.IsInternal
                ? "holds the program's constants, which are fixed once it is loaded." : "is frozen: nothing changes it any more.",
                description.IsInternal ? "Parameters are set at the start." : ""),
            Libc.EPERM when MapState.IsReadOnly(map) => (MapFault.ReadOnly, "was made to be read only by user space (BPF_F_RDONLY).", ""),
            Libc.EPERM or Libc.EACCES => (MapFault.NoPermission, "may not be written by this process.", "Run as root, or give the process CAP_BPF."),
            Libc.EINVAL when description.Type is MapType.HashOfMaps or MapType.ArrayOfMaps => (MapFault.BadValue, "takes maps that are like the one that it was declared with: of the same type, key and value sizes.", ""),
            _ => (MapFault.Other, $"said: {Libc.Describe(errno)}.", ""),
        };
        return new BpfMapException(fault, map.Name, $"The entry cannot be {what}: map '{map.Name}' {message}", remedy, errno);
    }
}
