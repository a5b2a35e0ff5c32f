using System.Collections;
using System.Collections.Specialized;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Bee.Telemetry.Metrics;

namespace Bee.Cmdlets.Metrics;

/// <summary>One series of a metric at one point in time.</summary>
public sealed class BeeMetric
{
    internal BeeMetric(MetricDescriptor descriptor, MetricSeries series)
    {
        // The name is that of the text formats, which queries use.
        Name = descriptor.IsVerbatim ? descriptor.Name : descriptor.Type switch
        {
            MetricType.Counter => descriptor.Name + "_total",
            MetricType.Info => descriptor.Name + "_info",
            _ => descriptor.Name,
        };
        Type = descriptor.Type.ToString().ToLowerInvariant();
        Unit = descriptor.Unit;
        Help = descriptor.Help;
        Labels = new MetricLabels(descriptor.LabelNames, series.LabelValues);
        Value = series.Value;
        Created = series.Created?.ToLocalTime();
        Histogram = series.Histogram is { } histogram ? new MetricDistribution(histogram) : null;
    }

    /// <summary>The name, with the suffix that its type has in the text formats.</summary>
    public string Name { get; }

    /// <summary>The type: <c>counter</c>, <c>gauge</c>, <c>histogram</c> or <c>info</c>.</summary>
    public string Type { get; }

    /// <summary>The base unit; null for numbers without unit.</summary>
    public string? Unit { get; }

    /// <summary>The help text; null if the tool's author wrote none.</summary>
    public string? Help { get; }

    /// <summary>The labels.</summary>
    public MetricLabels Labels { get; }

    /// <summary>The value; for a histogram, the number of observations.</summary>
    public double Value { get; }

    /// <summary>The start of the count, in local time; null for gauges.</summary>
    public DateTime? Created { get; }

    /// <summary>The buckets of a histogram; null for other types.</summary>
    public MetricDistribution? Histogram { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Name}{Labels} {Value.ToString("R", CultureInfo.InvariantCulture)}";
}

/// <summary>The labels of a series, in order: a dictionary whose text is that of the exposition formats.</summary>
[SuppressMessage("Design", "CA1010", Justification = "PowerShell reads entries of IDictionary as members; a second, generic view would give them twice.")]
public sealed class MetricLabels : OrderedDictionary
{
    internal MetricLabels(IReadOnlyList<string> names, IReadOnlyList<string> values)
        : base(StringComparer.OrdinalIgnoreCase)
    {
        for (int i = 0; i < names.Count; i++)
        {
            // In Prometheus, an empty label equals a missing one.
            if (values[i].Length > 0 && !Contains(names[i]))
            {
                Add(names[i], values[i]);
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Count == 0 ? string.Empty : $"{{{string.Join(',', this.Cast<DictionaryEntry>().Select(label => $"{label.Key}=\"{Escape($"{label.Value}")}\""))}}}";

    private static string Escape(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}

/// <summary>The distribution of a histogram's observations.</summary>
public sealed class MetricDistribution
{
    internal MetricDistribution(MetricHistogram histogram)
    {
        Count = histogram.Count;
        Sum = histogram.Sum;
        var buckets = new List<MetricBucket>();
        for (int i = 0; i < histogram.Counts.Count; i++)
        {
            buckets.Add(new MetricBucket(i < histogram.UpperBounds.Count ? histogram.UpperBounds[i] : double.PositiveInfinity, histogram.Counts[i]));
        }

        Buckets = buckets;
    }

    /// <summary>The number of observations.</summary>
    public ulong Count { get; }

    /// <summary>The sum of the observations, in the metric's unit; null if the tool does not record it.</summary>
    public double? Sum { get; }

    /// <summary>The buckets, in ascending order.</summary>
    public IReadOnlyList<MetricBucket> Buckets { get; }

    /// <inheritdoc/>
    public override string ToString() => string.Join(' ', Buckets.Where(bucket => bucket.Count > 0));
}

/// <summary>One bucket of a histogram.</summary>
/// <param name="UpperBound">The largest value in the bucket, in the metric's unit.</param>
/// <param name="Count">The number of observations in this bucket only, not cumulative.</param>
public sealed record MetricBucket(double UpperBound, ulong Count)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"le={UpperBound:R}:{Count}");
}
