using Bee.Ebpf.Records;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>
/// The buckets of a histogram as totals of series: which bucket is which total, and their upper bounds. The sum of the values follows the buckets; the buckets of a native histogram follow the sum
/// where each value is seen.
/// </summary>
internal sealed class HistogramCells
{
    // Linear slots in the key of a map can have any number; what is beyond stands in the last bucket.
    private const int MostBuckets = 300;

    private readonly int _first;

    /// <param name="plan">The histogram.</param>
    public HistogramCells(HistogramPlan plan)
    {
        var isSigned = plan is ObservationPlan { Value.IsSigned: true };
        // The first bucket of a scale is what lies below its first slot; nothing is counted there by slots, nor can be of numbers without a sign.
        _first = plan.Scale.Limits == HistogramLimits.Named || isSigned || (plan is ObservationPlan && plan.Scale.Limits == HistogramLimits.Linear) ? 0 : 1;
        // The last slot that a program counts has no upper bound, since it puts there what is beyond.
        double[] bounds = [.. plan.Scale.UpperBounds()[_first..].TakeWhile(double.IsFinite)];
        // Powers of two beyond 2^53 and steps of less than 1 can have bounds that are alike as a double or as a whole number.
        Targets = new int[plan.Scale.Buckets];
        var rising = new List<double>();
        for (var bucket = _first; bucket < Targets.Length; bucket++)
        {
            var at = bucket - _first;
            if (at < bounds.Length && rising.Count < MostBuckets && (rising.Count == 0 || bounds[at] > rising[^1]))
            {
                rising.Add(bounds[at]);
                Targets[bucket] = rising.Count - 1;
            }
            else
            {
                Targets[bucket] = at < bounds.Length && rising.Count < MostBuckets ? rising.Count - 1 : rising.Count;
            }
        }

        UpperBounds = rising;
        Sum = rising.Count + 1;
        IsSumSigned = isSigned || plan is SlotPlan { Sum.IsSigned: true };
        HasSum = plan is ObservationPlan || plan is SlotPlan { Sum: not null } or SlotPlan { SumSlot: not null };
        SumFactor = plan is SlotPlan { SumSlot: { } place } ? place.Factor : 1;
    }

    /// <summary>The inclusive upper bounds in the tool's unit, rising, without infinity.</summary>
    public IReadOnlyList<double> UpperBounds { get; }

    /// <summary>The total of each bucket of the scale.</summary>
    public int[] Targets { get; }

    /// <summary>How many buckets there are, that of infinity included.</summary>
    public int Buckets => UpperBounds.Count + 1;

    /// <summary>The index of the total that is the sum of the values.</summary>
    public int Sum { get; }

    /// <summary>Whether the sum is known.</summary>
    public bool HasSum { get; }

    /// <summary>What the sum is multiplied by to be in the unit of the values.</summary>
    public double SumFactor { get; }

    /// <summary>Whether the sum can be negative.</summary>
    public bool IsSumSigned { get; }

    /// <summary>How many totals a series has without native buckets.</summary>
    public int Totals => Buckets + 1;
}

/// <summary>The buckets of a native histogram of schema 0, whose bounds are powers of two of the base unit, for whole numbers in a unit of their own.</summary>
internal sealed class NativeScale
{
    private readonly MetricUnit _unit;
    private readonly int _first;

    /// <param name="unit">The unit of the values.</param>
    public NativeScale(MetricUnit unit)
    {
        _unit = unit;
        _first = Index(unit.ToBase(1));
        Buckets = Index(unit.ToBase(ulong.MaxValue)) - _first + 1;
    }

    /// <summary>How many buckets there are above zero.</summary>
    public int Buckets { get; }

    /// <summary>How many totals they take: one for values of zero or less, then the buckets.</summary>
    public int Totals => Buckets + 1;

    /// <summary>The total of a value, counted from the first: 0 for zero.</summary>
    /// <param name="value">The value in the tool's unit.</param>
    public int Of(ulong value) => value == 0 ? 0 : Index(_unit.ToBase(value)) - _first + 1;

    /// <summary>Returns the buckets.</summary>
    /// <param name="totals">The totals of a series, from that of zero on.</param>
    public NativeBuckets Make(ReadOnlySpan<ulong> totals)
    {
        var positive = totals[1..];
        var from = positive.IndexOfAnyExcept(0ul);
        return from < 0
            ? new NativeBuckets(0, 0, totals[0], 0, [])
            : new NativeBuckets(0, 0, totals[0], _first + from, positive[from..(positive.LastIndexOfAnyExcept(0ul) + 1)].ToArray());
    }

    // Bucket i ends at 2^i, inclusive.
    private static int Index(double value) => Math.ILogB(value) is var exponent && Math.ScaleB(1, exponent) == value ? exponent : exponent + 1;
}
