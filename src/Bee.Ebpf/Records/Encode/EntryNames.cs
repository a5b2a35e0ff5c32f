using System.Collections;

namespace Bee.Ebpf;

/// <summary>The names that the members of an entry may have: those of the whole key and value, and those of their fields, as entries that are read show them.</summary>
internal sealed class EntryNames
{
    /// <summary>The name of the whole key.</summary>
    public const string Key = "Key";

    /// <summary>The name of the whole value; of a map with one value a CPU, of their total.</summary>
    public const string Value = "Value";

    /// <summary>The name of the values of all CPUs.</summary>
    public const string Values = "Values";

    private readonly MapDescription _map;
    private readonly Dictionary<string, (FieldShape Field, bool IsKey)> _fields = new(StringComparer.OrdinalIgnoreCase);
    // What entries have beside: neither key nor value, or made of them.
    private readonly HashSet<string> _ignored = new(["MapName"], StringComparer.OrdinalIgnoreCase);

    public EntryNames(MapDescription map, ValueShape key, ValueShape value)
    {
        _map = map;
        var keys = EntryShapes.Fields(key);
        var properties = EntryPlans.Entry(map).Properties;
        var named = properties.Where(p => p.CName.Length > 0).ToList();
        for (var i = 0; i < named.Count; i++)
        {
            _fields[named[i].Name] = i < keys.Count ? (keys[i], true) : (EntryShapes.Fields(value).First(f => f.Name == named[i].CName), false);
        }

        _ignored.UnionWith(properties.Where(p => p is { CName.Length: 0, Source: PropertySource.Stack }).Select(p => p.Name));
    }

    /// <summary>All of them.</summary>
    public IEnumerable<string> All => (_map.KeySize > 0 ? new[] { Key, Value } : [Value]).Concat(_map.IsPerCpu ? [Values] : []).Concat(_fields.Keys);

    /// <summary>Tells the members of an entry by their names; case does not count.</summary>
    /// <exception cref="BpfMapException">There is one of another name.</exception>
    public EntryMembers Sort(IDictionary entry)
    {
        var wholes = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        var keys = new List<GivenField>();
        var values = new List<GivenField>();
        foreach (DictionaryEntry member in entry)
        {
            var name = member.Key.ToString() ?? "";
            if (Is(name, Key) || Is(name, Value) || (_map.IsPerCpu && Is(name, Values)))
            {
                wholes[name] = member.Value is "" && _map.KeySize == 0 ? null : member.Value;
            }
            else if (_fields.TryGetValue(name, out var field))
            {
                (field.IsKey ? keys : values).Add(new GivenField(name, field.Field, member.Value));
            }
            else if (!_ignored.Contains(name))
            {
                var near = Suggest.Nearest(name, All, 1);
                throw new BpfMapException(MapFault.UnknownField, _map.Name, $"Entries of map '{_map.Name}' have no '{name}'{(near.Count > 0 ? $" ('{near[0]}'?)" : "")}.", $"They have {string.Join(", ", All)}.");
            }
        }

        return new EntryMembers(
            wholes.GetValueOrDefault(Key), wholes.GetValueOrDefault(Value), wholes.GetValueOrDefault(Values) is { } all and not "" ? all : null, keys, values);
    }

    private static bool Is(string name, string wanted) => name.Equals(wanted, StringComparison.OrdinalIgnoreCase);
}
