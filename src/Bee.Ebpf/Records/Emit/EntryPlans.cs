namespace Bee.Ebpf;

/// <summary>Plans the types of map entries.</summary>
internal static class EntryPlans
{
    private static readonly ValueShape s_nothing = new TextShape(0);

    public static TypePlan Entry(MapDescription map)
    {
        var key = EntryShapes.Key(map);
        var value = EntryShapes.Value(map);
        var keyFields = EntryShapes.Fields(key);
        var valueFields = EntryShapes.Fields(value);
        if (map.IsPerCpu)
        {
            valueFields = valueFields.Where(f => f.BitSize == 0 && IsSummable(f.Value)).ToList();
        }

        // Behind a key of any length the value begins at a multiple of 8, as in the kernel.
        var valueOffset = Up8((int)map.KeySize);
        var names = new PropertyNames(keyFields.Concat(valueFields).Select(f => f.Name));
        var properties = new List<PropertyPlan>
        {
            new(names.Next("MapName"), "", PropertySource.MapName, s_nothing, 0, 0),
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

        // Key and Value keep the number, so that an entry can be written back; the trace stands beside.
        if (key is NumberShape { Meaning: FieldMeaning.Stack })
        {
            properties.Add(new(names.Next("Stack"), "", PropertySource.Stack, key, 0, 0));
        }

        if (value is NumberShape { Meaning: FieldMeaning.Stack } && !map.IsPerCpu)
        {
            properties.Add(new(names.Next("Stack"), "", PropertySource.Stack, value, valueOffset * 8, 0));
        }

        properties.AddRange(keyFields.Select(f => RecordPlans.Field(names.Next(f.Name), f, 0)));
        properties.AddRange(valueFields.Select(f => map.IsPerCpu
            ? new PropertyPlan(names.Next(f.Name), f.Name, PropertySource.Total, f.Value, f.BitOffset, 0)
            : RecordPlans.Field(names.Next(f.Name), f, valueOffset)));

        return map.IsPerCpu
            ? new TypePlan(map.Name, DecodeKind.PerCpuEntry, map.Name, (int)map.KeySize, valueOffset, Up8((int)map.ValueSize), properties)
            : new TypePlan(map.Name, DecodeKind.Entry, map.Name, checked(valueOffset + (int)map.ValueSize), valueOffset, 0, properties);
    }

    /// <summary>Whether values add up: integers that are counts or amounts, not addresses, names or moments.</summary>
    public static bool IsSummable(ValueShape value) =>
        value is NumberShape { Meaning: FieldMeaning.Number or FieldMeaning.Duration or FieldMeaning.ByteSize, Size: <= 8, BigEndian: false } number
        && Numbers.IsInteger(number.Kind);

    private static int Up8(int size) => checked(size + 7) & ~7;
}
