using Bee.Ebpf.Records;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>
/// Maps the buckets of a histogram to the totals of a series. The totals are the buckets, then the sum of the values, then the native buckets if each value is seen.
/// </summary>
internal sealed class HistogramCells
{
    // The keys of a map can have any number of linear slots. Values beyond this many go into the last bucket.
    private const int MostBuckets = 300;

    private readonly int _first;

    /// <param name="plan">The histogram.</param>
    public HistogramCells(HistogramPlan plan)
    {
        var isSigned = plan is ObservationPlan { Value.IsSigned: true };
        // The first bucket of a scale is below its first slot. Slots count nothing there, and unsigned numbers cannot be there.
        _first = plan.Scale.Limits == HistogramLimits.Named || isSigned || (plan is ObservationPlan && plan.Scale.Limits == HistogramLimits.Linear) ? 0 : 1;
        // The last slot that a program counts has no upper bound, since the program puts larger values there too.
        double[] bounds = [.. plan.Scale.UpperBounds()[_first..].TakeWhile(double.IsFinite)];
        // Bounds can be equal as doubles or whole numbers: powers of two beyond 2^53, and steps of less than 1.
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

    /// <summary>The inclusive upper bounds in the tool's unit, ascending, without infinity.</summary>
    public IReadOnlyList<double> UpperBounds { get; }

    /// <summary>The index of the total for each bucket of the scale.</summary>
    public int[] Targets { get; }

    /// <summary>The number of buckets, including the one up to infinity.</summary>
    public int Buckets => UpperBounds.Count + 1;

    /// <summary>The index of the total for the sum of the values.</summary>
    public int Sum { get; }

    /// <summary>Whether the sum is known.</summary>
    public bool HasSum { get; }

    /// <summary>The factor that converts the sum to the unit of the values.</summary>
    public double SumFactor { get; }

    /// <summary>Whether the sum can be negative.</summary>
    public bool IsSumSigned { get; }

    /// <summary>The number of totals of a series without native buckets.</summary>
    public int Totals => Buckets + 1;
}

/// <summary>The buckets of a native histogram of schema 0, whose bounds are powers of two of the base unit, for whole numbers in the tool's unit.</summary>
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

    /// <summary>The number of buckets above zero.</summary>
    public int Buckets { get; }

    /// <summary>The number of totals: one for values of zero or less, then the buckets.</summary>
    public int Totals => Buckets + 1;

    /// <summary>Returns the index of the total for a value; 0 for zero.</summary>
    /// <param name="value">The value in the tool's unit.</param>
    public int Of(ulong value) => value == 0 ? 0 : Index(_unit.ToBase(value)) - _first + 1;

    /// <summary>Returns the native buckets.</summary>
    /// <param name="totals">The totals of a series, from the one for zero on.</param>
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
