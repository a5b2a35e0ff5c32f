using System.Collections;

namespace Bee.Ebpf;

/// <summary>The bytes of one entry, as the kernel takes them.</summary>
/// <param name="Key">The key; empty for maps without keys.</param>
/// <param name="Value">The value; of maps with one value a CPU all of them, each rounded up to 8 bytes.</param>
public readonly record struct EncodedEntry(byte[] Key, byte[] Value);

/// <summary>Turns what people and files have for an entry into its bytes, typed by the map's BTF.</summary>
internal sealed partial class EntryEncoder
{
    private const string KeyName = "Key", ValueName = "Value", ValuesName = "Values";

    private readonly MapDescription _map;
    private readonly ValueShape _key;
    private readonly ValueShape _value;
    private readonly Dictionary<string, (FieldShape Field, bool IsKey)> _fields = new(StringComparer.OrdinalIgnoreCase);
    // What entries have beside: neither key nor value, or made of them.
    private readonly HashSet<string> _ignored = new(["MapName"], StringComparer.OrdinalIgnoreCase);
    private readonly int _stride;
    private readonly int _cpus;

    public EntryEncoder(MapDescription map)
    {
        _map = map;
        _key = EntryShapes.Key(map);
        _value = EntryShapes.Value(map);
        _cpus = map.IsPerCpu ? Cpus.Possible : 1;
        _stride = map.IsPerCpu ? (int)map.ValueSize + 7 & ~7 : (int)map.ValueSize;
        var keys = EntryShapes.Fields(_key);
        var properties = EntryPlans.Entry(map).Properties;
        var named = properties.Where(p => p.CName.Length > 0).ToList();
        for (var i = 0; i < named.Count; i++)
        {
            _fields[named[i].Name] = i < keys.Count ? (keys[i], true) : (EntryShapes.Fields(_value).First(f => f.Name == named[i].CName), false);
        }

        _ignored.UnionWith(properties.Where(p => p is { CName.Length: 0, Source: PropertySource.Stack }).Select(p => p.Name));
    }

    /// <summary>The names that an entry may have.</summary>
    public IEnumerable<string> Names => (_map.KeySize > 0 ? new[] { KeyName, ValueName } : [ValueName]).Concat(_map.IsPerCpu ? [ValuesName] : []).Concat(_fields.Keys);

    /// <summary>The bytes of a key.</summary>
    /// <exception cref="BpfMapException">It does not fit.</exception>
    public byte[] Key(object? key)
    {
        var bytes = new byte[_map.KeySize];
        if (_map.KeySize == 0)
        {
            return key is null or "" ? bytes : throw Fault(MapFault.BadKey, $"Map '{_map.Name}' is a {_map.Type}, which has no keys.");
        }

        key = Structured.Of(key);
        if (key is IDictionary given && EntryShapes.Fields(_key) is { Count: > 0 } fields)
        {
            Demand(fields.Where(f => !given.Keys.Cast<object>().Any(name => string.Equals(name.ToString(), f.Name, StringComparison.OrdinalIgnoreCase))));
        }

        Write("Key", MapFault.BadKey, _key, key, bytes);
        return InRange(bytes);
    }

    /// <summary>The bytes of the key of an entry that is given by its members; what it says of the value does not count.</summary>
    /// <exception cref="BpfMapException">It has no key, or not the whole of it.</exception>
    public byte[] KeyOf(IDictionary entry)
    {
        var (members, fields) = Sort(entry);
        return KeyOf(members, fields);
    }

