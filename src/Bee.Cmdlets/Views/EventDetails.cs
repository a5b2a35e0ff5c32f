using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Events and entries of any type on one line each.</summary>
internal static class EventDetails
{
    // No table shows more than this of a line, and records may be long.
    private const int Enough = 160;

    private static readonly ConcurrentDictionary<Type, (RecordField Field, FieldMeaning Meaning, PropertyInfo Property)[]> Shapes = new();

    /// <summary>Learns what the fields of a type mean.</summary>
    public static void Know(IRecordShape shape) => Shapes[shape.ClrType] = EventColumns.Shown(shape)
        .Select(field => (field, EventColumns.MeaningOf(shape, field), shape.ClrType.GetProperty(field.Name)!))
        .ToArray();

    /// <summary>The line.</summary>
    public static string Of(BpfEvent record, string shown)
    {
        if (!Shapes.TryGetValue(record.GetType(), out var fields))
        {
            return EventText.Line(record);
        }

        var names = shown.Split(',');
        var text = new StringBuilder();
        foreach (var (field, meaning, property) in fields)
        {
            if (Array.IndexOf(names, field.Name) >= 0 || text.Length > Enough)
            {
                continue;
            }

            var value = EventText.Of(meaning, property.GetValue(record));
            text.Append(text.Length == 0 ? "" : " ").Append(field.Name).Append('=').Append(value.Contains(' ', StringComparison.Ordinal) ? $"'{value}'" : value);
        }

        return text.ToString();
    }
}
