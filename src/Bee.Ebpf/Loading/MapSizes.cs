namespace Bee.Ebpf;

/// <summary>Makes maps loadable whose declarations leave a size to whoever loads them.</summary>
internal static class MapSizes
{
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
