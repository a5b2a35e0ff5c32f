namespace Bee.Telemetry.Metrics;

/// <summary>A metric with its series at one moment.</summary>
/// <param name="Descriptor">What the series share.</param>
/// <param name="Series">The series; no two have the same label values.</param>
public sealed record MetricFamily(MetricDescriptor Descriptor, IReadOnlyList<MetricSeries> Series);
