using System.Globalization;
using System.Reflection;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>A label: a property of the decoded records or entries of a map.</summary>
/// <param name="Field">The field's name in C.</param>
/// <param name="Property">The property.</param>
/// <param name="Meaning">The meaning of the field.</param>
/// <param name="Metadata">The metadata of the field.</param>
internal sealed record PlannedLabel(string Field, PropertyInfo Property, FieldMeaning Meaning, FieldMetadata Metadata)
{
    public static PlannedLabel Of(IRecordShape shape, RecordField field) =>
        new(field.MetadataName, shape.ClrType.GetProperty(field.Name)!, field.Meaning, field.MetadataIn(shape.Metadata));

    /// <summary>The name of the label: from the metadata, or else the field's name.</summary>
    public string Name => Metadata.Label ?? Field;

    /// <summary>Returns the label's text for an object.</summary>
    public string Read(BpfEvent item)
    {
        var value = Property.GetValue(item);
        var text = LabelValue.Of(value, Meaning);
        return Metadata.Values.GetValueOrDefault(text) ?? (Metadata.Decode is { } decoder ? LabelDecoding.Decode(decoder, value) : null) ?? text;
    }
}

/// <summary>A number of entries or records that is a metric.</summary>
/// <param name="Field">The field's name in C if the map has several numbers; otherwise null.</param>
/// <param name="Number">The position of the number; null counts the records.</param>
/// <param name="Unit">The unit; null if unknown.</param>
/// <param name="Help">The help text of the number; null if it has none.</param>
internal sealed record PlannedValue(string? Field, NumberField? Number, string? Unit, string? Help)
{
    /// <summary>The type.</summary>
    public required MetricType Type { get; init; }
}

/// <summary>How a map becomes a metric: which fields are labels, and which numbers are values.</summary>
internal sealed record MapPlan
{
    /// <summary>The map.</summary>
    public required MapDescription Map { get; init; }

    /// <summary>Decodes the records or entries.</summary>
    public required IRecordShape Shape { get; init; }

    /// <summary>The labels.</summary>
    public required IReadOnlyList<PlannedLabel> Labels { get; init; }

    /// <summary>The values. A histogram has one.</summary>
    public required IReadOnlyList<PlannedValue> Values { get; init; }

    /// <summary>The position of the labels' bytes in a record of a ring or perf buffer; null for maps with entries.</summary>
    public LabelLayout? Identity { get; init; }

    /// <summary>The fields that say where an entry or record happened; null if it does not say.</summary>
    public ContainerKeyFields? Where => Shape.Where;

    /// <summary>Whether the labels say where, so that all records with the same labels happened in one container.</summary>
    public bool LabelsSayWhere => Shape.Plan is { } type && ContainerKeyFields.Of(type, name => Labels.Any(label => label.Property.Name == name)) is not null;

    /// <summary>Maps slots or observations to buckets; null if the metric is not a histogram.</summary>
    public HistogramPlan? Histogram { get; init; }

    /// <summary>The part of the metric's name after the tool: from the metadata, or else the map's name.</summary>
    public string Name => Map.Metadata.Metric?.Name ?? Map.Name;

    /// <summary>Returns the plans of a map: usually one, or one for each type if Inspektor Gadget's declarations make both counters and gauges of its fields.</summary>
    /// <param name="map">The map.</param>
    /// <returns>The plans; empty if the map is not a metric or has no suitable fields.</returns>
    /// <exception cref="BpfObjectException">A BTF type contradicts itself.</exception>
    public static IEnumerable<MapPlan> AllOf(MapDescription map)
    {
        if (map is not { DataSource: not null, Role: MapRole.Print, Metadata.Metric: null } || !map.Metadata.Fields.Values.Any(field => field.Metric is FieldMetric.Counter or FieldMetric.Gauge))
        {
            return Of(map) is { } plan ? [plan] : [];
        }

        string[] keys = [.. map.Metadata.Fields.Where(field => field.Value.Metric == FieldMetric.Key).Select(field => field.Key)];
        map = keys.Length > 0 ? map.WithMetadata(new MapMetadata { Labels = keys }) : map;
        return new[] { (FieldMetric.Counter, MetricType.Counter), (FieldMetric.Gauge, MetricType.Gauge) }
            .Select(type => map.IsEventStream ? EventPlans.Declared(map, type.Item1, type.Item2) : EntryPlan.Of(map, type.Item2, type.Item1))
            .OfType<MapPlan>();
    }

    private static MapPlan? Of(MapDescription map)
    {
        var said = map.Metadata.Metric ?? MetricMetadata.None;
        if (said.Type == MapRole.None || !(map.IsEventStream || MapAccess.CanPoll(map.Type)))
        {
            return null;
        }

        if (said.Labels.Count > 0)
        {
            map = map.WithMetadata(new MapMetadata { Labels = said.Labels });
        }

        return (said.Type ?? map.Role) switch
        {
            MapRole.Histogram => HistogramPlans.Of(map),
            MapRole.Counter when map.IsEventStream => EventPlans.Counter(map),
            MapRole.Gauge when map.IsEventStream => EventPlans.Gauge(map),
            MapRole.Counter => EntryPlan.Of(map, MetricType.Counter),
            MapRole.Gauge => EntryPlan.Of(map, MetricType.Gauge),
            _ => null,
        };
    }

