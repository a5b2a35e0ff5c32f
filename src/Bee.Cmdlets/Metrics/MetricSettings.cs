using System.Management.Automation;
using Bee.Posix;
using Bee.Telemetry.Collection;

namespace Bee.Cmdlets;

/// <summary>How the metrics of sessions are named and limited.</summary>
internal sealed record MetricSettings
{
    public MetricNaming Naming { get; init; }

    public int SeriesLimit { get; init; } = SessionMetricsOptions.DefaultSeriesLimit;

    public IReadOnlyList<string> LeaveOut { get; init; } = [];

    /// <summary>Warns of labels to leave out that no session has. Does not warn if no session measures.</summary>
    /// <param name="cmdlet">The cmdlet that warns.</param>
    /// <param name="sessions">The sessions that take part now.</param>
    public void WarnOfUnknownLabels(Cmdlet cmdlet, IEnumerable<BpfProgramSession> sessions)
    {
        SessionMeter[] meters = [.. sessions.Select(session => session.Meter).OfType<SessionMeter>()];
        foreach (string name in meters.Length == 0 ? [] : LeaveOut.Where(name => !Array.Exists(meters, meter => meter.HasLabel(name))))
        {
            cmdlet.WriteWarning($"-LeaveOut '{TerminalText.ShowLines(name)}' has no effect: no session has a label of this name. Get-BeeMetric shows the labels.");
        }
    }

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
