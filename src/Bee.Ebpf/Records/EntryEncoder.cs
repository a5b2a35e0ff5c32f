using System.Collections;
using System.Numerics;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Posix;

namespace Bee.Ebpf.Records;

/// <summary>Encodes the key and value of a map entry from objects, typed by the map's BTF.</summary>
internal sealed class EntryEncoder
{
    private readonly MapDescription _map;
    private readonly ValueShape _key;
    private readonly ValueShape _value;
    private readonly EntryNames _names;
    private readonly int _stride;
    private readonly int _cpus;

    public EntryEncoder(MapDescription map)
    {
        _map = map;
        _key = EntryShapes.Key(map);
        _value = EntryShapes.Value(map);
        _cpus = map.IsPerCpu ? Cpus.Possible : 1;
        _stride = map.CpuStride;
        _names = new EntryNames(map, _key, _value);
    }

    /// <summary>The names that an entry may use.</summary>
    public IEnumerable<string> Names => _names.All;

    /// <summary>Whether entries need no key: the map has no keys, or holds global variables in a single entry.</summary>
    public bool NeedsNoKey => _map.KeySize == 0 || _map is { IsInternal: true, MaxEntries: 1 };

    /// <summary>Whether keys are text.</summary>
    public bool HasTextKey => _key is TextShape;

    /// <summary>Encodes a key.</summary>
    /// <exception cref="BpfMapException">The key does not fit.</exception>
    public byte[] Key(object? key)
    {
        var bytes = new byte[_map.KeySize];
        if (_map.KeySize == 0)
        {
            return key is null or "" ? bytes : throw Fault(MapFault.BadKey, $"Map '{_map.Name}' is of type {_map.Type}, which has no keys.");
        }

        if (key is null && NeedsNoKey)
        {
            return bytes;
        }

        key = Structured.Of(key);
        if (key is IDictionary given && EntryShapes.Fields(_key) is { Count: > 0 } fields)
        {
            Demand(fields.Where(f => !given.Keys.Cast<object>().Any(name => string.Equals(name.ToString(), f.Name, StringComparison.OrdinalIgnoreCase))));
        }

        Write(EntryNames.Key, MapFault.BadKey, _key, key, bytes);
        return InRange(bytes);
    }

    /// <summary>Encodes the key of an entry that is given as a dictionary; the value is ignored.</summary>
    /// <exception cref="BpfMapException">The entry has no key, or fields of it are missing.</exception>
    public byte[] KeyOf(IDictionary entry) => KeyOf(_names.Sort(entry));