    /// <summary>Returns the unit of the only value of a map: from the metadata, or else from its type or the end of the map's name.</summary>
    public static string? UnitOf(MapDescription map, FieldMeaning meaning) =>
        map.Metadata.Metric?.Unit ?? map.Metadata.Unit ?? HistogramPlan.UnitOf(meaning) ?? HistogramUnits.OfName(map.Name);

    /// <summary>Returns the help text of a map's metric; null if it has none.</summary>
    public static string? HelpOf(MapDescription map) => map.Metadata.Metric?.Help ?? map.Metadata.Help;
}

/// <summary>Plans <c>hist_</c> maps, whose contents become histograms.</summary>
internal static class HistogramPlans
{
    public static MapPlan? Of(MapDescription map)
    {
        if (HistogramType.For(map, out _) is not { Plan: var plan } type)
        {
            return null;
        }

        return new MapPlan
        {
            Map = map,
            Shape = plan.Source,
            Labels = [.. plan.Labels.Select(field => PlannedLabel.Of(plan.Source, field))],
            Values = [new PlannedValue(null, null, map.Metadata.Metric?.Unit ?? type.Unit, MapPlan.HelpOf(map)) { Type = MetricType.Histogram }],
            Identity = plan is ObservationPlan ? plan.Identity : null,
            Histogram = plan,
        };
    }
}

/// <summary>Plans ring and perf buffers, in which each record is one observation.</summary>
internal static class EventPlans
{
    /// <summary>Counts the records by their labels: all fields except timestamps, pointers and flexible arrays, unless the metadata names the labels.</summary>
    public static MapPlan Counter(MapDescription map)
    {
        var record = RecordType.ForEvent(map);
        var labels = Fields(map, record).Where(label => map.Metadata.Labels.Count > 0
            ? map.Metadata.Labels.Contains(label.Property.MetadataName)
            : !label.Field.IsMade && !label.Field.IsOpenArray && label.Field.Value.Meaning is not (FieldMeaning.Timestamp or FieldMeaning.Pointer)).ToList();
        return new MapPlan
        {
            Map = map,
            Shape = record,
            Labels = labels.ConvertAll(label => PlannedLabel.Of(record, label.Property)),
            Values = [new PlannedValue(null, null, map.Metadata.Metric?.Unit ?? map.Metadata.Unit, MapPlan.HelpOf(map)) { Type = MetricType.Counter }],
            Identity = new LabelLayout(labels.Select(label => label.Field)),
        };
    }

    /// <summary>Keeps the last value for each combination of labels. Chooses the value field as for a histogram.</summary>
    public static MapPlan? Gauge(MapDescription map) => ObservationPlans.Of(map, out _) is not { } plan ? null : new MapPlan
    {
        Map = map,
        Shape = plan.Record,
        Labels = [.. plan.Labels.Select(field => PlannedLabel.Of(plan.Record, field))],
        Values =
        [
            new PlannedValue(null, plan.Value, map.Metadata.Metric?.Unit ?? map.Metadata.Unit ?? plan.Unit ?? HistogramUnits.OfName(map.Name), MapPlan.HelpOf(map))
            {
                Type = MetricType.Gauge,
            },
        ],
        Identity = plan.Identity,
    };

    /// <summary>Sums, or keeps the last of, the fields that the metadata declares. Without declared keys, there is one series.</summary>
    public static MapPlan? Declared(MapDescription map, FieldMetric declared, MetricType type)
    {
        var record = RecordType.ForEvent(map);
        var fields = Fields(map, record).ToList();
        var values = fields.Where(field => map.Metadata.Fields.GetValueOrDefault(field.Field.Name)?.Metric == declared)
            .Select(field => EntryPlan.Value(map, field.Field, type)).OfType<PlannedValue>().ToList();
        var labels = fields.Where(field => map.Metadata.Labels.Contains(field.Field.Name)).ToList();
        return values.Count == 0 ? null : new MapPlan
        {
            Map = map,
            Shape = record,
            Labels = labels.ConvertAll(label => PlannedLabel.Of(record, label.Property)),
            Values = values,
            Identity = new LabelLayout(labels.Select(label => label.Field)),
        };
    }

    private static IEnumerable<(FieldShape Field, RecordField Property)> Fields(MapDescription map, RecordType record)
    {
        if (map.Value is null or BtfVoid)
        {
            return [];
        }

        // The properties of the record are MapName, then the fields of the struct in order, or the value.
        var shape = WordsShape.Apply(ShapeReader.Read(map.Value, map.Name), "Value", map.Metadata);
        IReadOnlyList<FieldShape> fields = shape is ObjectShape { Struct.Fields: var members } ? members : [new FieldShape("Value", shape, 0, 0)];
        return fields.Select((field, i) => (field, record.Fields[i + 1]));
    }
}

