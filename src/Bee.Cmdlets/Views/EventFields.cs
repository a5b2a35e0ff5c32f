using System.Collections.Concurrent;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Numerics;
using System.Reflection;
using System.Reflection.Emit;
using System.Text;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Cmdlets.Views;

/// <summary>Formats the fields of events, entries and nested structs of any type, including deserialized ones.</summary>
internal static class EventFields
{
    private const string Deserialized = "Deserialized.";

    // Properties that jobs and remote sessions add to an object.
    private static readonly string[] s_added = ["PSComputerName", "RunspaceId", "PSShowComputerName", "PSSourceJobInstanceId", EventMembers.Shown];

    // Few terminals show a longer line, and records can be long.
    private const int Enough = 400;

    private static readonly ConcurrentDictionary<string, Field[]> s_shapes = new();
    private static readonly ConcurrentDictionary<string, IRecordShape> s_known = new();
    private static readonly ConcurrentDictionary<(Type Type, string Name), PropertyInfo?> s_properties = new();

    /// <summary>Registers a type, with the meanings of its fields and the author's choice of fields to show.</summary>
    public static void Register(IRecordShape shape)
    {
        s_known[shape.ClrType.FullName!] = shape;
        s_shapes[shape.ClrType.FullName!] = [.. EventColumns.Shown(shape).Select(field => new Field(field.Name, EventColumns.MeaningOf(shape, field), field.IsExtra))];
    }

    /// <summary>Returns the shape of a registered type; null for others.</summary>
    /// <param name="type">The type's full name.</param>
    public static IRecordShape? ShapeOf(string type) => s_known.GetValueOrDefault(type);

    /// <summary>Returns the fields on one line, as in <c>comm=sshd latency=1.2ms</c>.</summary>
    /// <param name="record">The object.</param>
    /// <param name="except">The names of the fields to omit.</param>
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

            PSObject? found = Value(record, field.Name);
            if (found is null && field.IsExtra)
            {
                // Most processes are in no container.
                continue;
            }

            var value = EventText.Of(field.Meaning, found, record);
            text.Append(text.Length == 0 ? "" : " ").Append(TerminalText.Show(field.Name)).Append('=').Append(Quoted(value));
        }

        return text.ToString();
    }

    /// <summary>Returns the fields, one per line.</summary>
    /// <param name="record">The object.</param>
    public static string OnLines(PSObject record)
    {
        Field[] fields = [.. Of(record).Where(field => field.Name != "MapName")];
        fields = [.. fields, .. HiddenExtras(record).Where(extra => !fields.Contains(extra))];
        if (record.Properties["MapName"] is not null)
        {
            fields = [new Field("MapName", FieldMeaning.Text), .. fields];
        }

        if (RemoteRecord.IsFromComputer(record) && !fields.Any(field => field.Name == RemoteRecord.ComputerName))
        {
            fields = [new Field(RemoteRecord.ComputerName, FieldMeaning.Text), .. fields];
        }

        int width = fields.Length == 0 ? 0 : fields.Max(field => field.Name.Length);
        string indent = "\n" + new string(' ', width + 3);
        return string.Join('\n', fields.Select(field =>
            $"{TerminalText.Show(field.Name).PadRight(width)} : {EventText.Item(field.Meaning, Value(record, field.Name), record).Replace("\n", indent, StringComparison.Ordinal)}"));
    }

    /// <summary>Returns a value, in quotes if it is empty or contains a blank.</summary>
    public static string Quoted(string value) => value.Length == 0 || value.Contains(' ', StringComparison.Ordinal) ? $"'{value}'" : value;

    /// <summary>Returns the value of a property; null if the object does not have it.</summary>
    public static PSObject? Value(PSObject record, string name) => EventText.Wrapped(
        RemoteRecord.EventOf(record) is { } live && s_properties.GetOrAdd((live.GetType(), name), static key => key.Type.GetProperty(key.Name)) is { } property
            ? property.GetValue(live)
            : record.Properties[name]?.Value);

    /// <summary>Returns the full names of an object's types, without the prefix of deserialized objects.</summary>
    public static IEnumerable<string> TypeNames(PSObject record) =>
        record.TypeNames.Select(name => name.StartsWith(Deserialized, StringComparison.Ordinal) ? name[Deserialized.Length..] : name);

    private static Field[] Of(PSObject record)
    {
        // A truncated record has its own class; the meanings are those of the complete one.
        var live = RemoteRecord.EventOf(record);
        var names = live is TruncatedEvent truncated ? [truncated.WholeType().FullName!] : TypeNames(record).Concat(live is null ? [] : [live.GetType().FullName!]);
        return names.Select(type => s_shapes.GetValueOrDefault(type)).FirstOrDefault(known => known is not null)
            ?? (IsHistogram(record) ? null : names.Select(RecordType.FieldsOf).FirstOrDefault(fields => fields is not null)?.Select(field => new Field(field.Name, field.Meaning, field.IsExtra)).ToArray())
            ?? [.. Own(record).Select(property => new Field(property.Name, MeaningOf(EventText.Wrapped(property.Value))))];
    }

    // A list shows what a table has no room for.
    private static IEnumerable<Field> HiddenExtras(PSObject record) =>
        (RemoteRecord.EventOf(record) is { } live ? [(live is TruncatedEvent truncated ? truncated.WholeType() : live.GetType()).FullName!] : TypeNames(record)).Select(RecordType.FieldsOf).FirstOrDefault(fields => fields is not null)?
            .Where(field => field.IsExtra).Select(field => new Field(field.Name, field.Meaning, IsExtra: true)) ?? [];

    /// <summary>Returns the properties of an object of an unknown type, without those that jobs and remote sessions added.</summary>
    public static IEnumerable<PSPropertyInfo> Own(PSObject record) => record.Properties.Where(property => !s_added.Contains(property.Name));

    private static bool IsHistogram(PSObject record) => TypeNames(record).Contains(typeof(Histogram).FullName);

    // For an unknown type, the meaning is guessed from the value.
    private static FieldMeaning MeaningOf(PSObject? value) =>
        value?.BaseObject is DateTime ? FieldMeaning.Timestamp
        : StackText.Frames(value) is not null ? FieldMeaning.Stack
        : value?.TypeNames.Any(name => name.StartsWith(Deserialized + "Bee.Ebpf.Records.BpfArray`1[[System.Byte,", StringComparison.Ordinal)) == true ? FieldMeaning.Bytes
        : FieldMeaning.Object;

    private readonly record struct Field(string Name, FieldMeaning Meaning, bool IsExtra = false);
}

