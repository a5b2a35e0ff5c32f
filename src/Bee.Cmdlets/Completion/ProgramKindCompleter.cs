using System.Collections;
using Bee.Ebpf.Objects;
using Bee.Toolchain;

namespace Bee.Cmdlets;

/// <summary>Offers the kinds of programs that there are skeletons for.</summary>
public sealed class ProgramKindCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => ProgramSkeleton.Kinds.Select(kind => new Candidate(kind, $"runs {ProgramKinds.Find(kind)?.Description ?? "in the kernel"}"));
}
