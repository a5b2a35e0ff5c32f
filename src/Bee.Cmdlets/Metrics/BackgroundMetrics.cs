using System.Management.Automation;
using System.Runtime.CompilerServices;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Tools;
using Bee.Posix;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Metrics;

namespace Bee.Cmdlets.Metrics;

/// <summary>The metrics of background sessions, those that start later included. Several threads may collect at once.</summary>
internal sealed class BackgroundMetrics : IMetricSource
{
    private static readonly Dictionary<MetricNaming, BackgroundMetrics> s_known = [];
    private readonly ConditionalWeakTable<BpfProgramSession, SessionView> _views = [];
    private readonly Func<BpfProgramSession, bool> _select;
    private readonly MetricSettings _settings;

    /// <param name="select">Which sessions take part.</param>
    /// <param name="settings">Names and limits.</param>
    public BackgroundMetrics(Func<BpfProgramSession, bool> select, MetricSettings settings)
    {
        _select = select;
        _settings = settings;
    }

    /// <summary>The sessions that take part now.</summary>
    public IEnumerable<BpfProgramSession> Sessions => RunningPrograms.All().Where(_select);

    public bool IsReady => NotReadyReason is null;

    public string? NotReadyReason
    {
        get
        {
            BpfProgramSession[] sessions = [.. Sessions];
            return sessions.Length == 0 ? "No session runs."
                : sessions.FirstOrDefault(session => session.State != BpfProgramState.Running) is { } ended ? $"The session {ended.Name} is {ended.State}."
                : null;
        }
    }

    /// <summary>The metrics of all background sessions of this process without further settings: what commands at a prompt share, so that each sees keys that were deleted before it ran.</summary>
    public static BackgroundMetrics Shared(MetricNaming naming)
    {
        lock (s_known)
        {
            return s_known.TryGetValue(naming, out BackgroundMetrics? known) ? known : s_known[naming] = new BackgroundMetrics(_ => true, new MetricSettings { Naming = naming });
        }
    }

    public IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken) => MergedMetrics.Of(Sessions.SelectMany(session => Collect(session, cancellationToken)));

    /// <summary>The metrics of one session.</summary>
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

    /// <summary>The metrics of one session under settings; null for one that is not read here.</summary>
    public static SessionView? View(BpfProgramSession session, MetricSettings settings) => session.Meter is not { } meter ? null : new SessionView(
        meter,
        settings.For(session.Name, session.Tool, session.Started),
        () => SessionView.Status(session.Name, session.Tool, session.State == BpfProgramState.Running, session.Dropped));
}

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

/// <summary>How the metrics of sessions are named and limited.</summary>
internal sealed record MetricSettings
{
    public MetricNaming Naming { get; init; }

    public int SeriesLimit { get; init; } = SessionMetricsOptions.DefaultSeriesLimit;

    public IReadOnlyList<string> LeaveOut { get; init; } = [];

    /// <summary>Whether the kernel's statistics are on for those who scrape.</summary>
    public bool CountsRuns { get; init; }

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
        CountsRuns = CountsRuns,
    };
}
