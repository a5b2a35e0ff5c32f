using System.Numerics;

namespace Bee.Telemetry.Collection;

/// <summary>
/// The entries of a map as the last pass found them, by the bytes of their keys, each with its series and its numbers. An open-addressing hash table over plain arrays
/// that never has more entries than the map.
/// </summary>
internal sealed class EntryTable
{
    private const int FirstRoom = 64;

    private readonly int _keySize;
    private readonly int _lanes;
    private byte[] _keys;
    private ulong[] _last;
    private int[] _passes = new int[FirstRoom];
    private Series[] _series = new Series[FirstRoom];
    private int[] _slots = new int[FirstRoom * 2];

    /// <param name="keySize">The size of a key in bytes; 0 for a map with one entry.</param>
    /// <param name="lanes">The number of numbers to keep for each entry.</param>
    public EntryTable(int keySize, int lanes)
    {
        _keySize = keySize;
        _lanes = lanes;
        _keys = new byte[FirstRoom * keySize];
        _last = new ulong[FirstRoom * lanes];
    }

    /// <summary>The number of entries.</summary>
    public int Count { get; private set; }

    /// <summary>The capacity in entries.</summary>
    public int Room => _passes.Length;

    /// <summary>Returns the numbers of an entry in the last pass that saw it.</summary>
    public Span<ulong> Last(int entry) => _last.AsSpan(entry * _lanes, _lanes);

    /// <summary>Returns the last pass that saw an entry.</summary>
    public ref int Pass(int entry) => ref _passes[entry];

    /// <summary>Returns the series of an entry.</summary>
    public Series Of(int entry) => _series[entry];

    /// <summary>Returns the entry of a key; -1 if the key has none.</summary>
    public int Find(ReadOnlySpan<byte> key, int hash)
    {
        var mask = _slots.Length - 1;
        for (var slot = hash & mask; _slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var entry = _slots[slot] - 1;
            if (KeyAt(entry).SequenceEqual(key))
            {
                return entry;
            }
        }

        return -1;
    }

    /// <summary>Adds an entry for a key that <see cref="Find"/> did not find.</summary>
    public int Add(ReadOnlySpan<byte> key, int hash, Series series, int pass)
    {
        if (Count == Room)
        {
            Resize(Room * 2);
        }

        var entry = Count++;
        key.CopyTo(KeyAt(entry));
        Last(entry).Clear();
        (_passes[entry], _series[entry]) = (pass, series);
        Place(entry, hash);
        return entry;
    }

    /// <summary>Removes the entries that a pass did not see.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="forgotten">Called with the series of each removed entry.</param>
    public void Sweep(int pass, Action<Series> forgotten)
    {
        var kept = 0;
        for (var entry = 0; entry < Count; entry++)
        {
            if (_passes[entry] != pass)
            {
                forgotten(_series[entry]);
                continue;
            }

            if (kept != entry)
            {
                KeyAt(entry).CopyTo(KeyAt(kept));
                Last(entry).CopyTo(Last(kept));
                (_passes[kept], _series[kept]) = (pass, _series[entry]);
            }

            kept++;
        }

        if (kept == Count)
        {
            return;
        }

        Array.Clear(_series, kept, Count - kept);
        Count = kept;
        Resize((int)Math.Max(FirstRoom, BitOperations.RoundUpToPowerOf2((uint)kept)));
    }

    /// <summary>Hashes a key with a seed of this process, so that traced processes cannot choose keys that collide.</summary>
    public static int Hash(ReadOnlySpan<byte> key)
    {
        var hash = new HashCode();
        hash.AddBytes(key);
        return hash.ToHashCode() & int.MaxValue;
    }

    private Span<byte> KeyAt(int entry) => _keys.AsSpan(entry * _keySize, _keySize);

    private void Place(int entry, int hash)
    {
        var mask = _slots.Length - 1;
        var slot = hash & mask;
        while (_slots[slot] != 0)
        {
            slot = (slot + 1) & mask;
        }

        _slots[slot] = entry + 1;
    }

    private void Resize(int room)
    {
        Array.Resize(ref _keys, checked(room * _keySize));
        Array.Resize(ref _last, checked(room * _lanes));
        Array.Resize(ref _passes, room);
        Array.Resize(ref _series, room);
        _slots = new int[checked(room * 2)];
        for (var entry = 0; entry < Count; entry++)
        {
            Place(entry, Hash(KeyAt(entry)));
        }
    }
}
