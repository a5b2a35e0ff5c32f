using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Records;

/// <summary>The source of a property's value.</summary>
internal enum PropertySource
{
    /// <summary>The name of the map, equal for all objects of the type.</summary>
    MapName,
    /// <summary>No value: the key of a map without keys.</summary>
    Nothing,
    /// <summary>The inline bytes of the object.</summary>
    Inline,
    /// <summary>The bytes behind the fixed part of the record.</summary>
    Rest,
    /// <summary>The values of all CPUs.</summary>
    AllCpus,
    /// <summary>The total of all CPUs.</summary>
    Total,
    /// <summary>The trace for a stack id in the inline bytes, which is set after the object is created.</summary>
    Stack,
    /// <summary>A name of the container, which is set after the object is created.</summary>
    Container,
    /// <summary>A fact about the host that the object was read on, which is set after the object is created.</summary>
    Sender,
}

/// <summary>The plan of a property. For <see cref="PropertySource.Rest"/> and per-CPU sources, the offset is relative to those bytes.</summary>
internal sealed record PropertyPlan(string Name, string CName, PropertySource Source, ValueShape Value, int BitOffset, int BitSize)
{
    public int Offset => BitOffset / 8;

    /// <summary>Whether the property is not part of the record (<see cref="RecordExtras"/>).</summary>
    public bool IsExtra => Source is PropertySource.Container or PropertySource.Sender;
}

/// <summary>How an object of an emitted type is decoded.</summary>
internal enum DecodeKind
{
    /// <summary>From a record that is held inline.</summary>
    Record,
    /// <summary>From a record whose flexible end is held separately.</summary>
    OpenRecord,
    /// <summary>From an entry whose key and value are held inline.</summary>
    Entry,
    /// <summary>From an entry whose key is held inline, and the values of all CPUs separately.</summary>
    PerCpuEntry,
}

/// <summary>The plan of an emitted type.</summary>
/// <param name="Label">The beginning of the name.</param>
/// <param name="Decode">How objects are decoded.</param>
/// <param name="MapName">The name of the map; null for none.</param>
/// <param name="InlineSize">The number of inline bytes.</param>
/// <param name="ValueOffset">The offset of the value in them (entries only).</param>
/// <param name="Stride">The size of one CPU's value in bytes (per-CPU entries only).</param>
/// <param name="Properties">The properties, in order.</param>
internal sealed record TypePlan(
    string Label, DecodeKind Decode, string? MapName, int InlineSize, int ValueOffset, int Stride, IReadOnlyList<PropertyPlan> Properties)
{
    /// <summary>Whether the values depend on the machine of origin (<see cref="RecordHost"/>).</summary>
    public bool NeedsHost { get; } = Properties.Any(property => property.Value.NeedsHost);

    /// <summary>Whether the objects are entries of a stack map, whose values are stacks.</summary>
    public bool IsStack { get; } = Properties.Any(property => property is { Source: PropertySource.Inline, Value: StackShape });

    /// <summary>The number of traces of an object: one for each stack id, or one if it is a stack itself.</summary>
    public int Traces { get; } = Properties.Count(property => property is { Source: PropertySource.Stack } or { Source: PropertySource.Inline, Value: StackShape });

    /// <summary>Whether the type has names of containers.</summary>
    public bool HasContainer => Properties.Any(property => property.Source == PropertySource.Container);

    /// <summary>Whether the type has the owner or the labels of the pod.</summary>
    public bool HasPod => Properties.Any(property => property.Source == PropertySource.Container && ExtraNames.OfPod.Contains(property.Name));

    /// <summary>Whether the type has the host that its objects were read on.</summary>
    public bool HasSender => Properties.Any(property => property.Source == PropertySource.Sender);

    public string Key => KeyOf(Properties);

    /// <summary>The key of the type without its extra properties.</summary>
    public string PlainKey => KeyOf(Properties.Where(property => !property.IsExtra));

    private string KeyOf(IEnumerable<PropertyPlan> properties) => ShapeKey.Of(
        $"{Label}:{Decode}:{MapName}:{InlineSize}:{ValueOffset}:{Stride}",
        properties.Select(p => $"{p.Name}:{p.Source}:{p.BitOffset}:{p.BitSize}:{p.Value.Key}"));
}

