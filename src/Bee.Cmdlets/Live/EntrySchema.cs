using System.Globalization;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Live;

/// <summary>How a live view tells the entries of a map apart, and which number it follows.</summary>
internal static class EntrySchema
{
    /// <summary>Returns where a map's entries come from.</summary>
    /// <param name="type">The entries.</param>
    /// <param name="schema">Their columns.</param>
    /// <param name="role">What the map is for.</param>
    /// <param name="interval">The time between two readings.</param>
    /// <param name="givesAll">Whether each reading gives all entries.</param>
    public static EntrySource Of(EntryType type, LiveSchema schema, MapRole role, TimeSpan interval, bool givesAll)
    {
        int column = NumberColumn(type, schema);
        string? name = column < 0 ? null : schema.Columns[column].Name;
        return new EntrySource(
            item => EventSchema.Value(item, "Key") ?? string.Empty,
            name is null ? null : item => Number(EventSchema.Value(item, name)),
            column, interval, givesAll, role == MapRole.Counter);
    }

    // The value, or of a struct value its first number: what stands behind the key's fields.
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

    // Behind MapName, Key, Value (and Values) stand the fields of a struct key, then those of a struct value.
    private static bool IsOfKey(EntryType type, RecordField field)
    {
        RecordField key = type.Fields[1];
        return key.Meaning == FieldMeaning.Object && key.ClrType.GetProperty(field.Name) is not null;
    }

    private static double? Number(object? value) => value is IConvertible number and not string ? number.ToDouble(CultureInfo.InvariantCulture) : null;
}
