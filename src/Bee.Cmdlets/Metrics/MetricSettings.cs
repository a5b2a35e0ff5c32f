using Bee.Telemetry.Collection;

namespace Bee.Cmdlets;

/// <summary>How the metrics of sessions are named and limited.</summary>
internal sealed record MetricSettings
{
    public MetricNaming Naming { get; init; }

    public int SeriesLimit { get; init; } = SessionMetricsOptions.DefaultSeriesLimit;

    public IReadOnlyList<string> LeaveOut { get; init; } = [];

    /// <summary>The options for a session. One that has the name of its tool needs no label to be told from others.</summary>
    public SessionMetricsOptions For(string session, ToolOrigin tool, DateTime started) => new()
    {
        Tool = tool.Name,
        Session = session == tool.Name ? null : session,
        Started = started.ToUniversalTime(),
        Naming = Naming,
        SeriesLimit = SeriesLimit,
        LeaveOut = LeaveOut,
    };
}
