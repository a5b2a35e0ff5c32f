using System.Collections;

namespace Bee.Cmdlets;

/// <summary>Offers the programs that run in the background.</summary>
public sealed class BackgroundProgramCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => RunningPrograms.All().Select(session => new Candidate(session.Name, $"{session.Id}: {session.Image}, {session.State}, {session.Events} events"));
}
