namespace Bee.Telemetry.Metrics;

/// <summary>A metric with its series at one moment.</summary>
/// <param name="Descriptor">What the series share.</param>
/// <param name="Series">The series; no two have the same label values.</param>
public sealed record MetricFamily(MetricDescriptor Descriptor, IReadOnlyList<MetricSeries> Series);

/// <summary>Something that metrics can be read from: a session, or Bee itself.</summary>
public interface IMetricSource
{
    /// <summary>Reads the metrics as they stand now. Safe from any thread, and from several at once.</summary>
    /// <param name="cancellationToken">Ends a read that takes too long.</param>
    /// <returns>The metrics. Families of the same name from several sources have one descriptor and are served as one.</returns>
    IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken);

    /// <summary>Whether what is measured is attached and being read: what <c>/readyz</c> answers.</summary>
    bool IsReady { get; }

    /// <summary>Why <see cref="IsReady"/> is false, as one sentence that names the tool; null if it is true or the source knows no reason.</summary>
    string? NotReadyReason => null;
}

/// <summary>Reads several sources.</summary>
internal static class MetricSources
{
    /// <summary>Reads all sources. One that fails is left out: it may be another program's code, and whatever fails there, the others are read.</summary>
    /// <param name="sources">Lists the sources.</param>
    /// <param name="timeout">The time for all.</param>
    /// <param name="failed">Is called for each failure.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
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

/// <summary>What all series of a metric share: its name, type, unit, help text and label names.</summary>
/// <param name="Name">
/// The name of the family, which includes the unit and excludes the suffixes that a format adds (<c>_total</c>, <c>_info</c>, <c>_bucket</c>).
/// It matches <c>[a-zA-Z_:][a-zA-Z0-9_:]*</c>.
/// </param>
/// <param name="Type">The type.</param>
/// <param name="Unit">The base unit (<c>seconds</c>, <c>bytes</c>, <c>ratio</c>), with which <paramref name="Name"/> ends; null for a number without unit.</param>
/// <param name="Help">One sentence about what the metric tells; null if the tool's author wrote none.</param>
/// <param name="LabelNames">The names of the labels, in the order of <see cref="MetricSeries.LabelValues"/>. Each matches <c>[a-zA-Z_][a-zA-Z0-9_]*</c>.</param>
public sealed record MetricDescriptor(string Name, MetricType Type, string? Unit, string? Help, IReadOnlyList<string> LabelNames)
{
    /// <summary>Whether the name is served as it is, without the suffix of the type: BumbleBee's names are.</summary>
    public bool IsVerbatim { get; init; }
}

/// <summary>The types of metrics, as OpenMetrics 1.0 names them.</summary>
public enum MetricType
{
    /// <summary>A total that only rises, from <see cref="MetricSeries.Created"/> on.</summary>
    Counter,
    /// <summary>A value that rises and falls.</summary>
    Gauge,
    /// <summary>Counts of observations by bucket, from <see cref="MetricSeries.Created"/> on.</summary>
    Histogram,
    /// <summary>Labels about the process or the tool; the value is 1.</summary>
    Info,
}

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
    internal NativeBuckets? Native { get; init; }

    /// <summary>The number of observations.</summary>
    public ulong Count => Sum64(Counts);

    /// <summary>Whether there are native buckets and they have all observations: receivers refuse others.</summary>
    internal bool HasWholeNative => Native is { } native && native.ZeroCount + Sum64(native.Positive) == Count;

    private static ulong Sum64(IReadOnlyList<ulong> counts) => counts.Aggregate(0ul, static (sum, count) => sum + count);
}

/// <summary>The exponential buckets of a native histogram, as <c>io.prometheus.client.Histogram</c> has them.</summary>
/// <param name="Schema">The resolution: bucket <c>i</c> ends at <c>2^(i * 2^-schema)</c>, inclusive. 0 for powers of two.</param>
/// <param name="ZeroThreshold">Observations whose absolute value is at most this are in the zero bucket.</param>
/// <param name="ZeroCount">The observations in the zero bucket.</param>
/// <param name="FirstIndex">The index of the first of <paramref name="Positive"/>.</param>
/// <param name="Positive">The observations of each bucket above zero, from <paramref name="FirstIndex"/> on.</param>
internal sealed record NativeBuckets(int Schema, double ZeroThreshold, ulong ZeroCount, int FirstIndex, IReadOnlyList<ulong> Positive);
