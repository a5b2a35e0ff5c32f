namespace Bee.Terminal.Models;

/// <summary>How many values fell into each bucket in each of the latest intervals.</summary>
internal sealed class HeatHistory
{
    private const int Most = 240;

    private static readonly Dictionary<double, ulong> s_none = [];

    private readonly Queue<Dictionary<double, ulong>> _columns = [];
    private Dictionary<double, ulong> _last = s_none;

    public int Length => _columns.Count;

    /// <summary>The intervals, the oldest first; buckets by their lower limits.</summary>
    public IEnumerable<IReadOnlyDictionary<double, ulong>> Columns => _columns;

    /// <summary>Begins an interval without values.</summary>
    public void Add()
    {
        if (_columns.Count == Most)
        {
            _columns.Dequeue();
        }

        _columns.Enqueue(_last = []);
    }

    /// <summary>Sets what fell into the buckets in this interval.</summary>
    /// <param name="now">The histogram at its end.</param>
    /// <param name="before">The histogram at its start; null if it was empty.</param>
    public void Set(LiveHistogram now, LiveHistogram? before)
    {
        _last.Clear();
        foreach (LiveBucket bucket in now.Buckets)
        {
            ulong earlier = 0;
            foreach (LiveBucket old in before?.Buckets ?? [])
            {
                earlier = old.From == bucket.From ? old.Count : earlier;
            }

            if (bucket.Count > earlier)
            {
                _last[Key(bucket)] = bucket.Count - earlier;
            }
        }
    }

    /// <summary>What a bucket goes by.</summary>
    public static double Key(LiveBucket bucket) => bucket.From ?? double.NegativeInfinity;
}
