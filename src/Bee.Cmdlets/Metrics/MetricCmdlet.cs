using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Sessions;
using Bee.Telemetry.Collection;

namespace Bee.Cmdlets.Metrics;

/// <summary>A cmdlet that reads or serves the metrics of programs that run in the background.</summary>
public abstract class MetricCmdlet : BeeCmdlet
{
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

    /// <summary>How metrics are named and limited, as the parameters say.</summary>
    private protected MetricSettings Settings => new() { Naming = MetricNames, SeriesLimit = SeriesLimit, LeaveOut = LeaveOut };
}
