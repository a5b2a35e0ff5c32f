using System.Collections;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Maps;

/// <summary>Sets and removes map entries, typed by BTF. Each write is one atomic system call; a series of writes is not atomic.</summary>
internal sealed class MapWriter
{
    private readonly BpfMap _map;
    private readonly EntryEncoder _encoder;
    private readonly Type? _entryType;
    private readonly int _stride;

    /// <summary>Creates a writer for the entries of a map.</summary>
    /// <param name="map">The map.</param>
    /// <exception cref="BpfMapException">The entries of maps of this type can be neither set nor removed.</exception>
    /// <exception cref="BpfObjectException">The BTF of the map is inconsistent.</exception>
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

    /// <summary>The names that an entry may use: Key, Value, Values for a per-CPU map, and the fields of key and value.</summary>
    public IReadOnlyList<string> Names => [.. _encoder.Names];

    /// <summary>Whether keys are text.</summary>
    public bool HasTextKey => _encoder.HasTextKey;

    /// <summary>Whether entries need no key: the map has no keys, or holds global variables in a single entry.</summary>
    public bool NeedsNoKey => _encoder.NeedsNoKey;

    /// <summary>Encodes an entry.</summary>
    /// <param name="entry">
    /// A <see cref="MapEntry"/>, or a dictionary with Key and Value, or with their fields by name. Fields of a struct that the dictionary omits keep their current value, or are 0.
    /// </param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="BpfMapException">A part of the entry is missing or unknown, or does not fit.</exception>
    /// <exception cref="ArgumentException">The argument is neither a <see cref="MapEntry"/> nor a dictionary.</exception>
    public EncodedEntry Encode(object entry) => entry switch
    {
        // Also keeps the padding between fields, which counts in keys.
        MapEntry same when IsSame(same) && same.RawValue.Length == _stride => new EncodedEntry(same.RawKey.ToArray(), same.RawValue.ToArray()),
        MapEntry other => Encode(current => _encoder.Entry(Whole(other), current)),
        IDictionary members => Encode(current => _encoder.Entry(members, current)),
        _ => throw new ArgumentException("An entry is a MapEntry or a dictionary.", nameof(entry)),
    };

    /// <summary>Encodes an entry.</summary>
    /// <param name="key">The key: a number, text, or a dictionary by field name; null for maps without keys, and for global variables in a single entry.</param>
    /// <param name="value">The value, likewise. In a per-CPU map the first CPU gets the value, and the others 0.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="BpfMapException">The key or the value does not fit.</exception>
    public EncodedEntry Encode(object? key, object? value) => Encode(current => _encoder.Entry(key, value, current));

    /// <summary>Encodes a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="BpfMapException">The key does not fit.</exception>
    public byte[] EncodeKey(object? key) => _encoder.Key(key);

    /// <summary>Encodes the key of an entry.</summary>
    /// <param name="entry">As for <see cref="Encode(object)"/>; the value is ignored.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="BpfMapException">The entry has no key, or a key that does not fit.</exception>
    /// <exception cref="ArgumentException">The argument is not an entry.</exception>
    public byte[] EncodeKeyOf(object entry) => entry switch
    {
        MapEntry same when IsSame(same) => same.RawKey.ToArray(),
        MapEntry other => _encoder.KeyOf(Whole(other)),
        IDictionary members => _encoder.KeyOf(members),
        _ => throw new ArgumentException("An entry is a MapEntry or a dictionary.", nameof(entry)),
    };

    /// <summary>Reads an entry.</summary>
    /// <param name="key">The encoded key.</param>
    /// <returns>The entry; null if the map does not have the key.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the map.</exception>
    public MapEntry? Find(byte[] key)
    {
        var value = new byte[_stride];
        return _map.EntryType is { } type && _map.TryRead(key, value) ? _map.Decode(type, key, value) : null;
    }

    /// <summary>Writes an entry: appends it to a queue or stack, adds it to a Bloom filter, and sets it in other maps.</summary>
    /// <param name="entry">The encoded entry.</param>
    /// <param name="mode">Whether the key may or must exist.</param>
    /// <exception cref="BpfMapException">The map is read-only, or the kernel refuses the entry.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public void Write(EncodedEntry entry, MapWriteMode mode = MapWriteMode.Any) => _map.Write(entry, mode);

    /// <summary>Removes an entry.</summary>
    /// <param name="key">The encoded key.</param>
    /// <exception cref="BpfMapException">The map does not have the key, or its entries cannot be removed.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public void Remove(byte[] key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Removable();
        MapCalls.Delete(_map, key);
    }

    /// <summary>Removes an entry if it exists.</summary>
    /// <param name="key">The encoded key.</param>
    /// <returns>False if the map does not have the key.</returns>
    /// <exception cref="BpfMapException">The entries of the map cannot be removed, or the kernel does not allow it.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public bool TryRemove(byte[] key)
    {
        ArgumentNullException.ThrowIfNull(key);
        Removable();
        return MapCalls.TryDelete(_map, key);
    }

    /// <summary>Removes values from a queue or stack, the next one first.</summary>
    /// <param name="most">The largest number of values to remove.</param>
    /// <returns>The values as entries. Each is removed when it is enumerated.</returns>
    /// <exception cref="BpfMapException">The map is neither a queue nor a stack, or the kernel does not allow the removal.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public IEnumerable<MapEntry> Take(long most)
    {
        if (_map.Description.Type is not (MapType.Queue or MapType.Stack) || _map.EntryType is not { } type)
        {
            throw new BpfMapException(MapFault.Unsupported, _map.Name, $"Map '{_map.Name}' is of type {_map.Description.Type}. Values can be taken from queues and stacks only.");
        }

        return TakeEach(type, most);
    }

    /// <summary>
    /// Replaces all entries of the map. Removes the other entries first, to make room (in an array, sets them to 0), then writes the given ones. Not atomic: in between, programs may miss a new
    /// entry, but never one that is in the map before and after.
    /// </summary>
    /// <param name="entries">The encoded entries.</param>
    /// <returns>The number of entries that were removed.</returns>
    /// <exception cref="BpfMapException">The kernel does not allow a change; the changes before it remain.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
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

    /// <summary>Returns the bytes of all keys; none for maps without keys.</summary>
    /// <returns>A copy.</returns>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the map.</exception>
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

    // The names of a container do not change the bytes of an entry.
    private bool IsSame(MapEntry entry) => _entryType is not null && EmittedTypes.HoldSameBytes(entry.GetType(), _entryType);

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