    /// <summary>Encodes an entry that is given as a dictionary.</summary>
    /// <param name="entry">Key and Value, or their fields by name.</param>
    /// <param name="current">Returns the current value of a key, or null. Fields that the entry omits keep their current value.</param>
    /// <exception cref="BpfMapException">A part of the entry is missing or unknown, or does not fit.</exception>
    public EncodedEntry Entry(IDictionary entry, Func<byte[], byte[]?> current)
    {
        var members = _names.Sort(entry);
        var key = KeyOf(members);
        var given = members.ValueFields;
        var (value, values) = (members.Value, members.Values);
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
                foreach (var (_, field, part) in given)
                {
                    Write(EntryNames.Value, MapFault.BadValue, field, cpu == 0 ? part : 0, bytes.AsSpan(cpu * _stride, (int)_map.ValueSize));
                }
            }
        }
        else if (!_map.IsPerCpu)
        {
            Agree(bytes, EntryNames.Value, given);
        }

        return new EncodedEntry(key, bytes);
    }

    /// <summary>Encodes an entry.</summary>
    /// <param name="key">The key; null for maps without keys.</param>
    /// <param name="value">The value. In a per-CPU map the first CPU gets it, and the others 0, so that the total is the given value. A list under the name Values in a dictionary sets the value of each CPU.</param>
    /// <param name="current">Returns the current value of a key, or null. Fields that the entry omits keep their current value.</param>
    /// <exception cref="BpfMapException">The key or the value does not fit.</exception>
    public EncodedEntry Entry(object? key, object? value, Func<byte[], byte[]?> current)
    {
        var keyBytes = Key(key);
        var bytes = StartOf(keyBytes, current);
        FirstCpu(value, bytes);
        return new EncodedEntry(keyBytes, bytes);
    }

    private byte[] KeyOf(EntryMembers members)
    {
        var given = members.KeyFields;
        if (members.Key is { } key)
        {
            var bytes = Key(key);
            Agree(bytes, EntryNames.Key, given);
            return bytes;
        }

        if (NeedsNoKey)
        {
            return new byte[_map.KeySize];
        }

        if (given.Count == 0)
        {
            throw Fault(MapFault.MissingField, $"The entry for map '{_map.Name}' has no key.", $"Give Key{(KeyFields() is { Length: > 0 } names ? $", or its fields: {names}" : "")}.");
        }

        Demand(EntryShapes.Fields(_key).Except(given.Select(f => f.Field)));
        var result = new byte[_map.KeySize];
        foreach (var (_, field, value) in given)
        {
            Write(EntryNames.Key, MapFault.BadKey, field, value, result);
        }

        return InRange(result);
    }

    // An entry that was read, changed in only one of two places and written back is ambiguous.
    private void Agree(ReadOnlySpan<byte> bytes, string whole, IEnumerable<GivenField> fields)
    {
        var other = bytes.ToArray();
        foreach (var (name, field, value) in fields)
        {
            // Traces cannot be converted back to stack ids, nor formatted dates to exact nanoseconds; the whole value has both.
            if (field.Value is MomentShape or UserStackShape or NumberShape { Meaning: FieldMeaning.Stack })
            {
                continue;
            }

            Write(whole, MapFault.BadValue, field, value, other);
            if (!bytes.SequenceEqual(other))
            {
                throw Fault(MapFault.Ambiguous, $"The entry for map '{_map.Name}' has two different values of {field.Name}: as {name}, and in {whole}.", $"Change both, or leave {whole} out.");
            }
        }
    }

    // Padding fields may be omitted from a key. Their bytes count, and programs set them to 0.
    private void Demand(IEnumerable<FieldShape> missing)
    {
        string[] names = [.. missing.Where(f => !f.IsMade && !f.Name.StartsWith('_') && f.Value.Size > 0
            && !f.Name.StartsWith("pad", StringComparison.OrdinalIgnoreCase) && !f.Name.StartsWith("reserved", StringComparison.OrdinalIgnoreCase)).Select(f => f.Name)];
        if (names.Length > 0)
        {
            throw Fault(MapFault.MissingField, $"The key for map '{_map.Name}' lacks {string.Join(", ", names)}.", $"A key has {KeyFields()}.");
        }
    }

    private string KeyFields() => string.Join(", ", EntryShapes.Fields(_key).Where(f => !f.IsMade).Select(f => f.Name));

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
        var type = (part == EntryNames.Key ? _map.Key : _map.Value)?.ToString();
        return Fault(wrong.Fault == MapFault.UnknownField ? MapFault.UnknownField : fault, $"{part} of map '{_map.Name}'{(type is null ? "" : $" ({type})")}: {wrong.Message}");
    }

    private BpfMapException Fault(MapFault fault, string message, string remedy = "") => new(fault, _map.Name, message, remedy);

    private byte[] StartOf(byte[] key, Func<byte[], byte[]?> current) =>
        _value is ObjectShape or ArrayShape && _map.KeySize > 0 && current(key) is { } now ? now : new byte[_stride * _cpus];

    private void FirstCpu(object? value, byte[] bytes)
    {
        Write(EntryNames.Value, MapFault.BadValue, _value, value, bytes.AsSpan(0, (int)_map.ValueSize));
        bytes.AsSpan(_stride).Clear();
    }

    private void EachCpu(object given, byte[] bytes)
    {
        if (!_map.IsPerCpu || Structured.Of(given) is not IEnumerable list || list is string or IDictionary)
        {
            throw Fault(MapFault.BadValue, _map.IsPerCpu
                ? $"Values of an entry for map '{_map.Name}' must be a list with a value for each of {_cpus} CPUs."
                : $"Map '{_map.Name}' has one value for a key, not one for each CPU.", "Give Value.");
        }

        object?[] values = [.. list.Cast<object?>()];
        if (values.Length != _cpus)
        {
            throw Fault(MapFault.BadValue, $"Map '{_map.Name}' has {Quantity.Of(_cpus, "value")} for a key, one for each CPU, but {values.Length} were given.", "Give as many Values, or Value for the first CPU.");
        }

        for (var i = 0; i < values.Length; i++)
        {
            Write(EntryNames.Value, MapFault.BadValue, _value, values[i], bytes.AsSpan(i * _stride, (int)_map.ValueSize));
        }
    }

    // Returns the sum that an entry shows as its value; null if values of the type are not added up.
    private BigInteger? Total(byte[] bytes)
    {
        if (!EntryPlans.IsSummable(_value))
        {
            return null;
        }

        var signed = Numbers.IsSigned(((NumberShape)_value).Kind);
        BigInteger sum = 0;
        for (var cpu = 0; cpu < _cpus; cpu++)
        {
            sum += new BigInteger(bytes.AsSpan(cpu * _stride, _value.Size), isUnsigned: !signed);
        }

        return signed ? (long)(ulong)(sum & ulong.MaxValue) : sum & ulong.MaxValue;
    }

    private void AgreeTotal(object value, BigInteger total)
    {
        try
        {
            if (IntegerParser.Parse(value, "a whole number") == total)
            {
                return;
            }
        }
        catch (EncodeException)
        {
            // Text that is not a number does not agree with the sum.
        }

        throw Fault(MapFault.Ambiguous, $"The entry for map '{_map.Name}' has the Value {value}, but its Values add up to {total}.", "Leave one of them out.");
    }
}

