namespace Bee.Telemetry.Metrics;

/// <summary>A metric with all of its series at one moment. Immutable.</summary>
/// <param name="Descriptor">The properties that all series share.</param>
/// <param name="Series">The series. No two have the same label values.</param>
public sealed record MetricFamily(MetricDescriptor Descriptor, IReadOnlyList<MetricSeries> Series);

/// <summary>A source of metrics, such as a session. Implement this to serve or push metrics of your own.</summary>
public interface IMetricSource
{
    /// <summary>Reads the current metrics. Must be safe from any thread, and from several at once.</summary>
    /// <param name="cancellationToken">Cancels a read that takes too long.</param>
    /// <returns>The metrics. If several sources return families of one name, the families must have equal descriptors; they are merged.</returns>
    IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken);

    /// <summary>Whether the source is attached and being read. <c>/readyz</c> reports this.</summary>
    bool IsReady { get; }

    /// <summary>Why <see cref="IsReady"/> is false, as one sentence; null if it is true or the reason is unknown.</summary>
    string? NotReadyReason => null;
}

/// <summary>Reads several sources.</summary>
internal static class MetricSources
{
    /// <summary>Reads all sources. A source that throws is skipped, since it may be foreign code.</summary>
    /// <param name="sources">Returns the sources.</param>
    /// <param name="timeout">The time limit for all sources together.</param>
    /// <param name="failed">Called for each failure.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public static List<MetricFamily> Collect(Func<IReadOnlyList<IMetricSource>> sources, TimeSpan timeout, Action failed, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        var families = new List<MetricFamily>();
        try
        {
            foreach (var source in sources())
            {
                try
                {
                    families.AddRange(source.Collect(deadline.Token));
                }
                catch (Exception)
                {
                    failed();
                }
            }
        }
        catch (Exception)
        {
            failed();
        }

        return families;
    }
}

/// <summary>Describes a metric: name, type, unit, help text and label names.</summary>
/// <param name="Name">
/// The name of the family, with the unit and without the suffixes that a format adds (<c>_total</c>, <c>_info</c>, <c>_bucket</c>).
/// It matches <c>[a-zA-Z_:][a-zA-Z0-9_:]*</c>.
/// </param>
/// <param name="Type">The type of the metric.</param>
/// <param name="Unit">The base unit (<c>seconds</c>, <c>bytes</c>, <c>ratio</c>), which is also the end of <paramref name="Name"/>; null for a number without a unit.</param>
/// <param name="Help">One sentence that describes the metric, or null.</param>
/// <param name="LabelNames">The names of the labels, in the order of <see cref="MetricSeries.LabelValues"/>. Each matches <c>[a-zA-Z_][a-zA-Z0-9_]*</c>.</param>
public sealed record MetricDescriptor(string Name, MetricType Type, string? Unit, string? Help, IReadOnlyList<string> LabelNames)
{
    /// <summary>Whether the name is served unchanged, without the suffix of its type, as BumbleBee does.</summary>
    public bool IsVerbatim { get; init; }
}

/// <summary>The types of metrics (OpenMetrics 1.0).</summary>
public enum MetricType
{
    /// <summary>A total that only rises, counted from <see cref="MetricSeries.Created"/>.</summary>
    Counter,
    /// <summary>A value that rises and falls.</summary>
    Gauge,
    /// <summary>Counts of observations by bucket, counted from <see cref="MetricSeries.Created"/>.</summary>
    Histogram,
    /// <summary>Labels that describe the process or the tool. The value is 1.</summary>
    Info,
}

/// <summary>The value of a metric for one combination of label values, at one moment. Immutable.</summary>
/// <param name="LabelValues">The label values, in the order of <see cref="MetricDescriptor.LabelNames"/>. Any text.</param>
/// <param name="Value">The value of a counter, gauge or info; for a histogram, the number of observations.</param>
public sealed record MetricSeries(IReadOnlyList<string> LabelValues, double Value)
{
    /// <summary>When counting began, in UTC; null for gauges and infos.</summary>
    public DateTime? Created { get; init; }

    /// <summary>The buckets of a histogram; null for other types.</summary>
    public MetricHistogram? Histogram { get; init; }
}

/// <summary>The distribution of observations over buckets, counted since the series began. Immutable.</summary>
/// <param name="UpperBounds">
/// The inclusive upper bounds (<c>le</c>) in the metric's unit, ascending, without infinity. All series of a metric have the same bounds at all times.
/// </param>
/// <param name="Counts">The number of observations in each bucket, not cumulative. Has one more element than <paramref name="UpperBounds"/>, for the bucket up to infinity.</param>
/// <param name="Sum">The sum of all observations in the metric's unit; null if the tool does not count it.</param>
public sealed record MetricHistogram(IReadOnlyList<double> UpperBounds, IReadOnlyList<ulong> Counts, double? Sum)
{
    /// <summary>The same observations as a native histogram of Prometheus; null if the buckets are not powers of two.</summary>
    internal NativeBuckets? Native { get; init; }

    /// <summary>The number of observations.</summary>
    public ulong Count => Sum64(Counts);

    /// <summary>Whether the native buckets exist and contain all observations. Receivers reject others.</summary>
    internal bool HasWholeNative => Native is { } native && native.ZeroCount + Sum64(native.Positive) == Count;

    private static ulong Sum64(IReadOnlyList<ulong> counts) => counts.Aggregate(0ul, static (sum, count) => sum + count);
}

/// <summary>The exponential buckets of a native histogram (<c>io.prometheus.client.Histogram</c>).</summary>
/// <param name="Schema">The resolution: bucket <c>i</c> ends at <c>2^(i * 2^-schema)</c>, inclusive. 0 for powers of two.</param>
/// <param name="ZeroThreshold">The largest absolute value in the zero bucket.</param>
/// <param name="ZeroCount">The number of observations in the zero bucket.</param>
/// <param name="FirstIndex">The index of the first bucket in <paramref name="Positive"/>.</param>
/// <param name="Positive">The number of observations in each bucket above zero, from <paramref name="FirstIndex"/> on.</param>
internal sealed record NativeBuckets(int Schema, double ZeroThreshold, ulong ZeroCount, int FirstIndex, IReadOnlyList<ulong> Positive);