/// <summary>Creates the extended members of an emitted type.</summary>
internal static class EventMembers
{
    /// <summary>The name of the property that a list shows for an object after one of another type. It contains a blank, which no C identifier can.</summary>
    public const string Shown = "Event data";

    /// <summary>
    /// Returns the type's members: timestamps with exact text (<see cref="EventTime"/>), and one hidden property with the text of all fields for lists of mixed objects,
    /// where PowerShell uses only the default display properties. Only the type's own properties are serialized.
    /// </summary>
    /// <param name="type">A type that <see cref="RecordType"/>, <see cref="EntryType"/> or <see cref="HistogramType"/> emitted.</param>
    /// <param name="isPart">Whether its objects are parts of others.</param>
    /// <returns>The members of the type and of its deserialized objects.</returns>
    public static IEnumerable<TypeData> Of(Type type, bool isPart)
    {
        var properties = PropertiesOf(type);
        return [.. RemoteRecord.NamesOf(type).Select(name => Live(name, type, properties, isPart)), Serialized($"Deserialized.{type.FullName}", properties)];
    }

    private static TypeData Live(string name, Type type, PropertyInfo[] properties, bool isPart)
    {
        var members = Serialized(name, properties);
        if (!isPart)
        {
            members.Members.Add(nameof(ToString), RemoteRecord.TextMember());
        }

        members.DefaultDisplayPropertySet = new PropertySetData([Shown]);
        var text = typeof(Histogram).IsAssignableFrom(type) ? "[Bee.Cmdlets.Views.HistogramText]::Draw($this, $Host, 13)" : "[Bee.Cmdlets.Views.EventText]::Fields($this)";
        members.Members.Add(Shown, new ScriptPropertyData(Shown, ScriptBlock.Create(text)) { IsHidden = true });
        foreach (var property in properties.Where(property => property.PropertyType == typeof(DateTime) || property.PropertyType == typeof(BigInteger)))
        {
            members.Members.Add(property.Name, new CodePropertyData(property.Name, MomentGetters.Of(property.Name)));
        }

        return members;
    }

    /// <summary>Returns the members of all deserialized events, entries and histograms.</summary>
    public static TypeData[] OfAll() => [new TypeData($"Deserialized.{typeof(BpfEvent).FullName}") { IsOverride = true, TargetTypeForDeserialization = typeof(RemoteRecord) }];

    /// <summary>Returns the members of an enum. It is serialized as its name: PowerShell deserializes an enum as a number, which does not equal the name.</summary>
    /// <param name="type">The enum.</param>
    public static TypeData OfEnum(Type type) => new(type.FullName!) { IsOverride = true, SerializationMethod = "String" };

    /// <summary>Returns the enums in the properties of an emitted type.</summary>
    public static IEnumerable<Type> Enums(Type type) => PropertiesOf(type).Select(property => Element(property.PropertyType)).Where(type => type.IsEnum).Distinct();

    /// <summary>Returns the names of an emitted type's timestamps.</summary>
    public static IEnumerable<string> Times(Type type) => PropertiesOf(type).Where(property => property.PropertyType == typeof(DateTime)).Select(property => property.Name);

