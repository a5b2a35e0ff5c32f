using System.Numerics;
using System.Runtime.InteropServices;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Events;

/// <summary>The histograms of one map, found by the bytes of their labels: an open hash table, so that finding one costs no object.</summary>
internal sealed class SeriesTable
{
    private static readonly ulong s_seed = (ulong)Random.Shared.NextInt64();

    private readonly int _keySize;
    private readonly int _buckets;
    private byte[] _keys;
    private int[] _slots = new int[64];

    /// <param name="keySize">How many bytes the labels take.</param>
    /// <param name="buckets">How many buckets each histogram has.</param>
    public SeriesTable(int keySize, int buckets)
    {
        _keySize = keySize;
        _buckets = buckets;
        _keys = new byte[16 * keySize];
    }

    /// <summary>How many combinations of labels are kept; what has more was not meant as labels.</summary>
    public const int Most = 10_000;

    /// <summary>All of them, in the order in which they were first seen.</summary>
    public List<Series> All { get; } = [];

    /// <summary>Finds one, or adds it.</summary>
    /// <param name="labels">The labels' bytes.</param>
    /// <returns>The histogram; null when there are too many.</returns>
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

    /// <summary>Forgets histograms that count nothing any more, as when their entries have been deleted, once they are the larger part.</summary>
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

    // By words and multiplied, since labels are short. The seed keeps those who choose names of processes from making them collide.
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

    /// <summary>What <see cref="Counts"/> was when the histogram was last given; null when it never was.</summary>
    public ulong[]? Given { get; private set; }

    /// <summary>The sum of the values, where <see cref="HasSum"/> says that it is known.</summary>
    public double Sum { get; set; }

    public bool HasSum { get; set; }

    /// <summary>The record that its labels are read from.</summary>
    public BpfEvent? Source { get; set; }

    public bool IsEmpty => !Counts.AsSpan().ContainsAnyExcept(0ul);

    public bool IsNews => !IsEmpty && (Given is null || !Counts.AsSpan().SequenceEqual(Given));

    /// <summary>Should it come back, it is news, whatever it counts then.</summary>
    public void Forget() => Given = null;

    /// <summary>Makes the histogram as it is now, and remembers that it was given.</summary>
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
