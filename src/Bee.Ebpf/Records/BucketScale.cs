using System.Numerics;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Records;

/// <summary>
/// The buckets that a map's values or slots fall into. Buckets have an index from 0; of log2 and linear scales index 0 is what lies
/// below slot 0, and slot n has index n + 1.
/// </summary>
internal sealed class BucketScale
{
    /// <summary>Slots of 64-bit powers of two.</summary>
    public const int Log2Slots = 64;

    // Single values of a wide range would otherwise make buckets without end.
    private const int ObservedSteps = 100;
    private const int MostSteps = 4096;

    private readonly double[] _bounds;
    private readonly double _start;
    private readonly double _step;
    // The slot that also holds what is above it; -1 where there is none.
    private readonly int _openSlot;
    private readonly bool _firstIsOpen;
    private readonly bool _slotsAreBounds;

    private BucketScale(HistogramLimits limits, MapMetadata words, int slots, int openSlot, bool firstIsOpen)
    {
        Limits = limits;
        _bounds = [.. words.Buckets];
        _start = words.Scale?.Start ?? 0;
        _step = words.Scale is { Step: > 0 } scale ? scale.Step : 1;
        _openSlot = openSlot;
        _firstIsOpen = firstIsOpen;
        _slotsAreBounds = words.Scale?.Spacing == HistogramSpacing.Bounds;
        Slots = slots;
    }

    public HistogramLimits Limits { get; }

    /// <summary>How many slots there can be.</summary>
    public int Slots { get; }

    /// <summary>How many buckets there can be.</summary>
    public int Buckets => Slots + (Limits == HistogramLimits.Named ? 0 : 1);

    /// <summary>For single values.</summary>
    public static BucketScale ForValues(MapMetadata words) => LimitsOf(words) switch
    {
        HistogramLimits.Named => new(HistogramLimits.Named, words, words.Buckets.Count + 1, -1, false),
        HistogramLimits.Linear => new(HistogramLimits.Linear, words, ObservedSteps + 1, ObservedSteps, false),
        _ => new(HistogramLimits.Log2, words, Log2Slots, -1, false),
    };

    /// <summary>For slots that a program counts.</summary>
    /// <param name="words">What the author says.</param>
    /// <param name="slots">How many there are; null where their number is in the key and so may be any. Programs put what is beyond a fixed number of slots into the last one.</param>
    public static BucketScale ForSlots(MapMetadata words, int? slots)
    {
        var limits = LimitsOf(words);
        return limits switch
        {
            HistogramLimits.Named => new(limits, words, words.Buckets.Count + 1, -1, false),
            HistogramLimits.Linear => new(limits, words, Math.Min(slots ?? MostSteps, MostSteps), slots - 1 ?? -1, slots is not null && words.Scale!.Start != 0),
            _ => new(limits, words, Log2Slots, slots < Log2Slots ? slots.Value - 1 : -1, false),
        };
    }

    /// <summary>The bucket of a slot; -1 where the scale has no such slot.</summary>
    public int OfSlot(ulong slot) => _slotsAreBounds ? Math.Max(-1, Array.BinarySearch(_bounds, slot * _step)) : slot >= (ulong)Slots ? -1 : (int)slot + (Limits == HistogramLimits.Named ? 0 : 1);

    /// <summary>The bucket of a value.</summary>
    /// <param name="bits">The value, sign-extended.</param>
    /// <param name="isNegative">Whether it is a negative number.</param>
    public int OfValue(ulong bits, bool isNegative)
    {
        if (Limits == HistogramLimits.Log2)
        {
            return isNegative ? 0 : BitOperations.Log2(bits | 1) + 1;
        }

        var value = isNegative ? (long)bits : (double)bits;
        if (Limits == HistogramLimits.Linear)
        {
            var slot = Math.Floor((value - _start) / _step);
            return slot < 0 ? 0 : (int)Math.Min(slot, Slots - 1) + 1;
        }

        var at = Array.BinarySearch(_bounds, value);
        return at < 0 ? ~at : at;
    }

    /// <summary>
    /// The largest whole number of each bucket, rising; of a bucket with a named limit, or narrower than 1, that limit. The last bucket's is infinity, since what a
    /// program counts beyond its last slot stands there too.
    /// </summary>
    public double[] UpperBounds()
    {
        var bounds = new double[Buckets];
        for (var i = 0; i < bounds.Length - 1; i++)
        {
            var to = Range(i).To ?? double.PositiveInfinity;
            bounds[i] = Limits == HistogramLimits.Named || _step < 1 ? to : Math.Ceiling(to) - 1;
        }

        bounds[^1] = double.PositiveInfinity;
        return bounds;
    }

    /// <summary>Makes the buckets of some counts.</summary>
    public HistogramBucket[] Make(ReadOnlySpan<ulong> counts)
    {
        var first = 0;
        var last = counts.Length - 1;
        if (Limits != HistogramLimits.Named)
        {
            first = Math.Max(0, counts.IndexOfAnyExcept(0ul));
            last = counts.LastIndexOfAnyExcept(0ul);
        }

        var buckets = new HistogramBucket[last - first + 1];
        for (var i = 0; i < buckets.Length; i++)
        {
            var (from, to) = Range(first + i);
            buckets[i] = new HistogramBucket(from, to, counts[first + i]);
        }

        return buckets;
    }

    private (double? From, double? To) Range(int bucket)
    {
        if (Limits == HistogramLimits.Named)
        {
            return (bucket == 0 ? null : _bounds[bucket - 1], bucket == _bounds.Length ? null : _bounds[bucket]);
        }

        var slot = bucket - 1;
        var (from, to) = Limits == HistogramLimits.Log2
            ? (slot == 0 ? 0 : Math.ScaleB(1, slot), Math.ScaleB(1, slot + 1))
            : (_start + slot * _step, _start + (slot + 1) * _step);
        return slot < 0
            ? (null, Limits == HistogramLimits.Log2 ? 0 : _start)
            : (slot == 0 && _firstIsOpen ? null : from, slot == _openSlot ? null : to);
    }

    private static HistogramLimits LimitsOf(MapMetadata words) =>
        words.Buckets.Count > 0 ? HistogramLimits.Named
        : words.Scale?.Spacing == HistogramSpacing.Linear ? HistogramLimits.Linear
        : HistogramLimits.Log2;
}