/// <summary>Plans the types of events, records of iterators, and nested structs.</summary>
internal static class RecordPlans
{
    private static readonly ValueShape s_nothing = new TextShape(0);

    /// <summary>Plans a nested struct. A flexible array in it is empty.</summary>
    public static TypePlan Nested(StructShape shape)
    {
        var names = new PropertyNames(shape.Fields.Select(f => f.Name));
        return new TypePlan(shape.Label, DecodeKind.Record, null, shape.Size, 0, 0,
            shape.Fields.Select(f => Inline(names.Next(f.Name), f, 0)).ToList());
    }

    /// <summary>Plans a record: an event, or an element of an iterator.</summary>
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

        // A flexible array begins behind the last field, possibly in the padding that sizeof counts. A record may end there.
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

    /// <summary>Plans a field of a record: the inline bytes, or the trace for a stack id.</summary>
    public static PropertyPlan Field(string name, FieldShape field, int at) => Inline(name, field, at) is var plan && field is { BitSize: 0, Value: NumberShape { Meaning: FieldMeaning.Stack } or UserStackShape }
        ? plan with { Source = PropertySource.Stack }
        : plan;

    /// <summary>Plans a field in the inline bytes.</summary>
    public static PropertyPlan Inline(string name, FieldShape field, int at) =>
        new(name, field.Name, PropertySource.Inline, field.Value, at * 8 + field.BitOffset, field.BitSize);
}

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

        // The value begins at a multiple of 8 behind the key, as in the kernel.
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

        // Key and Value keep the number, so that an entry can be written back. The trace is a separate property.
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

    /// <summary>Returns whether values are added up: integers that are amounts, and not addresses, ids or times.</summary>
    public static bool IsSummable(ValueShape value) =>
        value is NumberShape { Meaning: FieldMeaning.Number or FieldMeaning.Duration or FieldMeaning.ByteSize, Size: <= 8, BigEndian: false } number
        && Numbers.IsInteger(number.Kind);

    private static int Up8(int size) => checked(size + 7) & ~7;
}

/// <summary>
/// Makes the names of properties unique without regard to case, for case-insensitive languages. If two C names differ only in case, or a name is a member of every object (GetType, psobject),
/// the later one gets <c>_2</c>, <c>_3</c>, …
/// </summary>
internal sealed class PropertyNames
{
    // Members of System.Object, and of the wrapper that PowerShell adds to objects.
    private static readonly string[] s_taken =
    [
        "Equals", "GetHashCode", "GetType", "ToString", "MemberwiseClone", "Finalize", "ReferenceEquals",
        "PSObject", "PSBase", "PSAdapted", "PSExtended", "PSTypeNames",
    ];

    private readonly HashSet<string> _used = new(s_taken, StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _ahead;

    /// <param name="ahead">All names that will follow, so that a suffix does not take the name of a later field.</param>
    public PropertyNames(IEnumerable<string> ahead) => _ahead = new HashSet<string>(ahead, StringComparer.OrdinalIgnoreCase);

    public string Next(string name)
    {
        var unique = name;
        for (var i = 2; !_used.Add(unique); i++)
        {
            do
            {
                unique = $"{name}_{i}";
            }
            while (_ahead.Contains(unique) && ++i > 0);
        }

        return unique;
    }
}

/// <summary>Describes the properties of a plan for views.</summary>
internal static class RecordFields
{
    private const int MinWidth = 4;

    public static IReadOnlyList<RecordField> Of(TypePlan plan) => plan.Properties.Select(p => Field(plan, p)).ToArray();

    /// <summary>Describes a property that is not part of the record.</summary>
    public static RecordField Extra(PropertyPlan property) => new(
        property.Name, "", TypeEmitter.PropertyType(property), property.Value.Meaning, 0, 0, ExtraWidth(property.Name), alignRight: false)
    {
        IsExtra = true,
    };

