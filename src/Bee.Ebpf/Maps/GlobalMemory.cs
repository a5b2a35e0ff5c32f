using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf.Maps;

/// <summary>Accesses the memory of global variables, which the kernel keeps as the only value of an array.</summary>
internal static unsafe class GlobalMemory
{
    /// <summary>Reads a section, or a variable in it.</summary>
    /// <param name="fd">The fd of the section's map.</param>
    /// <param name="place">The position of the variable.</param>
    /// <param name="values">Receives the bytes.</param>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the map.</exception>
    public static void Read(int fd, GlobalPlace place, Span<byte> values)
    {
        var section = GC.AllocateUninitializedArray<byte>(place.SectionSize);
        Read(fd, section);
        section.AsSpan(place.Offset, values.Length).CopyTo(values);
    }

    /// <summary>
    /// Writes into the memory that programs use, if the kernel allows mapping it, so that no other variable changes. Otherwise (before Linux 5.5, and for sections that have only static variables)
    /// reads, changes and writes the whole section, which overwrites what programs write to other variables meanwhile.
    /// </summary>
    /// <param name="map">A section, or a variable in it.</param>
    /// <param name="entry">The entry to write.</param>
    /// <exception cref="BpfMapException">The entry does not fit, or the kernel does not allow the write.</exception>
    public static void Write(BpfMap map, EncodedEntry entry)
    {
        var place = map.Description.Place;
        var size = place?.SectionSize ?? (int)map.Description.ValueSize;
        CheckRange(map, entry);
        (int Offset, byte[] Bytes)[] parts = place is not null
            ? [(place.Offset + BitConverter.ToInt32(entry.Key) * entry.Value.Length, entry.Value)]
            : [.. Changed(map.Description, entry)];
        using var hold = new Lease(map.Owner, typeof(BpfMap));
        var page = (nuint)Environment.SystemPageSize;
        using var memory = MappedPages.TryMap(map.Fd, ((nuint)size + page - 1) / page * page, 0, writable: true);
        if (memory is null)
        {
            var section = new byte[size];
            Read(map.Fd, section);
            Array.ForEach(parts, part => part.Bytes.CopyTo(section, part.Offset));
            MapCalls.Update(map, new byte[sizeof(int)], section, MapWriteMode.Any);
            return;
        }

        foreach (var (offset, bytes) in parts)
        {
            Store((byte*)memory.Address + offset, bytes);
        }
    }

    // An entry of another version of the object may have another size or index. For other maps the kernel checks both.
    private static void CheckRange(BpfMap map, EncodedEntry entry)
    {
        if (BitConverter.ToUInt32(entry.Key) is var index && index >= map.Description.MaxEntries)
        {
            throw new BpfMapException(MapFault.BadKey, map.Name, $"The entry cannot be set: '{map.Name}' has the indexes 0 to {map.Description.MaxEntries - 1}, and the key is {index}.");
        }

        if (entry.Value.Length != map.Description.ValueSize)
        {
            throw new BpfMapException(MapFault.BadValue, map.Name, $"The entry cannot be set: a value of '{map.Name}' has {Quantity.Of(map.Description.ValueSize, "byte")}, but {entry.Value.Length} were given.");
        }
    }

    // Variables that the caller did not name have the bytes that were read, so only the named ones differ.
    private static IEnumerable<(int Offset, byte[] Bytes)> Changed(MapDescription section, EncodedEntry entry) => entry.Before is { } before
        ? section.Variables.Select(placed => placed.Offset..(placed.Offset + placed.Size))
            .Where(range => !before.AsSpan(range).SequenceEqual(entry.Value.AsSpan(range)))
            .Select(range => (range.Start.Value, entry.Value[range]))
        : [(0, entry.Value)];

    // Writes an aligned number in a single store, so that a program never sees half of it.
    private static void Store(byte* at, byte[] bytes)
    {
        switch (bytes.Length)
        {
            case sizeof(ulong) when (nuint)at % sizeof(ulong) == 0:
                Volatile.Write(ref *(ulong*)at, MemoryMarshal.Read<ulong>(bytes));
                break;
            case sizeof(uint) when (nuint)at % sizeof(uint) == 0:
                Volatile.Write(ref *(uint*)at, MemoryMarshal.Read<uint>(bytes));
                break;
            case sizeof(ushort) when (nuint)at % sizeof(ushort) == 0:
                Volatile.Write(ref *(ushort*)at, MemoryMarshal.Read<ushort>(bytes));
                break;
            default:
                Unsafe.CopyBlockUnaligned(ref *at, ref MemoryMarshal.GetArrayDataReference(bytes), (uint)bytes.Length);
                break;
        }
    }

    private static void Read(int fd, byte[] section)
    {
        var key = 0;
        fixed (byte* start = section)
        {
            var result = LibbpfCalls.bpf_map_lookup_elem(fd, &key, start);
            if (result < 0)
            {
                throw MapScan.Failed(-result);
            }
        }
    }
}
