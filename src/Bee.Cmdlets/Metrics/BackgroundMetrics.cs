using System.Runtime.CompilerServices;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Metrics;

namespace Bee.Cmdlets;

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
        if (session.Meter is not { } meter)
        {
            return [];
        }

        SessionView view;
        lock (_views)
        {
            view = _views.GetValue(session, _ => new SessionView(
                meter,
                _settings.For(session.Name, session.Tool, session.Started),
                () => SessionView.Status(session.Name, session.Tool, session.State == BpfProgramState.Running, session.Dropped)));
        }

        return view.Collect(cancellationToken);
    }
}
