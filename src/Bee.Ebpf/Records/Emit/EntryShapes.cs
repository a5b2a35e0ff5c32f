namespace Bee.Ebpf;

/// <summary>The shapes of a map's keys and values: as BTF has them where it does, else as the kind of map lets expect.</summary>
internal static class EntryShapes
{
    private static readonly NumberShape s_number = new(NumberKind.UInt32, FieldMeaning.Number);
    private static readonly NumberShape s_byte = new(NumberKind.UInt8, FieldMeaning.Number);

    /// <summary>The shape of a key; of maps without keys an empty one.</summary>
    public static ValueShape Key(MapDescription map)
    {
        var shape = Typed(map.Key, (int)map.KeySize, $"{map.Name}_key") ?? (map.KeySize == 4 && IsIndexed(map.Type) ? s_number : Bytes(map.KeySize));
        shape = WordsShape.Apply(shape, "Key", map.Metadata);
        return map.Type == MapType.LpmTrie ? Prefix(shape) ?? shape : shape;
    }

    /// <summary>The shape of a value, of maps with one value a CPU that of one.</summary>
    public static ValueShape Value(MapDescription map) => map.Type switch
    {
        MapType.StackTrace => new StackShape((int)map.ValueSize, map.KeepsBuildIds),
        // What is written is a descriptor and what is read an id, whatever the source declares.
        MapType.ArrayOfMaps or MapType.HashOfMaps or MapType.ProgramArray => s_number,
        _ => WordsShape.Apply(Typed(map.Value, (int)map.ValueSize, $"{map.Name}_value") ?? Bytes(map.ValueSize), "Value", map.Metadata),
    };

    /// <summary>The fields that stand beside key and value.</summary>
    public static IReadOnlyList<FieldShape> Fields(ValueShape shape) => shape switch
    {
        ObjectShape o => o.Struct.Fields,
        PrefixShape prefix => prefix.Struct.Fields,
        _ => [],
    };

    private static ValueShape? Typed(BtfType? type, int size, string label) => type is not null && type.Size == size ? ShapeReader.Read(type, label) : null;

    private static ArrayShape Bytes(uint size) => new(s_byte, (int)size);

    private static bool IsIndexed(MapType type) => type is MapType.Array or MapType.PerCpuArray or MapType.StackTrace or MapType.ArrayOfMaps
        or MapType.ProgramArray or MapType.DevMap or MapType.CpuMap;

    // By convention: the number of bits, then 4 bytes that are an IPv4 address or 16 that are an IPv6 one, and nothing else.
    private static PrefixShape? Prefix(ValueShape key)
    {
        const int Number = 4;
        if (key is ArrayShape { Element: NumberShape { Kind: NumberKind.UInt8 } } && key.Size is Number + 4 or Number + 16)
        {
            var address = new AddressShape(key.Size == Number + 4 ? FieldMeaning.Ipv4 : FieldMeaning.Ipv6, key.Size - Number);
            FieldShape[] fields = [new("prefixlen", s_number, 0, 0), new("address", address, Number * 8, 0)];
            return new PrefixShape(new StructShape("prefix", key.Size, fields), address.Meaning, Number);
        }

        if (key is not ObjectShape { Struct: { Fields: [{ BitOffset: 0, BitSize: 0, Value: NumberShape { Kind: NumberKind.UInt32 } }, { BitSize: 0 } second] } shape })
        {
            return null;
        }

        return (second.Value, second.Value.Size) switch
        {
            (AddressShape { Meaning: FieldMeaning.Ipv4 or FieldMeaning.Ipv6 } address, _) => new PrefixShape(shape, address.Meaning, second.Offset),
            (ArrayShape or NumberShape, 4) => new PrefixShape(shape, FieldMeaning.Ipv4, second.Offset),
            (ArrayShape or ObjectShape, 16) => new PrefixShape(shape, FieldMeaning.Ipv6, second.Offset),
            _ => null,
        };
    }
}
