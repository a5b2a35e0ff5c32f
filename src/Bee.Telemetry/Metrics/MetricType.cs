namespace Bee.Telemetry.Metrics;

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
