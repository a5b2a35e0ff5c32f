using System.Collections.Concurrent;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Live;

/// <summary>The columns of events and entries in a live view: the same columns as in their tables, with widths for every screen size.</summary>
internal static class EventSchema
{
    // Wide screens show longer names of containers and hosts.
    private const int LongestName = 64;

    private static readonly ConcurrentDictionary<(Type Type, string Name), PropertyInfo?> s_properties = new();

    /// <summary>Returns the schema of a record type's tab.</summary>
    /// <param name="shape">The type.</param>
    public static LiveSchema Of(IRecordShape shape) => new(shape.Name, [.. EventColumns.Shown(shape).Select(field => Column(shape, field))], Details);

    /// <summary>Returns the schema of a tab for a type without fields, which shows lines of text.</summary>
    /// <param name="name">The tab's name.</param>
    public static LiveSchema OfText(string name) => new(name, [new LiveColumn("Text", false, 20, 400, 1, item => EventText.Line(EventText.Wrapped(item)), item => item.ToString())], Details);

    /// <summary>Returns the value of a property; null if the object does not have it. Thread-safe.</summary>
    public static object? Value(object item, string name) => s_properties.GetOrAdd((item.GetType(), name), static key => key.Type.GetProperty(key.Name))?.GetValue(item);

    private static LiveColumn Column(IRecordShape shape, RecordField field)
    {
        FieldMetadata metadata = EventColumns.MetadataOf(shape, field);
        FieldMeaning meaning = EventColumns.MeaningOf(shape, field);
        return new LiveColumn(
            field.Name,
            metadata.AlignRight ?? field.AlignRight,
            metadata.Width ?? EventColumns.Least(field),
            metadata.Width ?? (field.Meaning is FieldMeaning.Words or FieldMeaning.Stack or FieldMeaning.Bytes ? 200 : field.Meaning is FieldMeaning.Text ? Math.Max(EventColumns.Preferred(field), field.IsExtra ? LongestName : field.Size) : EventColumns.Preferred(field)),
            EventColumns.Interest(field, shape),
            item => EventText.Of(meaning, EventText.Wrapped(Value(item, field.Name)), EventText.Wrapped(item)),
            item => Comparable(Value(item, field.Name)));
    }

    private static IComparable? Comparable(object? value) => value as IComparable ?? value?.ToString();

    private static string Details(object item) => EventText.Fields(PSObject.AsPSObject(item));
}

/// <summary>Describes how a live view identifies the entries of a map, and which number it plots.</summary>
internal static class EntrySchema
{
    /// <summary>Returns the source of a map's entries.</summary>
    /// <param name="type">The type of the entries.</param>
    /// <param name="schema">Their columns.</param>
    /// <param name="role">The role of the map.</param>
    /// <param name="interval">The time between two readings.</param>
    /// <param name="givesAll">Whether each reading returns all entries.</param>
    public static EntrySource Of(EntryType type, LiveSchema schema, MapRole role, TimeSpan interval, bool givesAll)
    {
        int column = NumberColumn(type, schema);
        string? name = column < 0 ? null : schema.Columns[column].Name;
        return new EntrySource(
            item => EventSchema.Value(item, "Key") ?? string.Empty,
            name is null ? null : item => Number(EventSchema.Value(item, name)),
            column, interval, givesAll, role == MapRole.Counter);
    }

    // The value, or the first number of a struct value. Its column follows those of the key.
    private static int NumberColumn(EntryType type, LiveSchema schema)
    {
        for (int i = 0; i < schema.Columns.Count; i++)
        {
            RecordField field = type.Fields.First(field => field.Name == schema.Columns[i].Name);
            bool isOfValue = field is { Name: "Value", CName.Length: 0 } || (field.CName.Length > 0 && !IsOfKey(type, field));
            if (isOfValue && field.Meaning is FieldMeaning.Number or FieldMeaning.Duration or FieldMeaning.ByteSize && Type.GetTypeCode(field.ClrType) is >= TypeCode.SByte and <= TypeCode.Double)
            {
                return i;
            }
        }

        return -1;
    }

    // After MapName, Key, Value (and Values) come the fields of a struct key, then those of a struct value.
    private static bool IsOfKey(EntryType type, RecordField field)
    {
        RecordField key = type.Fields.First(one => one is { Name: "Key", CName.Length: 0 });
        return key.Meaning == FieldMeaning.Object && key.ClrType.GetProperty(field.Name) is not null;
    }

    private static double? Number(object? value) => value is IConvertible number and not string ? number.ToDouble(CultureInfo.InvariantCulture) : null;
}

/// <summary>Describes histograms for a live view.</summary>
internal static class HistogramSchema
{
    /// <summary>Returns a histogram's labels, buckets and summary.</summary>
    /// <param name="item">A <see cref="Bee.Ebpf.Records.Histogram"/>.</param>
    public static LiveHistogram Of(object item)
    {
        var read = HistogramReading.Of(PSObject.AsPSObject(item));
        IReadOnlyList<string> ranges = HistogramText.Ranges(read);
        return new LiveHistogram(HistogramText.Labels(item), read.Count, HistogramText.Summary(item), [.. read.Buckets.Select((bucket, place) => new LiveBucket(bucket.From, ranges[place], bucket.Count))])
        {
            Key = Key(item),
        };
    }

    // The names of a container are left out, because they follow from the other labels and may become known later.
    private static string Key(object item) => RecordType.FieldsOf(item.GetType().FullName!) is { } labels
        ? string.Join('\n', labels.Where(label => !label.IsExtra || EventColumns.IsHost(label)).Select(label => $"{EventSchema.Value(item, label.Name)}"))
        : HistogramText.Labels(item);

    /// <summary>Returns the whole histogram as lines.</summary>
    /// <param name="item">A <see cref="Bee.Ebpf.Records.Histogram"/>.</param>
    public static string Details(object item) => HistogramText.Draw(item);
}
