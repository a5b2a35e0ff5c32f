namespace Bee.Telemetry.Metrics;

/// <summary>The value of a metric for one combination of labels, at one moment. Immutable.</summary>
/// <param name="LabelValues">The values of the labels, in the order of <see cref="MetricDescriptor.LabelNames"/>. Any text.</param>
/// <param name="Value">The value of a counter, gauge or info; the number of observations of a histogram.</param>
public sealed record MetricSeries(IReadOnlyList<string> LabelValues, double Value)
{
    /// <summary>When the count began, in UTC; null for gauges and infos.</summary>
    public DateTime? Created { get; init; }

    /// <summary>The buckets of a histogram; null for other types.</summary>
    public MetricHistogram? Histogram { get; init; }
}
