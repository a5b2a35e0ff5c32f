namespace Bee.Ebpf;

/// <summary>The maps inside of an array or hash of maps.</summary>
internal static class InnerMaps
{
    /// <summary>Opens them all. Their names are those of the outer map and the key, with a slash between; each is open until nobody uses it any more.</summary>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    /// <exception cref="BpfLoadException">The kernel refuses to read the outer map.</exception>
    public static IEnumerable<BpfMap> Of(BpfMap outer)
    {
        if (outer.Description is not { Type: MapType.ArrayOfMaps or MapType.HashOfMaps })
        {
            yield break;
        }

        foreach (var entry in outer.Entries())
        {
            var id = BitConverter.ToUInt32(entry.RawValue);
            var descriptor = LibbpfCalls.MapById(id);
            if (descriptor >= 0)
            {
                var handle = new FdHandle(descriptor);
                var key = entry.GetType().GetProperty("Key")!.GetValue(entry);
                var name = $"{outer.Name}/{(key is IFormattable number ? number.ToString(null, System.Globalization.CultureInfo.InvariantCulture) : key)}";
                yield return new BpfMap(handle, descriptor, Describe(outer.Description, descriptor, name)) { Stacks = outer.Stacks };
            }
            else if (descriptor != -Libc.ENOENT)
            {
                throw MapScan.Failed(-descriptor);
            }
        }
    }

    // As the source declares them where it does; the kernel knows the sizes in any case, and lengths may differ from map to map.
    private static MapDescription Describe(MapDescription outer, int descriptor, string name)
    {
        var inner = outer.Inner;
        var facts = KernelObject.FactsOfMap(descriptor) ?? throw MapScan.Failed(Libc.EINVAL);
        var declared = inner is not null && inner.KeySize == facts.KeySize && inner.ValueSize == facts.ValueSize;
        return new MapDescription
        {
            Name = name,
            Type = facts.Type,
            KeySize = facts.KeySize,
            ValueSize = facts.ValueSize,
            MaxEntries = facts.MaxEntries,
            Flags = inner?.Flags ?? 0,
            Key = declared ? inner!.Key : null,
            Value = declared ? inner!.Value : null,
        };
    }
}