    /// <summary>The bytes of an entry that is given by its members.</summary>
    /// <param name="entry">Key and Value, or their fields, by name.</param>
    /// <param name="current">Gives the value that a key has now, or null: fields that are not given keep it.</param>
    /// <exception cref="BpfMapException">Something is missing, unknown, or does not fit.</exception>
    public EncodedEntry Entry(IDictionary entry, Func<byte[], byte[]?> current)
    {
        var (members, fields) = Sort(entry);
        var key = KeyOf(members, fields);
        var given = fields.Where(f => !f.IsKey).ToList();
        var values = members.GetValueOrDefault(ValuesName) is { } all and not "" ? all : null;
        members.TryGetValue(ValueName, out var value);
        if (values is null && value is null && given.Count == 0)
        {
            throw Fault(MapFault.MissingField, $"The entry for map '{_map.Name}' has no value.",
                $"Give Value{(_map.IsPerCpu ? " or Values" : "")}{(EntryShapes.Fields(_value) is { Count: > 0 } names ? $", or its fields: {string.Join(", ", names.Select(f => f.Name))}" : "")}.");
        }

        var bytes = StartOf(key, current);
        if (values is not null)
        {
            EachCpu(values, bytes);
            if (value is not null && Total(bytes) is { } total)
            {
                AgreeTotal(value, total);
            }
        }
        else if (value is not null)
        {
            FirstCpu(value, bytes);
        }

        if (values is null && value is null)
        {
            for (var cpu = 0; cpu < _cpus; cpu++)
            {
                var at = cpu;
                given.ForEach(f => Write("Value", MapFault.BadValue, f.Field, at == 0 ? f.Value : 0, bytes.AsSpan(at * _stride, (int)_map.ValueSize)));
            }
        }
        else if (!_map.IsPerCpu)
        {
            Agree(bytes, ValueName, given);
        }

        return new EncodedEntry(key, bytes);
    }

    /// <summary>The bytes of an entry.</summary>
    /// <param name="key">The key; null for maps without keys.</param>
    /// <param name="value">The value. Of a map with one value a CPU it goes to the first, and the others become 0, so that the total is what was given; a list that is called Values in an entry sets each.</param>
    /// <param name="current">As above.</param>
    /// <exception cref="BpfMapException">One of them does not fit.</exception>
    public EncodedEntry Entry(object? key, object? value, Func<byte[], byte[]?> current)
    {
        var keyBytes = Key(key);
        var bytes = StartOf(keyBytes, current);
        FirstCpu(value, bytes);
        return new EncodedEntry(keyBytes, bytes);
    }

    private byte[] KeyOf(Dictionary<string, object?> members, List<(string Name, FieldShape Field, object? Value, bool IsKey)> fields)
    {
        if (members.TryGetValue(KeyName, out var key) && key is not null)
        {
            var bytes = Key(key);
            Agree(bytes, KeyName, fields.Where(f => f.IsKey));
            return bytes;
        }

        if (_map.KeySize == 0)
        {
            return [];
        }

        var given = fields.Where(f => f.IsKey).ToList();
        if (given.Count == 0)
        {
            throw Fault(MapFault.MissingField, $"The entry for map '{_map.Name}' has no key.", $"Give Key{(KeyFields() is { Length: > 0 } names ? $", or its fields: {names}" : "")}.");
        }

        Demand(EntryShapes.Fields(_key).Except(given.Select(f => f.Field)));
        var result = new byte[_map.KeySize];
        given.ForEach(f => Write("Key", MapFault.BadKey, f.Field, f.Value, result));
        return InRange(result);
    }

    // An entry that was read, changed in one of its two places and sent back: which one counts?
    private void Agree(ReadOnlySpan<byte> bytes, string whole, IEnumerable<(string Name, FieldShape Field, object? Value, bool IsKey)> fields)
    {
        var other = bytes.ToArray();
        foreach (var (name, field, value, _) in fields)
        {
            // Traces of stacks have no way back to their ids, and dates as text none to their nanoseconds; the whole has them.
            if (field.Value is MomentShape or NumberShape { Meaning: FieldMeaning.Stack })
            {
                continue;
            }

            Write(whole, MapFault.BadValue, field, value, other);
            if (!bytes.SequenceEqual(other))
            {
                throw Fault(MapFault.Ambiguous, $"The entry for map '{_map.Name}' gives {field.Name} twice: as {name} and, otherwise, inside {whole}.", $"Change both, or leave {whole} out.");
            }
        }
    }

