namespace Bee.Ebpf;

/// <summary>Plans the types of records: those of nested structs, of events, and of events without a struct.</summary>
internal static class RecordPlans
{
    private static readonly ValueShape s_nothing = new TextShape(0);

    /// <summary>A struct as the value of a field. A flexible array in it has no bytes to read and is empty.</summary>
    public static TypePlan Nested(StructShape shape)
    {
        var names = new PropertyNames(shape.Fields.Select(f => f.Name));
        return new TypePlan(shape.Label, DecodeKind.Record, null, shape.Size, 0, 0,
            shape.Fields.Select(f => Inline(names.Next(f.Name), f, 0)).ToList());
    }

    /// <summary>A record of its own: an event, or an element of an iterator.</summary>
    public static TypePlan Record(ValueShape? value, string name, bool withMapName)
    {
        var fields = value switch
        {
            ObjectShape { Struct: var s } => s.Fields,
            null => [new FieldShape("Data", new ArrayShape(new NumberShape(NumberKind.UInt8, FieldMeaning.Number), 0), 0, 0)],
            _ => [new FieldShape("Value", value, 0, 0)],
        };
        var label = value is ObjectShape o ? o.Struct.Label : name;
        var size = value?.Size ?? 0;

        // A flexible array begins where the fixed fields end, which may be inside the padding that sizeof counts; a record may end there.
        var fixedEnd = fields.Where(f => !f.IsOpenArray).Select(f => f.End).DefaultIfEmpty(0).Max();
        var open = fields.Where((f, i) => f.IsOpenArray && (f.Offset >= fixedEnd || i == fields.Count - 1)).ToHashSet();
        var rest = 0;
        if (open.Count > 0)
        {
            rest = open.Min(f => f.Offset);
            size = Math.Max(fixedEnd, rest);
        }

        var names = new PropertyNames(fields.Select(f => f.Name));
        var properties = new List<PropertyPlan>(fields.Count + 1);
        if (withMapName)
        {
            properties.Add(new PropertyPlan(names.Next("MapName"), "", PropertySource.MapName, s_nothing, 0, 0));
        }

        foreach (var field in fields)
        {
            properties.Add(open.Contains(field)
                ? new PropertyPlan(names.Next(field.Name), field.Name, PropertySource.Rest, field.Value, (field.Offset - rest) * 8, 0)
                : Field(names.Next(field.Name), field, 0));
        }

        return new TypePlan(label, open.Count > 0 ? DecodeKind.OpenRecord : DecodeKind.Record, withMapName ? name : null, size, rest, 0, properties);
    }

    /// <summary>A field of a record of its own: in the inline bytes, or for the id of a stack the trace.</summary>
    public static PropertyPlan Field(string name, FieldShape field, int at) => Inline(name, field, at) is var plan && field is { BitSize: 0, Value: NumberShape { Meaning: FieldMeaning.Stack } }
        ? plan with { Source = PropertySource.Stack }
        : plan;

    /// <summary>A field in the inline bytes.</summary>
    public static PropertyPlan Inline(string name, FieldShape field, int at) =>
        new(name, field.Name, PropertySource.Inline, field.Value, at * 8 + field.BitOffset, field.BitSize);
}
