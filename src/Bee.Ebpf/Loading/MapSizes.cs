namespace Bee.Ebpf;

/// <summary>Makes maps that declare their events' type loadable.</summary>
internal static class MapSizes
{
    /// <summary>
    /// <c>__type(value, struct event)</c> on a ring or perf buffer says what its records are, and libbpf takes it for the size of a value;
    /// the kernel wants no value in a ring, and a descriptor's size in a perf event array.
    /// </summary>
    public static void Adjust(ObjectHandle handle, ObjectFile file)
    {
        foreach (var map in file.Maps.Where(m => m.IsEventStream))
        {
            var size = map.Type == MapType.RingBuffer ? 0u : sizeof(int);
            var pointer = LibbpfCalls.FindMap(handle, map.Name);
            if (pointer != 0)
            {
                LibbpfCalls.SetKeySize(pointer, size);
                LibbpfCalls.SetValueSize(pointer, size);
            }
        }
    }
}
