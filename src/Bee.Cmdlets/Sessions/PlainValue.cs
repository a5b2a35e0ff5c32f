using System.Collections;
using System.Management.Automation;

namespace Bee.Cmdlets.Sessions;

/// <summary>Takes PowerShell's wrapping off what a person gave: the libraries below know .NET's values, lists and dictionaries only.</summary>
internal static class PlainValue
{
    /// <summary>The value; hashtables and custom objects become dictionaries, with plain values inside, and a map its id.</summary>
    public static object? Of(object? value)
    {
        if (value is PSObject wrapped)
        {
            // A custom object has no object inside; its properties are a struct's fields.
            value = wrapped.BaseObject is PSCustomObject ? Fields(wrapped) : wrapped.BaseObject;
        }

        return value switch
        {
            Dictionary<string, object?> done => done,
            IDictionary fields => Fields(fields),
            object[] items => Array.ConvertAll(items, Of),
            ArrayList items => items.ToArray().Select(Of).ToArray(),
            SwitchParameter given => given.IsPresent,
            MapInfo map => map.Id,
            _ => value,
        };
    }

    private static Dictionary<string, object?> Fields(PSObject custom)
    {
        var fields = new Dictionary<string, object?>();
        foreach (PSPropertyInfo property in custom.Properties)
        {
            fields[property.Name] = Of(property.Value);
        }

        return fields;
    }

    private static Dictionary<string, object?> Fields(IDictionary given)
    {
        var fields = new Dictionary<string, object?>();
        foreach (DictionaryEntry entry in given)
        {
            fields[entry.Key as string ?? LanguagePrimitives.ConvertTo<string>(entry.Key)] = Of(entry.Value);
        }

        return fields;
    }
}