    private (Dictionary<string, object?> Members, List<(string Name, FieldShape Field, object? Value, bool IsKey)> Fields) Sort(IDictionary entry)
    {
        var members = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        var fields = new List<(string, FieldShape, object?, bool)>();
        foreach (DictionaryEntry member in entry)
        {
            var name = member.Key.ToString() ?? "";
            if (name.Equals(KeyName, StringComparison.OrdinalIgnoreCase) || name.Equals(ValueName, StringComparison.OrdinalIgnoreCase)
                || (_map.IsPerCpu && name.Equals(ValuesName, StringComparison.OrdinalIgnoreCase)))
            {
                members[name] = member.Value is "" && _map.KeySize == 0 ? null : member.Value;
            }
            else if (_fields.TryGetValue(name, out var field))
            {
                fields.Add((name, field.Field, member.Value, field.IsKey));
            }
            else if (!_ignored.Contains(name))
            {
                var near = Suggest.Nearest(name, Names, 1);
                throw Fault(MapFault.UnknownField, $"Entries of map '{_map.Name}' have no '{name}'{(near.Count > 0 ? $" ('{near[0]}'?)" : "")}.", $"They have {string.Join(", ", Names)}.");
            }
        }

        return (members, fields);
    }

    // Fields that only fill a struct up may be left out; what they hold counts, and programs set it to 0.
    private void Demand(IEnumerable<FieldShape> missing)
    {
        string[] names = [.. missing.Where(f => !f.Name.StartsWith('_') && f.Value.Size > 0
            && !f.Name.StartsWith("pad", StringComparison.OrdinalIgnoreCase) && !f.Name.StartsWith("reserved", StringComparison.OrdinalIgnoreCase)).Select(f => f.Name)];
        if (names.Length > 0)
        {
            throw Fault(MapFault.MissingField, $"The key for map '{_map.Name}' lacks {string.Join(", ", names)}.", $"A key has {KeyFields()}.");
        }
    }

    private string KeyFields() => string.Join(", ", EntryShapes.Fields(_key).Select(f => f.Name));

    private byte[] InRange(byte[] key) =>
        _map.Type is MapType.Array or MapType.PerCpuArray or MapType.ArrayOfMaps or MapType.ProgramArray && key.Length == 4 && _map.MaxEntries > 0 && BitConverter.ToUInt32(key) >= _map.MaxEntries
            ? throw Fault(MapFault.BadKey, $"Map '{_map.Name}' has the indexes 0 to {_map.MaxEntries - 1}, and got {BitConverter.ToUInt32(key)}.")
            : key;

    private void Write(string part, MapFault fault, ValueShape shape, object? value, Span<byte> to)
    {
        try
        {
            ValueEncoder.Write(shape, value, to);
        }
        catch (EncodeException wrong)
        {
            throw Wrong(part, fault, wrong);
        }
    }

    private void Write(string part, MapFault fault, FieldShape field, object? value, Span<byte> to)
    {
        try
        {
            ValueEncoder.Field(field, value, to);
        }
        catch (EncodeException wrong)
        {
            throw Wrong(part, fault, wrong);
        }
    }

    private BpfMapException Wrong(string part, MapFault fault, EncodeException wrong)
    {
        var type = (part == KeyName ? _map.Key : _map.Value)?.ToString();
        return Fault(wrong.Fault == MapFault.UnknownField ? MapFault.UnknownField : fault, $"{part} of map '{_map.Name}'{(type is null ? "" : $" ({type})")}: {wrong.Message}");
    }

    private BpfMapException Fault(MapFault fault, string message, string remedy = "") => new(fault, _map.Name, message, remedy);
}
