using System.Management.Automation;
using System.Runtime.CompilerServices;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Posix;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Metrics;

namespace Bee.Cmdlets.Metrics;

/// <summary>The metrics of background sessions, including sessions that start later. Several threads may collect at once.</summary>
internal sealed class BackgroundMetrics : IMetricSource
{
    private static readonly Dictionary<MetricNaming, BackgroundMetrics> s_known = [];
    private readonly ConditionalWeakTable<BpfProgramSession, SessionView> _views = [];
    private readonly Func<BpfProgramSession, bool> _select;
    private readonly MetricSettings _settings;

    /// <param name="select">Selects the sessions to include.</param>
    /// <param name="settings">Names and limits.</param>
    public BackgroundMetrics(Func<BpfProgramSession, bool> select, MetricSettings settings)
    {
        _select = select;
        _settings = settings;
    }

    /// <summary>The sessions that are included now.</summary>
    public IEnumerable<BpfProgramSession> Sessions => RunningPrograms.All().Where(_select);

    public bool IsReady => NotReadyReason is null;

    public string? NotReadyReason
    {
        get
        {
            BpfProgramSession[] sessions = [.. Sessions];
            return sessions.Length == 0 ? "No session is running."
                : sessions.FirstOrDefault(session => session.State != BpfProgramState.Running) is { } ended ? $"The session {ended.Name} is {ended.State}."
                : null;
        }
    }

    /// <summary>Returns the metrics of all background sessions of this process, with default settings. All commands share it, so each one also reports keys that were deleted between two commands.</summary>
    public static BackgroundMetrics Shared(MetricNaming naming)
    {
        lock (s_known)
        {
            return s_known.TryGetValue(naming, out BackgroundMetrics? known) ? known : s_known[naming] = new BackgroundMetrics(_ => true, new MetricSettings { Naming = naming });
        }
    }

    public IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken) => MergedMetrics.Of(Sessions.SelectMany(session => Collect(session, cancellationToken)));

    /// <summary>Collects the metrics of one session.</summary>
    public IReadOnlyList<MetricFamily> Collect(BpfProgramSession session, CancellationToken cancellationToken)
    {
        if (session.Meter is null)
        {
            return [];
        }

        SessionView view;
        lock (_views)
        {
            view = _views.GetValue(session, _ => View(session, _settings)!);
        }

        return view.Collect(cancellationToken);
    }

    /// <summary>Returns the metrics of one session with the given settings; null if this process does not read the session.</summary>
    public static SessionView? View(BpfProgramSession session, MetricSettings settings) => session.Meter is not { } meter ? null : new SessionView(
        meter,
        settings.For(session.Name, session.Tool, session.Started),
        () => SessionView.Status(session.Name, session.Tool, session.State == BpfProgramState.Running, session.Dropped));
}

/// <summary>The metrics of one session: those of its tool, and Bee's own about the session.</summary>
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

    /// <summary>Returns the status of a session.</summary>
    public static SessionStatus Status(string session, ToolOrigin tool, bool isRunning, long? dropped) => new(session, tool.Name)
    {
        Image = tool.Origin,
        Digest = tool.Digest ?? "",
        Signature = tool.Signature.ToString().ToLowerInvariant(),
        IsRunning = isRunning,
        Dropped = dropped,
    };
}

/// <summary>The naming and limits of metrics.</summary>
internal sealed record MetricSettings
{
    public MetricNaming Naming { get; init; }

    public int SeriesLimit { get; init; } = SessionMetricsOptions.DefaultSeriesLimit;

    public IReadOnlyList<string> LeaveOut { get; init; } = [];

    /// <summary>Whether the kernel's statistics are on while the metrics are served.</summary>
    public bool CountsRuns { get; init; }

    /// <summary>Warns of labels in LeaveOut that no session has. Does not warn if there is no session to compare with.</summary>
    /// <param name="cmdlet">The cmdlet that warns.</param>
    /// <param name="sessions">The sessions that are included now.</param>
    public void WarnOfUnknownLabels(Cmdlet cmdlet, IEnumerable<BpfProgramSession> sessions)
    {
        SessionMeter[] meters = [.. sessions.Select(session => session.Meter).OfType<SessionMeter>()];
        foreach (string name in meters.Length == 0 ? [] : LeaveOut.Where(name => !Array.Exists(meters, meter => meter.HasLabel(name))))
        {
            cmdlet.WriteWarning($"-LeaveOut '{TerminalText.ShowLines(name)}' has no effect: no session has a label of this name. Get-BeeMetric shows the labels.");
        }
    }

    /// <summary>Returns the options for a session. A session that is named after its tool needs no session label.</summary>
    public SessionMetricsOptions For(string session, ToolOrigin tool, DateTime started) => new()
    {
        Tool = tool.Name,
        Session = session == tool.Name ? null : session,
        Started = started.ToUniversalTime(),
        Naming = Naming,
        SeriesLimit = SeriesLimit,
        LeaveOut = LeaveOut,
        CountsRuns = CountsRuns,
    };
}