    private static PropertyInfo[] PropertiesOf(Type type) => Array.FindAll(type.GetProperties(), property => property.GetIndexParameters().Length == 0);

    private static Type Element(Type type)
    {
        while (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(BpfArray<>))
        {
            type = type.GetGenericArguments()[0];
        }

        return type;
    }

    private static TypeData Serialized(string name, IEnumerable<PropertyInfo> properties) => new(name)
    {
        IsOverride = true,
        SerializationMethod = "SpecificProperties",
        // Jobs keep one level and Export-Clixml two, which is too few for structs in arrays.
        SerializationDepth = 4,
        PropertySerializationSet = new PropertySetData(properties.Select(property => property.Name).Append(nameof(TruncatedEvent.Truncated)).Distinct(StringComparer.OrdinalIgnoreCase)),
    };
}

/// <summary>
/// Creates getters of extended properties that return <see cref="EventTime.Of"/> of a property. PowerShell calls a static method with the object as the only argument, so each name needs
/// its own method. A script property would need a runspace and be many times slower for each event.
/// </summary>
internal static class MomentGetters
{
    private static readonly ModuleBuilder s_module = AssemblyBuilder
        .DefineDynamicAssembly(new AssemblyName("Bee.Cmdlets.Moments"), AssemblyBuilderAccess.Run).DefineDynamicModule("Bee.Cmdlets.Moments");

    private static readonly Dictionary<string, MethodInfo> s_made = [];

    /// <summary>Returns the getter for a name. Thread-safe.</summary>
    /// <param name="property">The property's name.</param>
    public static MethodInfo Of(string property)
    {
        lock (s_made)
        {
            if (!s_made.TryGetValue(property, out MethodInfo? getter))
            {
                TypeBuilder type = s_module.DefineType($"Moment{s_made.Count}", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
                MethodBuilder method = type.DefineMethod("Get", MethodAttributes.Public | MethodAttributes.Static, typeof(object), [typeof(PSObject)]);
                ILGenerator code = method.GetILGenerator();
                code.Emit(OpCodes.Ldarg_0);
                code.Emit(OpCodes.Ldstr, property);
                code.Emit(OpCodes.Call, typeof(EventTime).GetMethod(nameof(EventTime.Of))!);
                code.Emit(OpCodes.Ret);
                s_made[property] = getter = type.CreateType().GetMethod("Get")!;
            }

            return getter;
        }
    }
}

/// <summary>
/// Gives timestamps an exact text. Export-Csv, Format-List and Format-Table use ToString, and that of <see cref="DateTime"/> omits fractions
/// of a second and the time zone, and depends on the culture.
/// </summary>
/// <remarks>
/// A timestamp stays a <see cref="DateTime"/> or <see cref="DateTimeOffset"/>, with an additional type name for which formats/Bee.Types.ps1xml defines ToString. The name survives
/// serialization.
/// </remarks>
public static class EventTime
{
    private static readonly ConcurrentDictionary<(Type Type, string Name), PropertyInfo?> s_properties = new();

    /// <summary>Returns the timestamp in an object's property.</summary>
    /// <param name="source">The object.</param>
    /// <param name="property">The property's name.</param>
    /// <returns>The timestamp with its exact text; null if the property is null.</returns>
    public static object? Of(object? source, string property)
    {
        object? target = EventText.Base(source);
        object? value = target is null ? null : s_properties.GetOrAdd((target.GetType(), property), static key => key.Type.GetProperty(key.Name))?.GetValue(target);
        if (value is null)
        {
            return null;
        }

        var moment = new PSObject(value);
        moment.TypeNames.Insert(0, (value is BigInteger ? typeof(EventNumber) : typeof(EventTime)).FullName!);
        return moment;
    }

    /// <summary>Returns a timestamp's text.</summary>
    /// <param name="moment">A <see cref="DateTime"/> or <see cref="DateTimeOffset"/>.</param>
    /// <param name="arguments">Empty, or the arguments of the type's ToString: a format, a format provider.</param>
    /// <returns>Without arguments, the round-trip format of ISO 8601, as in <c>2026-11-30T14:03:59.1234567+01:00</c>.</returns>
    public static string Text(object? moment, object?[]? arguments)
    {
        var value = (IFormattable)EventText.Base(moment)!;
        object?[] given = [.. (arguments ?? []).Select(EventText.Base)];
        return given.Length == 0
            ? value.ToString("O", CultureInfo.InvariantCulture)
            : value.ToString(given.OfType<string>().FirstOrDefault(), given.OfType<IFormatProvider>().FirstOrDefault() ?? CultureInfo.CurrentCulture);
    }
}

/// <summary>The additional type name of integers of more than 64 bits. They are serialized as text with all digits: PowerShell would serialize their properties, without the number.</summary>
internal static class EventNumber;
