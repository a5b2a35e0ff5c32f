namespace Bee.Telemetry.Metrics;

/// <summary>How observations are spread over buckets, cumulative from the start of the count.</summary>
/// <param name="UpperBounds">
/// The inclusive upper bounds (<c>le</c>), rising, in the metric's unit, without the last bucket's infinity. All series of a metric, at all times, have the same ones.
/// </param>
/// <param name="Counts">The observations of each bucket alone (not added up), one more than <paramref name="UpperBounds"/>: the last bucket's bound is infinity.</param>
/// <param name="Sum">The sum of all observations in the metric's unit; null if the tool does not count it.</param>
public sealed record MetricHistogram(IReadOnlyList<double> UpperBounds, IReadOnlyList<ulong> Counts, double? Sum)
{
    /// <summary>
    /// The same observations as a native histogram of Prometheus; null if the buckets are not powers of two.
    /// </summary>
    public NativeBuckets? Native { get; init; }

    /// <summary>The number of observations.</summary>
    public ulong Count => Counts.Aggregate(0ul, static (sum, count) => sum + count);
}