/// <summary>The bytes of an entry, as the kernel takes them.</summary>
/// <param name="Key">The key; empty for maps without keys.</param>
/// <param name="Value">The value; in a per-CPU map, the values of all CPUs, each rounded up to 8 bytes.</param>
internal readonly record struct EncodedEntry(byte[] Key, byte[] Value)
{
    /// <summary>For global variables, the value that was read for the parts that the entry omits; null if it was not read.</summary>
    internal byte[]? Before { get; init; }
}

/// <summary>The members of an entry that is given as a dictionary.</summary>
/// <param name="Key">The whole key, or null.</param>
/// <param name="Value">The whole value, or null.</param>
/// <param name="Values">The values of all CPUs, or null.</param>
/// <param name="KeyFields">The fields of the key that are given separately.</param>
/// <param name="ValueFields">The fields of the value that are given separately.</param>
internal sealed record EntryMembers(object? Key, object? Value, object? Values, IReadOnlyList<GivenField> KeyFields, IReadOnlyList<GivenField> ValueFields);

/// <summary>A field with a value for it.</summary>
/// <param name="Name">The name in entries, which differs from the C name if two fields have the same name.</param>
/// <param name="Field">The field.</param>
/// <param name="Value">Its value.</param>
internal readonly record struct GivenField(string Name, FieldShape Field, object? Value);

/// <summary>The names that a dictionary may use for an entry: those of key and value, and of their fields, as in entries that are read.</summary>
internal sealed class EntryNames
{
    /// <summary>The name of the key.</summary>
    public const string Key = "Key";

    /// <summary>The name of the value; in a per-CPU map, of the total.</summary>
    public const string Value = "Value";

    /// <summary>The name of the values of all CPUs.</summary>
    public const string Values = "Values";

    private readonly MapDescription _map;
    private readonly Dictionary<string, (FieldShape Field, bool IsKey)> _fields = new(StringComparer.OrdinalIgnoreCase);
    // Members of an entry that are neither key nor value, or are computed from them.
    private readonly HashSet<string> _ignored = new(["MapName"], StringComparer.OrdinalIgnoreCase);

    public EntryNames(MapDescription map, ValueShape key, ValueShape value)
    {
        _map = map;
        var keys = EntryShapes.Fields(key);
        var properties = EntryPlans.Entry(map).Properties;
        var named = properties.Where(p => p.CName.Length > 0).ToList();
        for (var i = 0; i < named.Count; i++)
        {
            var field = i < keys.Count ? keys[i] : EntryShapes.Fields(value).First(f => f.Name == named[i].CName);
            if (field.IsMade)
            {
                _ignored.Add(named[i].Name);
                continue;
            }

            _fields[named[i].Name] = (field, i < keys.Count);
        }

        // An entry may have been read with names of containers, or on another host.
        _ignored.UnionWith(ExtraPlans.Of(RecordExtras.Packed, ContainerKeyFields.Of(EntryPlans.Entry(map)) is not null).Select(p => p.Name));
        _ignored.UnionWith(properties.Where(p => p is { CName.Length: 0, Source: PropertySource.Stack }).Select(p => p.Name));
    }

    /// <summary>All names.</summary>
    public IEnumerable<string> All => (_map.KeySize > 0 ? new[] { Key, Value } : [Value]).Concat(_map.IsPerCpu ? [Values] : []).Concat(_fields.Keys);

    /// <summary>Sorts the members of a dictionary by their names, ignoring case.</summary>
    /// <exception cref="BpfMapException">A name is unknown.</exception>
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
