namespace Bee.Ebpf;

/// <summary>Plans the types of map entries.</summary>
internal static class EntryPlans
{
    private static readonly ValueShape Nothing = new TextShape(0);

    public static TypePlan Entry(MapDescription map)
    {
        var key = Shape(map.Key, (int)map.KeySize, "key", map);
        var value = Shape(map.Value, (int)map.ValueSize, "value", map);
        var keyFields = Fields(key);
        var valueFields = Fields(value);
        if (map.IsPerCpu)
        {
            valueFields = valueFields.Where(f => f.BitSize == 0 && IsSummable(f.Value)).ToList();
        }

        // Behind a key of any length the value begins at a multiple of 8, as in the kernel.
        var valueOffset = Up8((int)map.KeySize);
        var names = new PropertyNames(keyFields.Concat(valueFields).Select(f => f.Name));
        var properties = new List<PropertyPlan>
        {
            new(names.Next("MapName"), "", PropertySource.MapName, Nothing, 0, 0),
            new(names.Next("Key"), "", map.KeySize == 0 ? PropertySource.Nothing : PropertySource.Inline, key, 0, 0),
        };
        if (map.IsPerCpu)
        {
            var total = IsSummable(value) ? PropertySource.Total : PropertySource.AllCpus;
            properties.Add(new(names.Next("Value"), "", total, value, 0, 0));
            properties.Add(new(names.Next("Values"), "", PropertySource.AllCpus, value, 0, 0));
        }
        else
        {
            properties.Add(new(names.Next("Value"), "", PropertySource.Inline, value, valueOffset * 8, 0));
        }

        properties.AddRange(keyFields.Select(f => RecordPlans.Inline(names.Next(f.Name), f, 0)));
        properties.AddRange(valueFields.Select(f => map.IsPerCpu
            ? new PropertyPlan(names.Next(f.Name), f.Name, PropertySource.Total, f.Value, f.BitOffset, 0)
            : RecordPlans.Inline(names.Next(f.Name), f, valueOffset)));

        return map.IsPerCpu
            ? new TypePlan(map.Name, DecodeKind.PerCpuEntry, map.Name, (int)map.KeySize, valueOffset, Up8((int)map.ValueSize), properties)
            : new TypePlan(map.Name, DecodeKind.Entry, map.Name, checked(valueOffset + (int)map.ValueSize), valueOffset, 0, properties);
    }

    /// <summary>Whether values add up: integers that are counts or amounts, not addresses, names or moments.</summary>
    private static bool IsSummable(ValueShape value) =>
        value is NumberShape { Meaning: FieldMeaning.Number or FieldMeaning.Duration or FieldMeaning.ByteSize, Size: <= 8, BigEndian: false } number
        && Numbers.IsInteger(number.Kind);

    private static ValueShape Shape(BtfType? type, int size, string role, MapDescription map)
    {
        if (type is not null && type.Size == size)
        {
            return ShapeReader.Read(type, $"{map.Name}_{role}");
        }

        var isIndex = role == "key" && size == 4 && map.Type is MapType.Array or MapType.PerCpuArray;
        return isIndex
            ? new NumberShape(NumberKind.UInt32, FieldMeaning.Number)
            : new ArrayShape(new NumberShape(NumberKind.UInt8, FieldMeaning.Number), size);
    }

    private static IReadOnlyList<FieldShape> Fields(ValueShape shape) => shape is ObjectShape { Struct: var s } ? s.Fields : [];

    private static int Up8(int size) => checked(size + 7) & ~7;
}
