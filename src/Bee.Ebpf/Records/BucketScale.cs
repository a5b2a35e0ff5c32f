using System.Numerics;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Records;

/// <summary>
/// The buckets that the values or slots of a map fall into, indexed from 0. In a log2 or linear scale, index 0 holds the values below slot 0, and slot n has index n + 1.
/// </summary>
internal sealed class BucketScale
{
    /// <summary>The number of slots for powers of two of 64 bits.</summary>
    public const int Log2Slots = 64;

    // Limits the number of buckets for single values of a wide range.
    private const int ObservedSteps = 100;
    private const int MostSteps = 4096;

    private readonly double[] _bounds;
    private readonly double _start;
    private readonly double _step;
    // The slot that also counts larger values; -1 if there is none.
    private readonly int _openSlot;
    private readonly bool _firstIsOpen;
    private readonly bool _slotsAreBounds;

    private BucketScale(HistogramLimits limits, MapMetadata metadata, int slots, int openSlot, bool firstIsOpen)
    {
        Limits = limits;
        _bounds = [.. metadata.Buckets];
        _start = metadata.Scale?.Start ?? 0;
        _step = metadata.Scale is { Step: > 0 } scale ? scale.Step : 1;
        _openSlot = openSlot;
        _firstIsOpen = firstIsOpen;
        _slotsAreBounds = metadata.Scale?.Spacing == HistogramSpacing.Bounds;
        Slots = slots;
    }

    public HistogramLimits Limits { get; }

    /// <summary>The largest number of slots.</summary>
    public int Slots { get; }

    /// <summary>The largest number of buckets.</summary>
    public int Buckets => Slots + (Limits == HistogramLimits.Named ? 0 : 1);

    /// <summary>Returns the scale for single values.</summary>
    public static BucketScale ForValues(MapMetadata metadata) => LimitsOf(metadata) switch
    {
        HistogramLimits.Named => new(HistogramLimits.Named, metadata, metadata.Buckets.Count + 1, -1, false),
        HistogramLimits.Linear => new(HistogramLimits.Linear, metadata, ObservedSteps + 1, ObservedSteps, false),
        _ => new(HistogramLimits.Log2, metadata, Log2Slots, -1, false),
    };

    /// <summary>Returns the scale for slots that a program counts.</summary>
    /// <param name="metadata">The metadata of the map.</param>
    /// <param name="slots">The number of slots; null if the slot number is in the key, and so not limited. If the number is fixed, programs count larger values in the last slot.</param>
    public static BucketScale ForSlots(MapMetadata metadata, int? slots)
    {
        var limits = LimitsOf(metadata);
        return limits switch
        {
            HistogramLimits.Named => new(limits, metadata, metadata.Buckets.Count + 1, -1, false),
            HistogramLimits.Linear => new(limits, metadata, Math.Min(slots ?? MostSteps, MostSteps), slots - 1 ?? -1, slots is not null && metadata.Scale!.Start != 0),
            _ => new(limits, metadata, Log2Slots, slots < Log2Slots ? slots.Value - 1 : -1, false),
        };
    }

    /// <summary>Returns the bucket of a slot; -1 if the scale does not have the slot.</summary>
    public int OfSlot(ulong slot) => _slotsAreBounds ? Math.Max(-1, Array.BinarySearch(_bounds, slot * _step)) : slot >= (ulong)Slots ? -1 : (int)slot + (Limits == HistogramLimits.Named ? 0 : 1);

    /// <summary>Returns the bucket of a value.</summary>
    /// <param name="bits">The value, sign-extended.</param>
    /// <param name="isNegative">Whether the value is negative.</param>
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
    /// Returns the inclusive upper bound of each bucket, in ascending order: the largest integer in it, or its limit if the limits are named or closer than 1. The last bound is infinity, since programs
    /// count larger values in the last slot.
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

    /// <summary>Returns the buckets for an array of counts.</summary>
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

    private static HistogramLimits LimitsOf(MapMetadata metadata) =>
        metadata.Buckets.Count > 0 ? HistogramLimits.Named
        : metadata.Scale?.Spacing == HistogramSpacing.Linear ? HistogramLimits.Linear
        : HistogramLimits.Log2;
}
