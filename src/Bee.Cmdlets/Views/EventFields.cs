using System.Collections.Concurrent;
using System.Management.Automation;
using System.Reflection;
using System.Text;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Cmdlets.Views;

/// <summary>The fields of events, entries and nested structs of any type as text, also of those that were deserialized.</summary>
internal static class EventFields
{
    private const string Deserialized = "Deserialized.";

    // What jobs and remote sessions add to an object.
    private static readonly string[] s_added = ["PSComputerName", "RunspaceId", "PSShowComputerName", "PSSourceJobInstanceId", EventMembers.Shown];

    // Few terminals show more than this of a line, and records may be long.
    private const int Enough = 400;

    private static readonly ConcurrentDictionary<string, Field[]> s_shapes = new();
    private static readonly ConcurrentDictionary<string, IRecordShape> s_known = new();
    private static readonly ConcurrentDictionary<(Type Type, string Name), PropertyInfo?> s_properties = new();

    /// <summary>Learns what the fields of a type mean, and which of them its author shows.</summary>
    public static void Know(IRecordShape shape)
    {
        s_known[shape.ClrType.FullName!] = shape;
        s_shapes[shape.ClrType.FullName!] = [.. EventColumns.Shown(shape).Select(field => new Field(field.Name, EventColumns.MeaningOf(shape, field)))];
    }

    /// <summary>Returns the shape of a type that this process has made views for; null for others.</summary>
    /// <param name="type">The type's full name.</param>
    public static IRecordShape? ShapeOf(string type) => s_known.GetValueOrDefault(type);

    /// <summary>Returns the fields on one line, as in <c>comm=sshd latency=1.2ms</c>.</summary>
    /// <param name="record">The object.</param>
    /// <param name="except">The names of the fields to leave out.</param>
    public static string OnOneLine(PSObject record, string[] except)
    {
        if (IsHistogram(record))
        {
            return $"{HistogramText.Labels(record)} {HistogramText.Summary(record)}".TrimStart();
        }

        var text = new StringBuilder();
        foreach (var field in Of(record))
        {
            if (Array.IndexOf(except, field.Name) >= 0 || text.Length > Enough)
            {
                continue;
            }

            var value = EventText.Of(field.Meaning, Value(record, field.Name));
            text.Append(text.Length == 0 ? "" : " ").Append(TerminalText.Show(field.Name)).Append('=').Append(Quoted(value));
        }

        return text.ToString();
    }

    /// <summary>Returns the fields, one a line.</summary>
    /// <param name="record">The object.</param>
    public static string OnLines(PSObject record)
    {
        Field[] fields = [.. Of(record).Where(field => field.Name != "MapName")];
        if (record.Properties["MapName"] is not null)
        {
            fields = [new Field("MapName", FieldMeaning.Text), .. fields];
        }

        int width = fields.Length == 0 ? 0 : fields.Max(field => field.Name.Length);
        string indent = "\n" + new string(' ', width + 3);
        return string.Join('\n', fields.Select(field =>
            $"{TerminalText.Show(field.Name).PadRight(width)} : {EventText.Item(field.Meaning, Value(record, field.Name)).Replace("\n", indent, StringComparison.Ordinal)}"));
    }

    /// <summary>A value, in quotes where it would run into the next.</summary>
    public static string Quoted(string value) => value.Length == 0 || value.Contains(' ', StringComparison.Ordinal) ? $"'{value}'" : value;

    /// <summary>The value of a property, as the object has it; null where it has no such property.</summary>
    public static PSObject? Value(PSObject record, string name) => EventText.Wrapped(record.BaseObject is BpfEvent live
        ? s_properties.GetOrAdd((live.GetType(), name), static key => key.Type.GetProperty(key.Name))?.GetValue(live)
        : record.Properties[name]?.Value);

    /// <summary>The full names of an object's types, whether it was deserialized or not.</summary>
    public static IEnumerable<string> TypeNames(PSObject record) =>
        record.TypeNames.Select(name => name.StartsWith(Deserialized, StringComparison.Ordinal) ? name[Deserialized.Length..] : name);

    private static Field[] Of(PSObject record)
    {
        // A truncated record has a class of its own; the meanings are those of the whole one.
        var names = record.BaseObject is TruncatedEvent truncated ? [truncated.WholeType().FullName!] : TypeNames(record);
        return names.Select(type => s_shapes.GetValueOrDefault(type)).FirstOrDefault(known => known is not null)
            ?? (IsHistogram(record) ? null : TypeNames(record).Select(RecordType.FieldsOf).FirstOrDefault(fields => fields is not null)?.Select(field => new Field(field.Name, field.Meaning)).ToArray())
            ?? [.. Own(record).Select(property => new Field(property.Name, MeaningOf(EventText.Wrapped(property.Value))))];
    }

    /// <summary>The properties of an object whose type this process does not know.</summary>
    public static IEnumerable<PSPropertyInfo> Own(PSObject record) => record.Properties.Where(property => !s_added.Contains(property.Name));

    private static bool IsHistogram(PSObject record) => TypeNames(record).Contains(typeof(Histogram).FullName);

    // Of a type that this process has not made the value itself tells a little.
    private static FieldMeaning MeaningOf(PSObject? value) =>
        value?.BaseObject is DateTime ? FieldMeaning.Timestamp
        : StackText.Frames(value) is not null ? FieldMeaning.Stack
        : value?.TypeNames.Any(name => name.StartsWith(Deserialized + "Bee.Ebpf.Records.BpfArray`1[[System.Byte,", StringComparison.Ordinal)) == true ? FieldMeaning.Bytes
        : FieldMeaning.Object;

    private readonly record struct Field(string Name, FieldMeaning Meaning);
}
