using System.Collections;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Maps;

/// <summary>Sets and removes a map's entries, typed by its BTF. Each write is one call to the kernel and atomic by itself; several together are not.</summary>
internal sealed class MapWriter
{
    private readonly BpfMap _map;
    private readonly EntryEncoder _encoder;
    private readonly Type? _entryType;
    private readonly int _stride;

    /// <summary>Makes a writer.</summary>
    /// <param name="map">The map.</param>
    /// <exception cref="BpfMapException">The entries of this kind of map can be neither set nor removed.</exception>
    /// <exception cref="BpfObjectException">The map's BTF contradicts itself.</exception>
    public MapWriter(BpfMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        _map = map;
        var type = map.Description.Type;
        if (MapAccess.WhyUnwritable(type) is { } why && MapAccess.WhyPermanent(type) is not null)
        {
            throw new BpfMapException(MapFault.Unsupported, map.Name, $"Entries of map '{map.Name}' ({type}) cannot be set. {why}");
        }

        _encoder = new EntryEncoder(map.Description);
        _entryType = map.EntryType?.ClrType;
        _stride = map.Description.ValueStride;
    }

    /// <summary>The map.</summary>
    public BpfMap Map => _map;

    /// <summary>The names that an entry may have: Key and Value, for maps with one value a CPU Values, and the fields of key and value.</summary>
    public IReadOnlyList<string> Names => [.. _encoder.Names];

    /// <summary>Whether keys are text, so that any word may be one.</summary>
    public bool HasTextKey => _encoder.HasTextKey;

    /// <summary>Whether entries need no key: the map has none, or holds global variables as its one entry.</summary>
    public bool NeedsNoKey => _encoder.NeedsNoKey;

    /// <summary>The bytes of an entry.</summary>
    /// <param name="entry">
    /// A <see cref="MapEntry"/>, or a dictionary of what one has: Key and Value, or their fields by name. Fields of a struct that are not given keep the
    /// value that the entry has now, or are 0.
    /// </param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="BpfMapException">Something is missing, unknown, or does not fit.</exception>
    /// <exception cref="ArgumentException">It is neither of the two.</exception>
    public EncodedEntry Encode(object entry) => entry switch
    {
        // The same bytes, also those between fields, which count in keys.
        MapEntry same when same.GetType() == _entryType && same.RawValue.Length == _stride => new EncodedEntry(same.RawKey.ToArray(), same.RawValue.ToArray()),
        MapEntry other => Encode(current => _encoder.Entry(Whole(other), current)),
        IDictionary members => Encode(current => _encoder.Entry(members, current)),
        _ => throw new ArgumentException("An entry is a MapEntry or a dictionary.", nameof(entry)),
    };

    /// <summary>The bytes of an entry.</summary>
    /// <param name="key">The key: a number, text, or a dictionary by field name; null for maps without keys, and for global variables with one entry.</param>
    /// <param name="value">The value, likewise. Of a map with one value a CPU it goes to the first, and the others become 0.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="BpfMapException">One of them does not fit.</exception>
    public EncodedEntry Encode(object? key, object? value) => Encode(current => _encoder.Entry(key, value, current));

    /// <summary>The bytes of a key.</summary>
    /// <param name="key">The key itself.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="BpfMapException">It does not fit.</exception>
    public byte[] EncodeKey(object? key) => _encoder.Key(key);

    /// <summary>The bytes of an entry's key.</summary>
    /// <param name="entry">As for <see cref="Encode(object)"/>; what it says of the value does not count.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="BpfMapException">It has no key, or one that does not fit.</exception>
    /// <exception cref="ArgumentException">It is no entry.</exception>
    public byte[] EncodeKeyOf(object entry) => entry switch
    {
        MapEntry same when same.GetType() == _entryType => same.RawKey.ToArray(),
        MapEntry other => _encoder.KeyOf(Whole(other)),
        IDictionary members => _encoder.KeyOf(members),
        _ => throw new ArgumentException("An entry is a MapEntry or a dictionary.", nameof(entry)),
    };

    /// <summary>Reads an entry.</summary>
    /// <param name="key">The bytes of its key.</param>
    /// <returns>The entry, or null where there is none.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    /// <exception cref="BpfLoadException">The kernel refuses to read the map.</exception>
    public MapEntry? Find(byte[] key)
    {
        var value = new byte[_stride];
        return _map.EntryType is { } type && _map.TryRead(key, value) ? _map.Decode(type, key, value) : null;
    }

    /// <summary>Writes an entry: appends it to a queue or stack, adds it to a Bloom filter, and sets it in other maps.</summary>
    /// <param name="entry">Its bytes.</param>
    /// <param name="mode">Whether the key may or must exist.</param>
    /// <exception cref="BpfMapException">The map is read-only, or the kernel refuses the entry.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    public void Write(EncodedEntry entry, MapWriteMode mode = MapWriteMode.Any) => _map.Write(entry, mode);

