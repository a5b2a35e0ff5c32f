using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Sessions;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Metrics;

namespace Bee.Cmdlets.Metrics;

/// <summary>Reads the metrics of background sessions.</summary>
[Cmdlet(VerbsCommon.Get, "BeeMetric")]
[OutputType(typeof(BeeMetric))]
public sealed class GetMetricCommand : MetricCmdlet
{
    private readonly HashSet<BpfProgramSession> _given = [];
    private BackgroundMetrics? _metrics;

    /// <summary>Names of metrics; wildcards are allowed. By default all.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MetricNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IEnumerable<BpfProgramSession> sessions = Session is null ? RunningPrograms.All() : new SessionSelector(this).Select(Session);
        // With other limits the command uses its own series, which exist only while it runs.
        BackgroundMetrics metrics = _metrics ??= LeaveOut.Length == 0 && SeriesLimit == SessionMetricsOptions.DefaultSeriesLimit
            ? BackgroundMetrics.Shared(MetricNames)
            : new BackgroundMetrics(_ => true, Settings);
        Guard(Session, () =>
        {
            // All series of one metric are written together, across sessions.
            foreach (MetricFamily family in MergedMetrics.Of(sessions.Where(_given.Add).SelectMany(session => metrics.Collect(session, Stop)).Concat(Session is null ? [BuildInfo.Family] : [])))
            {
                foreach (MetricSeries series in family.Series)
                {
                    var metric = new BeeMetric(family.Descriptor, series);
                    if (Array.Exists(Name, name => NamePattern.Of(name).IsMatch(metric.Name)))
                    {
                        WriteObject(metric);
                    }
                }
            }
        });
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Settings.WarnOfUnknownLabels(this, _given);
}
