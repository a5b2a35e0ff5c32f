using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using System.Numerics;
using System.Reflection;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;

namespace Bee.Telemetry.Logs;

/// <summary>The properties of one type of events, as log attributes.</summary>
internal sealed class EventShape
{
    private const string MapProperty = "MapName";

    private static readonly ConcurrentDictionary<Type, EventShape> s_known = new();

    private readonly PropertyInfo? _map;

    private EventShape(Type type)
    {
        Name = type.Name;
        IReadOnlyList<RecordField> fields = FieldsOf(type);
        var found = new List<EventField>();
        foreach (PropertyInfo property in type.GetProperties())
        {
            if (property.Name == MapProperty && property.PropertyType == typeof(string))
            {
                _map = property;
            }
            else if (property.GetIndexParameters().Length == 0)
            {
                found.Add(new EventField(property, fields.FirstOrDefault(field => field.Name == property.Name)));
            }
        }

        Fields = [.. found];
    }

    /// <summary>The name of the type.</summary>
    public string Name { get; }

    /// <summary>All properties except the name of the map, in declaration order.</summary>
    public EventField[] Fields { get; }

    /// <summary>Returns the shape of a type.</summary>
    public static EventShape Of(Type type) => s_known.GetOrAdd(type, static type => new EventShape(type));

    /// <summary>Returns the name of the map that an event came from; null if its type has no such property.</summary>
    public string? MapName(BpfEvent item) => _map?.GetValue(item) as string;

    /// <summary>Returns the attributes of an event. The names of its container and of its host are omitted if it has none.</summary>
    public LogAttribute[] Attributes(BpfEvent item)
    {
        var attributes = new LogAttribute[Fields.Length];
        int count = 0;
        foreach (EventField field in Fields)
        {
            object? value = field.Attribute(item);
            if (!field.IsExtra || value is not (null or false))
            {
                attributes[count++] = new LogAttribute(field.Name, value);
            }
        }

        return count == attributes.Length ? attributes : attributes[..count];
    }

    // A truncated or extended event wraps a type that has the fields.
    private static IReadOnlyList<RecordField> FieldsOf(Type type)
    {
        for (Type? one = type; one is not null && one != typeof(BpfEvent); one = one.BaseType)
        {
            if (RecordType.FieldsOf(one.FullName!) is { } fields)
            {
                return fields;
            }
        }

        return [];
    }
}

/// <summary>One property of a type of events.</summary>
/// <param name="property">The property.</param>
/// <param name="field">The field of the property; null if it is not a field of the record.</param>
internal sealed class EventField(PropertyInfo property, RecordField? field)
{
    /// <summary>The name of the attribute.</summary>
    public string Name { get; } = property.Name;

    /// <summary>The name of the field in the map's metadata.</summary>
    public string MetadataName { get; } = field?.MetadataName ?? property.Name;

    /// <summary>The meaning of the value.</summary>
    public FieldMeaning Meaning { get; } = field?.Meaning ?? FieldMeaning.Object;

    /// <summary>Whether the value is not part of the record, but says where it was read: the names of the container and of the host.</summary>
    public bool IsExtra { get; } = field?.IsExtra == true;

    /// <summary>Whether the value is left out of the line of an event, as tables leave it out.</summary>
    public bool IsDetail { get; } = field is { IsExtra: true, Name: ExtraNames.Image or ExtraNames.Node or ExtraNames.Owner or ExtraNames.Labels };

    /// <summary>Whether the value is a time.</summary>
    public bool IsMoment { get; } = property.PropertyType == typeof(DateTime);

    /// <summary>Returns the value of the property.</summary>
    public object? Value(BpfEvent item) => property.GetValue(item);

    /// <summary>Returns the value of the property as an attribute.</summary>
    public object? Attribute(BpfEvent item) => Meaning == FieldMeaning.Pointer && property.GetValue(item) is ulong address
        ? string.Create(CultureInfo.InvariantCulture, $"0x{address:x}")
        : ToAttribute(property.GetValue(item));

    /// <summary>Converts a value of a record to one of the types of <see cref="LogAttribute"/>.</summary>
    public static object? ToAttribute(object? value) => value switch
    {
        null or string or bool or long or double => value,
        float number => (double)number,
        ulong number => number <= long.MaxValue ? (long)number : number.ToString(CultureInfo.InvariantCulture),
        BigInteger number => number >= long.MinValue && number <= long.MaxValue ? (long)number : number.ToString(CultureInfo.InvariantCulture),
        Enum name => OfEnum(name),
        DateTime moment => moment.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture),
        byte or sbyte or short or ushort or int or uint => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        StackTrace trace => trace.ToString(),
        BpfArray<byte> bytes => bytes.ToArray(),
        BpfEvent record => EventShape.Of(record.GetType()).Attributes(record),
        IEnumerable list => OfList(list),
        IFormattable text => text.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };

    // A value without a name becomes its digits.
    private static object OfEnum(Enum value)
    {
        string name = value.ToString();
        return char.IsAsciiDigit(name[0]) || name[0] == '-'
            ? ToAttribute(Convert.ChangeType(value, Enum.GetUnderlyingType(value.GetType()), CultureInfo.InvariantCulture))!
            : name;
    }

    private static object?[] OfList(IEnumerable list)
    {
        var items = new List<object?>();
        foreach (object? item in list)
        {
            items.Add(ToAttribute(item));
        }

        return [.. items];
    }
}