    /// <summary>Removes an entry.</summary>
    /// <param name="key">The bytes of its key.</param>
    /// <exception cref="BpfMapException">There is no such key, or entries of this kind of map stay.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    public void Remove(byte[] key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Removable();
        MapCalls.Delete(_map, key);
    }

    /// <summary>Removes an entry, if it is there.</summary>
    /// <param name="key">The bytes of its key.</param>
    /// <returns>False where there is no such key.</returns>
    /// <exception cref="BpfMapException">Entries of this kind of map stay, or the kernel refuses.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    public bool TryRemove(byte[] key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Removable();
        return MapCalls.TryDelete(_map, key);
    }

    /// <summary>Takes values out of a queue or stack, the next one first.</summary>
    /// <param name="most">How many at most.</param>
    /// <returns>The values as entries; they are gone from the map when they come.</returns>
    /// <exception cref="BpfMapException">The map is neither, or the kernel refuses.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    public IEnumerable<MapEntry> Take(long most)
    {
        if (_map.Description.Type is not (MapType.Queue or MapType.Stack) || _map.EntryType is not { } type)
        {
            throw new BpfMapException(MapFault.Unsupported, _map.Name, $"Map '{_map.Name}' is a {_map.Description.Type}; values are taken out of queues and stacks.");
        }

        return TakeEach(type, most);
    }

    /// <summary>
    /// Makes the map hold these entries and no others. What is not among them is removed first (in an array: set to 0), so that there is room; then all are
    /// written. Not atomic: programs may see the map in between, without what is to come, but never without an entry that stays.
    /// </summary>
    /// <param name="entries">The entries.</param>
    /// <returns>How many were removed.</returns>
    /// <exception cref="BpfMapException">The kernel refuses; what was done until then stays.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    public int Replace(IReadOnlyCollection<EncodedEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var stays = new HashSet<byte[]>(entries.Select(entry => entry.Key), KeyComparer.Instance);
        var others = Keys().Where(key => !stays.Contains(key)).ToList();
        var zero = _map.Description.Type is MapType.Array or MapType.PerCpuArray ? new byte[_stride] : null;
        foreach (var key in others)
        {
            if (zero is not null)
            {
                Write(new EncodedEntry(key, zero));
            }
            else
            {
                MapCalls.TryDelete(_map, key);
            }
        }

        foreach (var entry in entries)
        {
            Write(entry);
        }

        return zero is null ? others.Count : 0;
    }

    /// <summary>The bytes of all keys as they are now; none for maps without keys.</summary>
    /// <returns>A copy.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    /// <exception cref="BpfLoadException">The kernel refuses to read the map.</exception>
    public IReadOnlyList<byte[]> Keys()
    {
        var keys = new List<byte[]>();
        if (!MapAccess.IsKeyless(_map.Description.Type))
        {
            for (var scan = _map.Scan(); scan.Next();)
            {
                for (var i = 0; i < scan.Count; i++)
                {
                    keys.Add(scan.Key(i).ToArray());
                }
            }
        }

        return keys;
    }

    /// <summary>Throws if entries of this kind of map cannot be set, or the map holds constants of the program.</summary>
    /// <exception cref="BpfMapException">They cannot be set.</exception>
    public void Settable() => _map.RequireSettable();

    /// <summary>Throws if entries of this kind of map cannot be removed.</summary>
    /// <exception cref="BpfMapException">They cannot be removed.</exception>
    public void Removable() => _map.RequireRemovable();

    private static Dictionary<string, object?> Whole(MapEntry entry) => entry.GetType().GetProperties()
        .Where(property => property.Name is EntryNames.Key or EntryNames.Value or EntryNames.Values).ToDictionary(property => property.Name, property => property.GetValue(entry));

    private EncodedEntry Encode(Func<Func<byte[], byte[]?>, EncodedEntry> encode)
    {
        byte[]? before = null;
        var entry = encode(key =>
        {
            var value = Current(key);
            before = _map.Description.IsInternal ? value?.ToArray() : null;
            return value;
        });
        return entry with { Before = before };
    }

    private byte[]? Current(byte[] key)
    {
        var value = new byte[_stride];
        return _map.CanRead && _map.TryRead(key, value) ? value : null;
    }

    private IEnumerable<MapEntry> TakeEach(EntryType type, long most)
    {
        var value = new byte[_stride];
        for (long i = 0; i < most && MapCalls.TryTake(_map, value); i++)
        {
            yield return _map.Decode(type, [], value);
        }
    }
}

/// <summary>Which keys a write is for.</summary>
public enum MapWriteMode
{
    /// <summary>Any key: it is created or overwritten.</summary>
    Any,

    /// <summary>Keys that are not there yet (BPF_NOEXIST).</summary>
    OnlyNew,

    /// <summary>Keys that are there (BPF_EXIST). Of a queue or stack that is full, the oldest value makes room.</summary>
    OnlyExisting,
}
