using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Ebpf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Sessions;

/// <summary>Entries that maps get between loading and attaching, as a hashtable of maps gives them.</summary>
internal sealed class MapEntryValues
{
    private readonly List<(string Map, object? Given)> _maps = [];

    private MapEntryValues()
    {
    }

    /// <summary>Checks the names of the maps, before anything is loaded.</summary>
    /// <exception cref="BeeInputException">A name is not one of the object's maps, or has no entries.</exception>
    public static MapEntryValues From(IDictionary? given, ObjectFile file)
    {
        var values = new MapEntryValues();
        foreach (DictionaryEntry entry in given ?? new Hashtable())
        {
            string name = LanguagePrimitives.ConvertTo<string>(entry.Key);
            int slash = name.IndexOf('/', StringComparison.Ordinal);
            string map = ObjectNames.FindMap(slash < 0 ? name : name[..slash], file).Name;
            // A variable with a slip in its name must not become a list of nothing.
            values._maps.Add((slash < 0 ? map : map + name[slash..], entry.Value ?? throw new BeeInputException(
                "MapEntryMissing", $"-MapEntry was given nothing for the map {name}.", "An empty list, @(), means no entries.")));
        }

        return values;
    }

    /// <summary>Sets the entries: all of a map's are looked at before the first is written.</summary>
    /// <exception cref="BpfMapException">An entry does not fit, or the kernel refuses it; the message names map and entry.</exception>
    /// <exception cref="BeeInputException">There is no such map inside of another.</exception>
    public void Apply(BpfSession session)
    {
        foreach ((string name, object? given) in _maps)
        {
            var writer = new MapWriter(Find(session, name));
            writer.Settable();
            int number = 0;
            var entries = new List<(string Place, EncodedEntry Entry)>();
            foreach ((object? key, object? value, bool isPair) in Entries(given, writer))
            {
                string place = isPair ? $"entry {EntryText.Of(key)}" : $"entry {++number} ({EntryText.Of(value)})";
                entries.Add((place, Located(name, place, () => isPair ? writer.Encode(key, value) : Encode(writer, value))));
            }

            foreach ((string place, EncodedEntry entry) in entries)
            {
                Located(name, place, () =>
                {
                    writer.Write(entry);
                    return entry;
                });
            }
        }
    }

    private static BpfMap Find(BpfSession session, string name)
    {
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? name : name[..slash];
        BpfMap outer = session.Maps.FirstOrDefault(map => map.Name == first) ?? throw new BeeInputException("MapNotFound", $"The map '{first}' was not made: no program that is loaded uses it.");
        return slash < 0 ? outer : outer.InnerMaps().FirstOrDefault(inner => inner.Name == name)
            ?? throw new BeeInputException("MapNotFound", $"There is no map '{name}'; those inside of {outer.Name}: {string.Join(", ", outer.InnerMaps().Select(inner => inner.Name))}.");
    }

    // A hashtable is one entry where it has the names of one, and else a table of keys and values; anything else is one entry, or a list of them.
    private static IEnumerable<(object? Key, object? Value, bool IsPair)> Entries(object? given, MapWriter writer)
    {
        object? bare = given is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : given;
        return bare switch
        {
            IDictionary table when !IsEntry(table.Keys.Cast<object>().Select(name => $"{name}"), writer) => table.Cast<DictionaryEntry>().Select(pair => (PlainValue.Of(pair.Key), PlainValue.Of(pair.Value), true)),
            PSObject custom when !IsEntry(custom.Properties.Select(property => property.Name), writer) => custom.Properties.Select(property => ((object?)property.Name, PlainValue.Of(property.Value), true)),
            IEnumerable list and not (string or IDictionary) => list.Cast<object?>().Select(one => ((object?)null, PlainValue.Of(one), false)),
            _ => [(null, PlainValue.Of(given), false)],
        };
    }

    private static bool IsEntry(IEnumerable<string> names, MapWriter writer)
    {
        var given = new HashSet<string>(names, StringComparer.OrdinalIgnoreCase);
        bool hasKey = writer.Map.Description.KeySize == 0 || given.Contains("Key");
        // Text as a key may be any word, also the name of a field.
        return writer.NeedsNoKey || (hasKey && (given.Contains("Value") || given.Contains("Values"))) || (!writer.HasTextKey && writer.Names.Any(given.Contains));
    }

    private static EncodedEntry Encode(MapWriter writer, object? entry) => entry is IDictionary or MapEntry
        ? writer.Encode(entry)
        : writer.NeedsNoKey ? writer.Encode(null, entry)
        : throw new BpfMapException(MapFault.BadValue, writer.Map.Name, $"'{entry}' is not an entry for the map {writer.Map.Name}.", $"Give an object or a hashtable with {string.Join(", ", writer.Names)}, or a hashtable of keys and values.");

    private static EncodedEntry Located(string map, string place, Func<EncodedEntry> work)
    {
        try
        {
            return work();
        }
        catch (BpfMapException fault)
        {
            throw new BpfMapException(fault.Fault, map, $"-MapEntry {map}, {place}: {fault.Message}", fault.Remedy, fault.Errno);
        }
    }
}

/// <summary>What an entry or a key is called in questions and messages.</summary>
internal static class EntryText
{
    /// <summary>The text for a plain value: fields with their values, of an entry the key.</summary>
    public static string Of(object? entry) => entry switch
    {
        IDictionary members => string.Join(", ", members.Keys.Cast<object>().Where(name => !"MapName".Equals(name.ToString(), StringComparison.OrdinalIgnoreCase)).Select(name => $"{name} = {Of(members[name])}")),
        MapEntry made => $"{made.GetType().GetProperty("Key")?.GetValue(made)}",
        _ => $"{entry}",
    };
}

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
