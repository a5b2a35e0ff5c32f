using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Errors;
using Bee.Ebpf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Sessions;

/// <summary>The entries of -MapEntry, which are set between loading and attaching.</summary>
internal sealed class MapEntryValues
{
    private readonly List<(string Map, object? Given)> _maps = [];

    private MapEntryValues()
    {
    }

    /// <summary>Checks the names of the maps before anything is loaded.</summary>
    /// <exception cref="BeeInputException">A name is not that of a map with entries.</exception>
    public static MapEntryValues From(IDictionary? given, ObjectFile file)
    {
        var values = new MapEntryValues();
        foreach (DictionaryEntry entry in given ?? new Hashtable())
        {
            string name = LanguagePrimitives.ConvertTo<string>(entry.Key);
            int slash = name.IndexOf('/', StringComparison.Ordinal);
            string map = ObjectNames.FindMap(slash < 0 ? name : name[..slash], file).Name;
            // Null is an error: a misspelled variable must not count as an empty list.
            values._maps.Add((slash < 0 ? map : map + name[slash..], entry.Value ?? throw new BeeInputException(
                "MapEntryMissing", $"-MapEntry has $null for the map {name}.", "Use an empty list, @(), for no entries.")));
        }

        return values;
    }

    /// <summary>Sets the entries. All entries of a map are validated before the first is written.</summary>
    /// <exception cref="BpfMapException">An entry is invalid, or the kernel rejects it. The message names map and entry.</exception>
    /// <exception cref="BeeInputException">An inner map does not exist.</exception>
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
        BpfMap outer = session.Maps.FirstOrDefault(map => map.Name == first) ?? throw new BeeInputException("MapNotFound", $"The map '{first}' was not created, because no loaded program uses it.");
        return slash < 0 ? outer : outer.InnerMaps().FirstOrDefault(inner => inner.Name == name)
            ?? throw new BeeInputException("MapNotFound", $"There is no map '{name}'. The maps in {outer.Name} are: {string.Join(", ", outer.InnerMaps().Select(inner => inner.Name))}.");
    }

    // A hashtable with the field names of an entry is one entry; any other hashtable maps keys to values. Other values are one entry, or a list of entries.
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
        // If keys are text, a hashtable's key may equal a field's name, so field names alone do not make it an entry.
        return writer.NeedsNoKey || (hasKey && (given.Contains("Value") || given.Contains("Values"))) || (!writer.HasTextKey && writer.Names.Any(given.Contains));
    }

    private static EncodedEntry Encode(MapWriter writer, object? entry) => entry is IDictionary or MapEntry
        ? writer.Encode(entry)
        : writer.NeedsNoKey ? writer.Encode(null, entry)
        : throw new BpfMapException(MapFault.BadValue, writer.Map.Name, $"'{entry}' is not an entry for the map {writer.Map.Name}.", $"Pass an object or a hashtable with {string.Join(", ", writer.Names)}, or a hashtable of keys and values.");

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

/// <summary>Formats entries and keys for prompts and messages.</summary>
internal static class EntryText
{
    /// <summary>Returns the text of a plain value: fields with their values, or the key of an entry.</summary>
    public static string Of(object? entry) => entry switch
    {
        IDictionary members => string.Join(", ", members.Keys.Cast<object>().Where(name => !"MapName".Equals(name.ToString(), StringComparison.OrdinalIgnoreCase)).Select(name => $"{name} = {Of(members[name])}")),
        MapEntry made => $"{made.GetType().GetProperty("Key")?.GetValue(made)}",
        _ => $"{entry}",
    };
}

/// <summary>Converts values from PowerShell to plain .NET values, lists and dictionaries, the only ones that the libraries know.</summary>
internal static class PlainValue
{
    /// <summary>Unwraps a value. Hashtables and custom objects become dictionaries of plain values, and a map becomes its id.</summary>
    public static object? Of(object? value)
    {
        if (value is PSObject wrapped)
        {
            // A custom object has no base object. Its properties become the fields of a struct.
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
