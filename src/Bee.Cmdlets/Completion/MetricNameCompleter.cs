using System.Collections;

namespace Bee.Cmdlets;

/// <summary>Offers the names of the metrics of the programs that run in the background.</summary>
public sealed class MetricNameCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound) => BackgroundMetrics.Shared(Telemetry.Collection.MetricNaming.Bee)
        .Collect(CancellationToken.None)
        .SelectMany(family => family.Series.Take(1).Select(series => new BeeMetric(family.Descriptor, series)))
        .Select(metric => new Candidate(metric.Name, $"{metric.Type}: {metric.Help ?? "no help text"}"));
}
