using System.Collections;
using System.Management.Automation;
using Bee.Ebpf.Host;
using Bee.Ebpf.Objects;

namespace Bee.Cmdlets;

/// <summary>Offers the kernel's tracepoints, functions and hooks, by the kind of program that the command line names.</summary>
public sealed class AttachTargetCompleter : BeeCompleter
{
    // Nobody reads more, and a prompt should not wait for them.
    private const int Most = 500;

    // Fewer letters stand in nearly every name.
    private const int ShortestPart = 3;

    /// <summary>Also true for a part of the name: who wants sys_enter_openat types openat.</summary>
    /// <inheritdoc/>
    protected override bool Fits(string candidate, string word) => base.Fits(candidate, word) || candidate.Contains(word, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        string kind = NewProgramCommand.FullKind(Argument(bound, nameof(NewProgramCommand.ProgramType)));
        // Only what has in it what is typed is made into text, of tens of thousands of names.
        string part = WildcardPattern.ContainsWildcardCharacters(word) ? string.Empty : word;
        string what = ProgramKinds.Find(kind)?.Description ?? kind;
        string[] parts = [.. KernelTargets.Names(kind, part).Where(name => Fits(name, word))];
        string[] begins = [.. parts.Where(name => CompletionText.Fits(name, word))];
        string[] names = begins.Length > 0 || word.Length < ShortestPart ? begins : parts;
        return names
            .Order(StringComparer.Ordinal)
            .Take(Most)
            .Select(name => new Candidate(name, $"{kind}: {what}"));
    }
}
