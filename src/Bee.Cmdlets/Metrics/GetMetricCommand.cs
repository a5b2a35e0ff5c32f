using System.Management.Automation;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Metrics;

namespace Bee.Cmdlets;

/// <summary>Reads the metrics of programs that run in the background.</summary>
[Cmdlet(VerbsCommon.Get, "BeeMetric")]
[OutputType(typeof(BeeMetric))]
public sealed class GetMetricCommand : SelectProgramCmdlet
{
    private readonly HashSet<BpfProgramSession> _given = [];
    private BackgroundMetrics? _metrics;

    /// <summary>Names of metrics; wildcards are allowed. Without it all metrics.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MetricNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Programs that run in the background, by name, id or object; wildcards are allowed. Without it all of them.</summary>
    [Parameter(ValueFromPipeline = true)]
    [Alias("InputObject")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public object[]? Session { get; set; }

    /// <summary>How metrics are named: by Prometheus' rules, or as BumbleBee does.</summary>
    [Parameter]
    public MetricNaming MetricNames { get; set; }

    /// <summary>How many series a metric has at most; further keys are added up in one series. 2,000 by default.</summary>
    [Parameter]
    [ValidateRange(1, 1_000_000)]
    public int SeriesLimit { get; set; } = SessionMetricsOptions.DefaultSeriesLimit;

    /// <summary>Labels to leave out; series that differ only in them are added up.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] LeaveOut { get; set; } = [];

    private MetricSettings Settings => new() { Naming = MetricNames, SeriesLimit = SeriesLimit, LeaveOut = LeaveOut };

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IEnumerable<BpfProgramSession> sessions = Session is null ? RunningPrograms.All() : Sessions(Session);
        // Other limits have series of their own, which last as long as the command.
        BackgroundMetrics metrics = _metrics ??= LeaveOut.Length == 0 && SeriesLimit == SessionMetricsOptions.DefaultSeriesLimit
            ? BackgroundMetrics.Shared(MetricNames)
            : new BackgroundMetrics(_ => true, Settings);
        Guard(Session, () =>
        {
            // Lists of one metric stand together, whichever session they are of.
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

    private List<BpfProgramSession> Sessions(IEnumerable<object> given)
    {
        var sessions = new List<BpfProgramSession>();
        foreach (object one in given)
        {
            object item = one is PSObject wrapped ? wrapped.BaseObject : one;
            sessions.AddRange(item is BpfProgramSession session ? [session] : Select([LanguagePrimitives.ConvertTo<string>(item)]));
        }

        return sessions;
    }
}
