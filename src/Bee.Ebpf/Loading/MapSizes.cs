using System.Buffers.Binary;

namespace Bee.Ebpf;

/// <summary>Makes maps loadable whose declarations leave a size to whoever loads them.</summary>
internal static class MapSizes
{
    /// <summary>The object with the entries that its maps get from parameters: <see cref="ParameterDescription.SizesMap"/>.</summary>
    /// <param name="file">The object.</param>
    /// <param name="values">The values that parameters get; others keep their default.</param>
    public static ObjectFile Said(ObjectFile file, IReadOnlyList<(ParameterDescription Parameter, byte[] Bytes)> values)
    {
        var entries = file.Parameters.Where(p => p.SizesMap is not null).DistinctBy(p => p.SizesMap).ToDictionary(
            p => p.SizesMap!, p => BinaryPrimitives.ReadUInt32LittleEndian(values.FirstOrDefault(value => value.Parameter == p).Bytes ?? ParameterEncoder.Default(p)));
        return entries.Count == 0 ? file : file.With([.. file.Maps.Select(map => entries.TryGetValue(map.Name, out var count) ? map.WithEntries(count) : map)]);
    }

    /// <summary>
    /// <c>__type(value, struct event)</c> on a ring or perf buffer says what its records are, and libbpf takes it for the size of a value;
    /// the kernel wants no value in a ring, and a descriptor's size in a perf event array.
    /// </summary>
    public static void Adjust(ObjectHandle handle, ObjectFile file)
    {
        foreach (var map in file.Maps.Where(m => m.IsEventStream || file.Parameters.Any(p => p.SizesMap == m.Name)))
        {
            if (LibbpfCalls.FindMap(handle, map.Name) is not 0 and var pointer)
            {
                Adjust(pointer, map);
            }
        }
    }

    // The setters fail only once the object is loaded.
    private static void Adjust(nint pointer, MapDescription map)
    {
        if (map.IsEventStream)
        {
            var size = map.Type == MapType.RingBuffer ? 0u : sizeof(int);
            _ = LibbpfCalls.SetKeySize(pointer, size);
            _ = LibbpfCalls.SetValueSize(pointer, size);
        }

        if (map.MaxEntries > 0)
        {
            _ = LibbpfCalls.SetMaxEntries(pointer, map.MaxEntries);
        }
    }
}