/// <summary>Plans maps whose entries are counters or gauges.</summary>
internal static class EntryPlan
{
    /// <param name="map">The map.</param>
    /// <param name="type">The type of its metrics.</param>
    /// <param name="declared">The fields that the metadata declares as values; null for all numbers.</param>
    public static MapPlan? Of(MapDescription map, MetricType type, FieldMetric? declared = null)
    {
        var entry = EntryType.ForMap(map);
        var key = EntryShapes.Key(map);
        var keyFields = EntryShapes.Fields(key);
        var value = EntryShapes.Value(map);
        var named = map.Metadata.Labels;
        var valueFields = EntryShapes.Fields(value);
        var values = valueFields.Count == 0
            ? declared is null ? Single(map, value, type) : []
            : [.. valueFields.Where(field => !named.Contains(field.Name) && (declared is null ? !field.IsMade : map.Metadata.Fields.GetValueOrDefault(field.Name)?.Metric == declared))
                .Select(field => Value(map, field, type)).OfType<PlannedValue>()];
        if (values.Count == 0)
        {
            return null;
        }

        return new MapPlan
        {
            Map = map,
            Shape = entry,
            Labels = [.. Labels(map, entry, key, keyFields).Select(field => PlannedLabel.Of(entry, field))],
            // A single number has the map's name.
            Values = values.Count == 1 && declared is null ? [values[0] with { Field = null, Help = values[0].Help ?? MapPlan.HelpOf(map) }] : values,
        };
    }

    private static IEnumerable<RecordField> Labels(MapDescription map, EntryType entry, ValueShape key, IReadOnlyList<FieldShape> keyFields)
    {
        var named = map.Metadata.Labels;
        if (named.Count > 0)
        {
            return entry.Fields.Where(field => field.Name != "MapName" && named.Contains(field.MetadataName)).DistinctBy(field => field.MetadataName);
        }

        if (keyFields.Count > 0 && key is not PrefixShape)
        {
            return entry.Fields.Where(field => field.CName.Length > 0).Take(keyFields.Count).Where((_, i) => !keyFields[i].IsOpenArray && !keyFields[i].IsMade);
        }

        // The key of an array with one element has no information. A stack id as a key is replaced by the stack.
        return map.Type is MapType.Array or MapType.PerCpuArray && map.MaxEntries == 1 || map.KeySize == 0
            ? []
            : [key is NumberShape { Meaning: FieldMeaning.Stack } ? entry.Fields.First(field => field.Name == "Stack") : entry.Fields[1]];
    }

    private static List<PlannedValue> Single(MapDescription map, ValueShape value, MetricType type) => Number(value, 0, 0, type) is { } number
        ? [new PlannedValue(null, number, MapPlan.UnitOf(map, value.Meaning), MapPlan.HelpOf(map)) { Type = type }]
        : [];

    /// <summary>Returns the plan of a struct field as a value; null if the field is not a number.</summary>
    public static PlannedValue? Value(MapDescription map, FieldShape field, MetricType type)
    {
        if (Number(field.Value, field.BitOffset, field.BitSize, type) is not { } number)
        {
            return null;
        }

        var unit = map.Metadata.Fields.GetValueOrDefault(field.Name)?.Unit ?? HistogramPlan.UnitOf(field.Value.Meaning) ?? HistogramUnits.OfName("_" + field.Name);
        return new PlannedValue(field.Name, number, unit, map.Metadata.Fields.GetValueOrDefault(field.Name)?.Description ?? MapPlan.HelpOf(map)) { Type = type };
    }

    // Addresses, timestamps and ids are numbers too, but neither counters nor gauges.
    private static NumberField? Number(ValueShape value, int bitOffset, int bits, MetricType type) => value switch
    {
        NumberShape { Meaning: FieldMeaning.Port } => null,
        NumberShape { Meaning: FieldMeaning.Boolean, Size: 1 } when type == MetricType.Gauge => new NumberField(bitOffset / 8, 1, false, false, bitOffset % 8, bits),
        _ => NumberField.Of(new FieldShape("", value, bitOffset, bits)),
    };
}

/// <summary>Formats field values as labels: exact, and independent of culture and time zone.</summary>
internal static class LabelValue
{
    /// <summary>Returns the text of a field value; empty for null.</summary>
    /// <param name="value">The value of the property.</param>
    /// <param name="meaning">The meaning of the field.</param>
    public static string Of(object? value, FieldMeaning meaning) => value switch
    {
        null => "",
        string text => text,
        bool truth => truth ? "true" : "false",
        ulong address when meaning == FieldMeaning.Pointer => FieldText.Hex(address),
        DateTime moment => moment.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture),
        Enum name => name.ToString(),
        IEnumerable<byte> bytes when meaning == FieldMeaning.Bytes => Convert.ToHexString([.. bytes]).ToLowerInvariant(),
        IEnumerable<string> words when meaning == FieldMeaning.Words => string.Join(' ', words),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
