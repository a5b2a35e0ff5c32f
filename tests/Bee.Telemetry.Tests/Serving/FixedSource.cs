using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Tests.Serving;

/// <summary>A source that returns given metrics.</summary>
internal sealed class FixedSource(Func<CancellationToken, IReadOnlyList<MetricFamily>> collect) : IMetricSource
{
    public FixedSource(params MetricFamily[] families) : this(_ => families)
    {
    }

    public bool IsReady { get; set; } = true;

    public string? NotReadyReason { get; set; }

    public IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken) => collect(cancellationToken);
}
