using System.Collections;
using System.Globalization;
using Bee.Cmdlets.Completion;

namespace Bee.Cmdlets.Metrics;

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
        RunningServers.All().Select(server => new Candidate(server.Id.ToString(CultureInfo.InvariantCulture), $"{server.Uri}, {server.Scrapes} scrapes", IsCode: true));
}
