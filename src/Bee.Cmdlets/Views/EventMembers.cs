using System.Collections.Concurrent;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using System.Reflection.Emit;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Views;

/// <summary>What PowerShell must know of an emitted type beside its views.</summary>
internal static class EventMembers
{
    /// <summary>What lists show of an object that comes behind one of another type. Its name has a blank, which no C identifier has.</summary>
    public const string Shown = "Event data";

    /// <summary>
    /// Returns the type's members: moments whose text is exact (<see cref="EventTime"/>), and for lists of mixed objects, where PowerShell takes no view but the default
    /// display properties, one hidden property with the text of all fields. Only the type's own properties are serialized.
    /// </summary>
    /// <param name="type">A type that <see cref="RecordType"/>, <see cref="EntryType"/> or <see cref="HistogramType"/> emitted.</param>
    /// <returns>The members of the type, and of its deserialized objects.</returns>
    public static IEnumerable<TypeData> Of(Type type)
    {
        var properties = type.GetProperties();
        var members = Serialized(type.FullName!, properties);
        members.DefaultDisplayPropertySet = new PropertySetData([Shown]);
        var text = typeof(Histogram).IsAssignableFrom(type) ? "[Bee.Cmdlets.Views.HistogramText]::Draw($this, $Host, 13)" : "[Bee.Cmdlets.Views.EventText]::Fields($this)";
        members.Members.Add(Shown, new ScriptPropertyData(Shown, ScriptBlock.Create(text)) { IsHidden = true });
        foreach (var property in properties.Where(property => property.PropertyType == typeof(DateTime)))
        {
            members.Members.Add(property.Name, new CodePropertyData(property.Name, MomentGetters.Of(property.Name)));
        }

        return [members, Serialized($"Deserialized.{type.FullName}", properties)];
    }

    private static TypeData Serialized(string name, IEnumerable<PropertyInfo> properties) => new(name)
    {
        IsOverride = true,
        SerializationMethod = "SpecificProperties",
        // Jobs keep one level and Export-Clixml two: too few for structs in arrays.
        SerializationDepth = 4,
        PropertySerializationSet = new PropertySetData(properties.Select(property => property.Name).Append(nameof(TruncatedEvent.Truncated)).Distinct(StringComparer.OrdinalIgnoreCase)),
    };
}

/// <summary>
/// Getters of extended properties that give <see cref="EventTime.Of"/> of a property. PowerShell calls a static method that takes the object alone, so each name has a
/// method of its own; a script would need a runspace and take many times as long for each event.
/// </summary>
internal static class MomentGetters
{
    private static readonly ModuleBuilder s_module = AssemblyBuilder
        .DefineDynamicAssembly(new AssemblyName("Bee.Cmdlets.Moments"), AssemblyBuilderAccess.Run).DefineDynamicModule("Bee.Cmdlets.Moments");

    private static readonly Dictionary<string, MethodInfo> s_made = [];

    /// <summary>Returns the getter for a name; it is thread-safe.</summary>
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
/// Gives moments an exact text. Export-Csv, Format-List and Format-Table take what a value's ToString returns, and that of <see cref="DateTime"/> has neither parts
/// of a second nor a zone and follows the culture.
/// </summary>
/// <remarks>
/// A moment stays a <see cref="DateTime"/> or <see cref="DateTimeOffset"/>, with a type name in front for which formats/Bee.Types.ps1xml has a ToString. The name survives
/// serialization.
/// </remarks>
public static class EventTime
{
    private static readonly ConcurrentDictionary<(Type Type, string Name), PropertyInfo?> s_properties = new();

    /// <summary>Returns the moment in an object's property.</summary>
    /// <param name="source">The object.</param>
    /// <param name="property">The property's name.</param>
    /// <returns>The moment with its exact text; null where the property is null.</returns>
    public static object? Of(object? source, string property)
    {
        object? target = EventText.Base(source);
        object? value = target is null ? null : s_properties.GetOrAdd((target.GetType(), property), static key => key.Type.GetProperty(key.Name))?.GetValue(target);
        if (value is null)
        {
            return null;
        }

        var moment = new PSObject(value);
        moment.TypeNames.Insert(0, typeof(EventTime).FullName!);
        return moment;
    }

    /// <summary>Returns a moment's text.</summary>
    /// <param name="moment">A <see cref="DateTime"/> or <see cref="DateTimeOffset"/>.</param>
    /// <param name="arguments">None, or what the ToString of the moment's type takes: a format, a format provider.</param>
    /// <returns>Without arguments the round-trip format of ISO 8601, as in <c>2026-11-30T14:03:59.1234567+01:00</c>.</returns>
    public static string Text(object? moment, object?[]? arguments)
    {
        var value = (IFormattable)EventText.Base(moment)!;
        object?[] given = [.. (arguments ?? []).Select(EventText.Base)];
        return given.Length == 0
            ? value.ToString("O", CultureInfo.InvariantCulture)
            : value.ToString(given.OfType<string>().FirstOrDefault(), given.OfType<IFormatProvider>().FirstOrDefault() ?? CultureInfo.CurrentCulture);
    }
}