    private static RecordField Field(TypePlan plan, PropertyPlan property)
    {
        if (property.IsExtra)
        {
            return Extra(property);
        }

        var inline = property.Source is PropertySource.Inline or PropertySource.Stack;
        var isValue = inline && plan.Decode == DecodeKind.Entry && property.Offset >= plan.ValueOffset && property.Name != "Key";
        var offset = property.Source switch
        {
            PropertySource.Rest => property.Offset + plan.ValueOffset,
            PropertySource.MapName or PropertySource.Nothing => 0,
            _ => property.Offset - (isValue ? plan.ValueOffset : 0),
        };
        var size = property.BitSize > 0 ? (property.BitOffset % 8 + property.BitSize + 7) / 8 : inline || property.Source == PropertySource.Total ? property.Value.Size : 0;
        var meaning = property.Source switch
        {
            PropertySource.MapName or PropertySource.Nothing => FieldMeaning.Text,
            PropertySource.AllCpus => FieldMeaning.Array,
            _ => property.Value.Meaning,
        };
        var width = property.Source switch
        {
            PropertySource.MapName => Math.Clamp(plan.MapName!.Length, MinWidth, 20),
            PropertySource.Nothing => MinWidth,
            PropertySource.AllCpus => 20,
            PropertySource.Total => 12,
            _ => Width(property),
        };
        return new RecordField(property.Name, property.CName, TypeEmitter.PropertyType(property), meaning, offset, size,
            Math.Max(MinWidth, width), AlignRight(meaning));
    }

    private static bool AlignRight(FieldMeaning meaning) => meaning is
        FieldMeaning.Number or FieldMeaning.Port or FieldMeaning.Duration or FieldMeaning.ByteSize or FieldMeaning.Pointer or FieldMeaning.CgroupId or FieldMeaning.MountNamespaceId;

    private static int ExtraWidth(string name) => name switch
    {
        ExtraNames.Late => 5,
        ExtraNames.Namespace => 12,
        ExtraNames.Pod or ExtraNames.Owner => 24,
        ExtraNames.Image or ExtraNames.Labels => 32,
        _ => 16,
    };

    private static int Width(PropertyPlan property) => property.Value switch
    {
        NumberShape { Meaning: FieldMeaning.Number } number => property.BitSize > 0 ? Digits(property.BitSize) : Number(property.CName, number.Kind),
        TextShape { Size: 0 } or WordsShape { Size: 0 } => 32,
        WordsShape words => Math.Clamp(words.Size - 1, MinWidth, 32),
        TextShape text => Math.Clamp(text.Size - 1, MinWidth, 32),
        // Enough for two flags at once.
        EnumShape { IsFlags: true } e => Math.Clamp(e.Values.Select(v => v.Name.Length).DefaultIfEmpty(0).Max() * 2 + 2, MinWidth, 24),
        EnumShape e => Math.Clamp(e.Values.Select(v => v.Name.Length).DefaultIfEmpty(0).Max(), MinWidth, 24),
        PrefixShape prefix => prefix.Address == FieldMeaning.Ipv4 ? 18 : 30,
        EndpointShape endpoint => endpoint.Port < 0 ? 15 : 21,
        ArrayShape { Meaning: FieldMeaning.Bytes } bytes => Math.Clamp(bytes.Count * 4, 8, 20),
        _ => property.Value.Meaning switch
        {
            FieldMeaning.Boolean => 5,
            FieldMeaning.Ipv4 => 15,
            FieldMeaning.Ipv6 => 26,
            FieldMeaning.Mac => 17,
            FieldMeaning.Port => 5,
            FieldMeaning.Duration => 8,
            FieldMeaning.Timestamp => 12,
            FieldMeaning.Pointer => 18,
            FieldMeaning.UserId or FieldMeaning.GroupId => 10,
            FieldMeaning.Syscall => 16,
            FieldMeaning.Errno => 12,
            FieldMeaning.Signal => 9,
            FieldMeaning.FileFlags => 24,
            FieldMeaning.FileMode => 10,
            FieldMeaning.ByteSize => 9,
            FieldMeaning.Stack => 32,
            FieldMeaning.CgroupId or FieldMeaning.MountNamespaceId => 10,
            _ => 20,
        },
    };

    // Process ids go up to 4194304, so they need less room than 32 bits.
    private static int Number(string name, NumberKind kind) => name is "pid" or "ppid" or "tid" or "tgid" ? 7 : kind switch
    {
        NumberKind.Int8 or NumberKind.UInt8 => 4,
        NumberKind.Int16 or NumberKind.UInt16 => 6,
        NumberKind.Int32 or NumberKind.UInt32 => 10,
        NumberKind.Float32 => 10,
        NumberKind.Float64 => 14,
        NumberKind.Int64 or NumberKind.UInt64 => 14,
        _ => 20,
    };

    private static int Digits(int bits) => bits * 3 / 10 + 1;
}
