using System.Collections;
using System.Globalization;

namespace Bee.Cmdlets;

/// <summary>Offers the ids of metric servers.</summary>
public sealed class MetricServerCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound) =>
        RunningServers.All().Select(server => new Candidate(server.Id.ToString(CultureInfo.InvariantCulture), $"{server.Uri}, {server.Scrapes} scrapes", IsCode: true));
}
