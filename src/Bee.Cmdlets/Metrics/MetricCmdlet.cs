using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Sessions;
using Bee.Posix;
using Bee.Telemetry.Collection;

namespace Bee.Cmdlets.Metrics;

/// <summary>The base of cmdlets that read or serve the metrics of background sessions.</summary>
public abstract class MetricCmdlet : BeeCmdlet
{
    /// <summary>Background sessions, by name, id or object; wildcards are allowed. By default all.</summary>
    [Parameter(ValueFromPipeline = true)]
    [Alias("InputObject")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public object[]? Session { get; set; }

    /// <summary>The naming convention of the metrics: Prometheus' or BumbleBee's.</summary>
    [Parameter]
    public MetricNaming MetricNames { get; set; }

    /// <summary>The maximum number of series of a metric. Further keys are added up in one series. 2,000 by default.</summary>
    [Parameter]
    [ValidateRange(1, 1_000_000)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public int SeriesLimit { get; set; } = SessionMetricsOptions.DefaultSeriesLimit;

    /// <summary>Labels to omit. Series that differ only in these labels are added up.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public string[] LeaveOut { get; set; } = [];

    /// <summary>The naming and limits from the parameters.</summary>
    private protected MetricSettings Settings => new() { Naming = MetricNames, SeriesLimit = SeriesLimit, LeaveOut = LeaveOut };
}

/// <summary>Offers the names of the metrics of background sessions.</summary>
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
