using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets;

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
        var text = typeof(Histogram).IsAssignableFrom(type) ? "[Bee.Cmdlets.HistogramText]::Draw($this, $Host, 13)" : "[Bee.Cmdlets.EventText]::Fields($this)";
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
