using Bee.Telemetry.Collection;
using Bee.Telemetry.Metrics;

namespace Bee.Cmdlets;

/// <summary>The metrics of one session under given settings: those of its tool, and Bee's own about it.</summary>
internal sealed class SessionView : IMetricSource
{
    private readonly SessionMetrics _metrics;
    private readonly StatusMetrics _status;

    public SessionView(SessionMeter meter, SessionMetricsOptions options, Func<SessionStatus> status)
    {
        _metrics = new SessionMetrics(meter, options);
        _status = new StatusMetrics(meter, _metrics, options, status);
    }

    public bool IsReady => _status.IsReady;

    public IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken) => [.. _metrics.Collect(cancellationToken), .. _status.Collect(cancellationToken)];

    /// <summary>What is known of a session.</summary>
    public static SessionStatus Status(string session, ToolOrigin tool, bool isRunning, long? dropped) => new(session, tool.Name)
    {
        Image = tool.Origin,
        Digest = tool.Digest ?? "",
        Signature = tool.Signature.ToString().ToLowerInvariant(),
        IsRunning = isRunning,
        Dropped = dropped,
    };
}
