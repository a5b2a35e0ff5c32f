using System.Collections;
using System.Management.Automation;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Offers the kernel's tracepoints, functions and hooks, by the kind of program that the command line names.</summary>
public sealed class AttachTargetCompleter : BeeCompleter
{
    // Nobody reads more, and a prompt should not wait for them.
    private const int Most = 500;

    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        string kind = NewProgramCommand.FullKind(Argument(bound, nameof(NewProgramCommand.ProgramType)));
        // What is typed is most often a beginning: tens of thousands of names need not be made then. A part of a tracepoint's name is found too.
        bool isBeginning = kind != NewProgramCommand.DefaultKind && !WildcardPattern.ContainsWildcardCharacters(word);
        string what = ProgramKinds.Find(kind)?.Description ?? kind;
        return KernelTargets.Names(kind, isBeginning ? word : string.Empty)
            .Where(name => CompletionText.Fits(name, word))
            .Order(StringComparer.Ordinal)
            .Take(Most)
            .Select(name => new Candidate(name, $"{kind}: {what}"));
    }
}
