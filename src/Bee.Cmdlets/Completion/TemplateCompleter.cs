using System.Collections;
using Bee.Toolchain;

namespace Bee.Cmdlets;

/// <summary>Offers the examples.</summary>
public sealed class TemplateCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => ProgramTemplate.Names.Select(name => new Candidate(name, $"the example {name}"));
}
