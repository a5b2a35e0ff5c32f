using System.Numerics;
using System.Runtime.InteropServices;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Events;

/// <summary>The histograms of one map by the bytes of their labels. A hash table with open addressing, so that a lookup allocates nothing.</summary>
internal sealed class SeriesTable
{
    private static readonly ulong s_seed = (ulong)Random.Shared.NextInt64();

    private readonly int _keySize;
    private readonly int _buckets;
    private byte[] _keys;
    private int[] _slots = new int[64];

    /// <param name="keySize">The size of the labels in bytes.</param>
    /// <param name="buckets">The number of buckets of each histogram.</param>
    public SeriesTable(int keySize, int buckets)
    {
        _keySize = keySize;
        _buckets = buckets;
        _keys = new byte[16 * keySize];
    }

    /// <summary>The largest number of label combinations. A field with more values was not meant as a label.</summary>
    public const int Most = 10_000;

    /// <summary>All histograms, in the order in which they were first seen.</summary>
    public List<Series> All { get; } = [];

    /// <summary>Finds or adds a histogram.</summary>
    /// <param name="labels">The bytes of the labels.</param>
    /// <returns>The histogram; null if the table is full.</returns>
    public Series? Find(ReadOnlySpan<byte> labels)
    {
        var mask = _slots.Length - 1;
        var slot = Hash(labels) & mask;
        for (; _slots[slot] != 0; slot = (slot + 1) & mask)
        {
            if (KeyAt(_slots[slot] - 1).SequenceEqual(labels))
            {
                return All[_slots[slot] - 1];
            }
        }

        if (All.Count == Most)
        {
            return null;
        }

        if (_keySize > 0 && All.Count == _keys.Length / _keySize)
        {
            Array.Resize(ref _keys, _keys.Length * 2);
        }

        labels.CopyTo(KeyAt(All.Count));
        All.Add(new Series(_buckets));
        _slots[slot] = All.Count;
        if (All.Count > _slots.Length / 2)
        {
            Place(_slots.Length * 2);
        }

        return All[^1];
    }

    /// <summary>Removes empty histograms, such as those of deleted entries, once they are the majority.</summary>
    public void Compact()
    {
        const int Few = 64;
        if (All.Count <= Few || All.Count(series => series.IsEmpty) <= All.Count / 2)
        {
            return;
        }

        var kept = 0;
        for (var i = 0; i < All.Count; i++)
        {
            if (!All[i].IsEmpty)
            {
                KeyAt(i).CopyTo(KeyAt(kept));
                All[kept++] = All[i];
            }
        }

        All.RemoveRange(kept, All.Count - kept);
        Place(_slots.Length);
    }

    private Span<byte> KeyAt(int index) => _keys.AsSpan(index * _keySize, _keySize);

    private void Place(int slots)
    {
        _slots = new int[slots];
        for (var i = 0; i < All.Count; i++)
        {
            var slot = Hash(KeyAt(i)) & (_slots.Length - 1);
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & (_slots.Length - 1);
            }

            _slots[slot] = i + 1;
        }
    }

    // Multiplies word by word, since labels are short. The seed prevents traced processes from causing collisions by their names.
    private static int Hash(ReadOnlySpan<byte> key)
    {
        const ulong Odd = 0x9e37_79b9_7f4a_7c15;
        var hash = s_seed;
        for (; key.Length >= sizeof(ulong); key = key[sizeof(ulong)..])
        {
            hash = BitOperations.RotateLeft((hash ^ MemoryMarshal.Read<ulong>(key)) * Odd, 31);
        }

        foreach (var part in key)
        {
            hash = (hash ^ part) * Odd;
        }

        return (int)((hash ^ hash >> 32) * Odd >> 33);
    }
}

/// <summary>The counts of one combination of labels.</summary>
internal sealed class Series
{
    public Series(int buckets)
    {
        Counts = new ulong[buckets];
    }

    public ulong[] Counts { get; private set; }

    /// <summary>A copy of <see cref="Counts"/> from when the histogram was last reported; null if it never was.</summary>
    public ulong[]? Given { get; private set; }

    /// <summary>The sum of the values, valid if <see cref="HasSum"/> is true.</summary>
    public double Sum { get; set; }

    public bool HasSum { get; set; }

    /// <summary>The record or entry that the labels are read from.</summary>
    public BpfEvent? Source { get; set; }

    public bool IsEmpty => !Counts.AsSpan().ContainsAnyExcept(0ul);

    public bool IsNews => !IsEmpty && (Given is null || !Counts.AsSpan().SequenceEqual(Given));

    /// <summary>Makes the histogram count as changed when it reappears, whatever its counts are.</summary>
    public void Forget() => Given = null;

    /// <summary>Returns the histogram as it is now, and marks it as reported.</summary>
    public Histogram Make(HistogramType type)
    {
        Given ??= new ulong[Counts.Length];
        Counts.CopyTo(Given, 0);
        ulong count = 0;
        foreach (var part in Counts)
        {
            count += part;
        }

        return type.Make(Source, count, HasSum ? Sum : null, Counts);
    }
}
