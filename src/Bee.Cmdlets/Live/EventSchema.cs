using System.Collections.Concurrent;
using System.Management.Automation;
using System.Reflection;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Live;

/// <summary>The columns that a live view gives events and entries: those of their tables, with widths for every screen.</summary>
internal static class EventSchema
{
    private static readonly ConcurrentDictionary<(Type Type, string Name), PropertyInfo?> s_properties = new();

    /// <summary>Returns what a tab has to know of a type.</summary>
    /// <param name="shape">The type.</param>
    public static LiveSchema Of(IRecordShape shape) => new(shape.Name, [.. EventColumns.Shown(shape).Select(field => Column(shape, field))], Details);

    /// <summary>Returns what a tab has to know of a type without fields: lines of text.</summary>
    /// <param name="name">The tab's name.</param>
    public static LiveSchema OfText(string name) => new(name, [new LiveColumn("Text", false, 20, 400, 1, item => EventText.Line(EventText.Wrapped(item)), item => item.ToString())], Details);

    /// <summary>The value of a property; null where the object has no such property. Safe from any thread.</summary>
    public static object? Value(object item, string name) => s_properties.GetOrAdd((item.GetType(), name), static key => key.Type.GetProperty(key.Name))?.GetValue(item);

    private static LiveColumn Column(IRecordShape shape, RecordField field)
    {
        FieldMetadata said = EventColumns.Said(shape, field);
        FieldMeaning meaning = EventColumns.MeaningOf(shape, field);
        return new LiveColumn(
            field.Name,
            said.AlignRight ?? field.AlignRight,
            said.Width ?? EventColumns.Least(field),
            said.Width ?? (field.Meaning is FieldMeaning.Words or FieldMeaning.Stack or FieldMeaning.Bytes ? 200 : field.Meaning is FieldMeaning.Text ? Math.Max(EventColumns.Preferred(field), field.Size) : EventColumns.Preferred(field)),
            EventColumns.Interest(field, shape),
            item => EventText.Of(meaning, EventText.Wrapped(Value(item, field.Name))),
            item => Comparable(Value(item, field.Name)));
    }

    private static IComparable? Comparable(object? value) => value as IComparable ?? value?.ToString();

    private static string Details(object item) => EventText.Fields(PSObject.AsPSObject(item));
}
