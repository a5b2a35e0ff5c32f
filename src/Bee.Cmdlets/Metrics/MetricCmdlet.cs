using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Sessions;
using Bee.Posix;
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
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int SeriesLimit { get; set; } = SessionMetricsOptions.DefaultSeriesLimit;

    /// <summary>Labels to leave out; series that differ only in them are added up.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] LeaveOut { get; set; } = [];

    /// <summary>How metrics are named and limited, as the parameters say.</summary>
    private protected MetricSettings Settings => new() { Naming = MetricNames, SeriesLimit = SeriesLimit, LeaveOut = LeaveOut };
}

/// <summary>Offers the names of the metrics of the programs that run in the background.</summary>
public sealed class MetricNameCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound) => BackgroundMetrics.Shared(Bee.Telemetry.Collection.MetricNaming.Bee)
        .Collect(CancellationToken.None)
        .SelectMany(family => family.Series.Take(1).Select(series => new BeeMetric(family.Descriptor, series)))
        .Select(metric => new Candidate(metric.Name, $"{metric.Type}: {metric.Help ?? "no help text"}"));
}

/// <summary>Offers the ids of metric servers.</summary>
public sealed class MetricServerCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound) =>
        RunningServers.All().Select(server => new Candidate(server.Id.ToString(CultureInfo.InvariantCulture), $"{server.Uri}, {Quantity.Of(server.Scrapes, "scrape")}", IsCode: true));
}
