using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf.Maps;

/// <summary>
/// A map with keys and values of unmanaged types, which are checked against BTF when the map is opened (see <see cref="BpfFieldAttribute"/>). Without BTF types, only the sizes are checked.
/// Each call is one system call, except reading all entries. Thread-safe.
/// </summary>
/// <typeparam name="TKey">An integer, an enum, or a struct that mirrors the C struct.</typeparam>
/// <typeparam name="TValue">Likewise; of a per-CPU map the value of one CPU.</typeparam>
public sealed unsafe class BpfMap<[DynamicallyAccessedMembers(StructCheck.Fields)] TKey, [DynamicallyAccessedMembers(StructCheck.Fields)] TValue>
    where TKey : unmanaged
    where TValue : unmanaged
{
    private readonly BpfMap _map;
    private readonly int _stride;

    /// <exception cref="BpfMapException">The map has no keys, holds references, or has keys or values of another layout.</exception>
    internal BpfMap(BpfMap map)
    {
        var type = map.Description.Type;
        if (MapAccess.WhyUnreadable(type) is { } why)
        {
            throw new BpfMapException(MapFault.Unsupported, map.Name, $"The entries of map '{map.Name}' ({type}) cannot be read. {why}");
        }

        if (MapAccess.IsKeyless(type) || type is MapType.ArrayOfMaps or MapType.HashOfMaps or MapType.ProgramArray)
        {
            throw new BpfMapException(
                MapFault.Unsupported, map.Name, MapAccess.IsKeyless(type) ? $"Map '{map.Name}' ({type}) has no keys." : $"Map '{map.Name}' ({type}) holds maps or programs and not values.",
                "Use the untyped map.");
        }

        StructCheck.Key<TKey>(map.Description);
        StructCheck.Value<TValue>(map.Description);
        _map = map;
        _stride = map.Description.CpuStride;
    }

    /// <summary>The untyped map.</summary>
    public BpfMap Map => _map;

    /// <summary>The number of values for each key: in a per-CPU map, the number of possible CPUs; else 1.</summary>
    public int ValuesPerKey => _map.Description.ValueStride / _stride;

    /// <summary>Reads a value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; zeroed if the map does not have the key.</param>
    /// <returns>False if the map does not have the key.</returns>
    /// <exception cref="BpfMapException">The map is per-CPU.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the map.</exception>
    public bool TryLookup(TKey key, out TValue value)
    {
        RequireOneValue();
        value = default;
        return _map.TryRead(BytesOf(ref key), MemoryMarshal.AsBytes(new Span<TValue>(ref value)));
    }

    /// <summary>Reads the values of all CPUs.</summary>
    /// <param name="key">The key.</param>
    /// <param name="values">Receives <see cref="ValuesPerKey"/> values, in the order of the CPUs.</param>
    /// <returns>False if the map does not have the key.</returns>
    /// <exception cref="ArgumentException">The span is too short.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the map.</exception>
    public bool TryLookup(TKey key, Span<TValue> values)
    {
        if (values.Length < ValuesPerKey)
        {
            throw new ArgumentException($"Map '{_map.Name}' has {Quantity.Of(ValuesPerKey, "value")} for a key, but there is room for {values.Length}.", nameof(values));
        }

        var bytes = new byte[_map.Description.ValueStride];
        if (!_map.TryRead(BytesOf(ref key), bytes))
        {
            return false;
        }

        Split(bytes, values);
        return true;
    }

    /// <summary>Creates or changes an entry.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="mode">Whether the key may or must exist.</param>
    /// <exception cref="BpfMapException">The map is per-CPU or read-only, the key does not fit <paramref name="mode"/>, or the kernel refuses.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public void Update(TKey key, TValue value, MapWriteMode mode = MapWriteMode.Any)
    {
        RequireOneValue();
        Write(BytesOf(ref key).ToArray(), MemoryMarshal.AsBytes(new Span<TValue>(ref value)).ToArray(), mode);
    }

    /// <summary>Creates or changes the values of all CPUs.</summary>
    /// <param name="key">The key.</param>
    /// <param name="values"><see cref="ValuesPerKey"/> values, in the order of the CPUs.</param>
    /// <param name="mode">Whether the key may or must exist.</param>
    /// <exception cref="ArgumentException">The number of values is wrong.</exception>
    /// <exception cref="BpfMapException">The map is read-only, the key does not fit <paramref name="mode"/>, or the kernel refuses.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public void Update(TKey key, ReadOnlySpan<TValue> values, MapWriteMode mode = MapWriteMode.Any)
    {
        if (values.Length != ValuesPerKey)
        {
            throw new ArgumentException($"Map '{_map.Name}' has {Quantity.Of(ValuesPerKey, "value")} for a key, but {values.Length} were given.", nameof(values));
        }

        var bytes = new byte[_map.Description.ValueStride];
        for (var i = 0; i < values.Length; i++)
        {
            MemoryMarshal.Write(bytes.AsSpan(i * _stride), in values[i]);
        }

        Write(BytesOf(ref key).ToArray(), bytes, mode);
    }

    /// <summary>Removes an entry.</summary>
    /// <param name="key">The key.</param>
    /// <returns>False if the map does not have the key.</returns>
    /// <exception cref="BpfMapException">The map is an array, whose entries always exist, or the kernel refuses.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public bool Delete(TKey key)
    {
        _map.RequireRemovable();
        return MapCalls.TryDelete(_map, BytesOf(ref key).ToArray());
    }

    /// <summary>Reads all entries; in an array, every slot. Programs go on writing meanwhile: an entry that is added or removed during the read may be in the result or not.</summary>
    /// <exception cref="BpfMapException">The map is per-CPU.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading the map.</exception>
    public IEnumerable<KeyValuePair<TKey, TValue>> Entries()
    {
        RequireOneValue();
        return Read(_map);

        static IEnumerable<KeyValuePair<TKey, TValue>> Read(BpfMap map)
        {
            for (var scan = map.Scan(); scan.Next();)
            {
                for (var i = 0; i < scan.Count; i++)
                {
                    yield return new(MemoryMarshal.Read<TKey>(scan.Key(i)), MemoryMarshal.Read<TValue>(scan.Value(i)));
                }
            }
        }
    }

    /// <summary>Reads all entries with the values of all CPUs, in the order of the CPUs.</summary>
    /// <inheritdoc cref="Entries"/>
    public IEnumerable<KeyValuePair<TKey, TValue[]>> EntriesOfAllCpus()
    {
        for (var scan = _map.Scan(); scan.Next();)
        {
            for (var i = 0; i < scan.Count; i++)
            {
                var values = new TValue[ValuesPerKey];
                Split(scan.Value(i), values);
                yield return new(MemoryMarshal.Read<TKey>(scan.Key(i)), values);
            }
        }
    }

    private void Write(byte[] key, byte[] value, MapWriteMode mode) => _map.Write(new EncodedEntry(key, value), mode);

    private void Split(ReadOnlySpan<byte> bytes, Span<TValue> values)
    {
        for (var i = 0; i < ValuesPerKey; i++)
        {
            values[i] = MemoryMarshal.Read<TValue>(bytes[(i * _stride)..]);
        }
    }

    private void RequireOneValue()
    {
        if (_map.Description.IsPerCpu)
        {
            throw new BpfMapException(
                MapFault.Unsupported, _map.Name, $"Map '{_map.Name}' is per-CPU: it has {Quantity.Of(ValuesPerKey, "value")} for a key.",
                "Use the overloads of TryLookup and Update that take a span of values, and EntriesOfAllCpus.");
        }
    }

    private static Span<byte> BytesOf(ref TKey key) => MemoryMarshal.AsBytes(new Span<TKey>(ref key));
}
