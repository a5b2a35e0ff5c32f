using System.Numerics;

namespace Bee.Ebpf.Maps;

/// <summary>
/// Remembers the value of each key from one pass over a map to the next. Keeps keys and values in two byte arrays behind a hash table with open addressing, so that 100,000 entries cost a few
/// megabytes and no objects.
/// </summary>
internal sealed class SeenValues
{
    private readonly int _keySize;
    private readonly int _valueSize;
    private byte[] _keys;
    private byte[] _values;
    private int[] _passes;
    private int[] _slots;
    private int _count;
    private int _pass;

    public SeenValues(int keySize, int valueSize)
    {
        const int Start = 64;
        _keySize = keySize;
        _valueSize = valueSize;
        _keys = new byte[Start * keySize];
        _values = new byte[Start * valueSize];
        _passes = new int[Start];
        _slots = new int[Start * 2];
    }

    /// <summary>The current capacity in entries.</summary>
    internal int Room => _passes.Length;

    /// <summary>Starts a pass. Entries that the last pass did not see were deleted, and count as new if they reappear.</summary>
    public void NextPass() => _pass++;

    /// <summary>Remembers an entry.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="known">Whether the last pass saw the key.</param>
    /// <returns>True if the key is new or its value has changed.</returns>
    public bool Changed(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, out bool known)
    {
        var mask = _slots.Length - 1;
        var slot = (int)Hash(key) & mask;
        for (; _slots[slot] != 0; slot = (slot + 1) & mask)
        {
            var index = _slots[slot] - 1;
            if (KeyAt(index).SequenceEqual(key))
            {
                known = _passes[index] >= _pass - 1;
                _passes[index] = _pass;
                var old = _values.AsSpan(index * _valueSize, _valueSize);
                var changed = !known || !old.SequenceEqual(value);
                value.CopyTo(old);
                return changed;
            }
        }

        known = false;
        if (_count == _passes.Length)
        {
            Grow();
            return Changed(key, value, out known);
        }

        _slots[slot] = Insert(key, value, _pass) + 1;
        return true;
    }

    private Span<byte> KeyAt(int index) => _keys.AsSpan(index * _keySize, _keySize);

    private int Insert(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, int pass)
    {
        key.CopyTo(KeyAt(_count));
        value.CopyTo(_values.AsSpan(_count * _valueSize, _valueSize));
        _passes[_count] = pass;
        return _count++;
    }

    // Drops deleted entries; doubles the capacity if there are few of them.
    private void Grow()
    {
        var (keys, values, passes, count) = (_keys, _values, _passes, _count);
        var living = passes.AsSpan(0, count).ToArray().Count(p => p >= _pass - 1);
        var room = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(64, living * 2));
        _keys = new byte[checked(room * _keySize)];
        _values = new byte[checked(room * _valueSize)];
        _passes = new int[room];
        _slots = new int[room * 2];
        _count = 0;
        for (var i = 0; i < count; i++)
        {
            if (passes[i] >= _pass - 1)
            {
                var key = keys.AsSpan(i * _keySize, _keySize);
                var slot = (int)Hash(key) & (_slots.Length - 1);
                while (_slots[slot] != 0)
                {
                    slot = (slot + 1) & (_slots.Length - 1);
                }

                _slots[slot] = Insert(key, values.AsSpan(i * _valueSize, _valueSize), passes[i]) + 1;
            }
        }
    }

    private static uint Hash(ReadOnlySpan<byte> key)
    {
        var hash = new HashCode();
        hash.AddBytes(key);
        return (uint)hash.ToHashCode();
    }
}

/// <summary>Compares keys by their bytes.</summary>
internal sealed class KeyComparer : IEqualityComparer<byte[]>
{
    public static readonly KeyComparer Instance = new();

    public bool Equals(byte[]? a, byte[]? b) => a.AsSpan().SequenceEqual(b);

    public int GetHashCode(byte[] key)
    {
        var hash = new HashCode();
        hash.AddBytes(key);
        return hash.ToHashCode();
    }
}
