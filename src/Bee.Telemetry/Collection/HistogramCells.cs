using Bee.Ebpf.Records;

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
        HasSum = plan is ObservationPlan || plan is SlotPlan { Sum: not null };
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

    /// <summary>Whether the sum can be negative.</summary>
    public bool IsSumSigned { get; }

    /// <summary>How many totals a series has without native buckets.</summary>
    public int Totals => Buckets + 1;
}
