using System.Collections;

namespace Bee.Cmdlets;

/// <summary>Offers the checks of Test-BeeHost.</summary>
public sealed class HostCheckCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => HostChecks.All.Select(check => new Candidate(check.Name, $"check {check.Name}"));
}
