using System.Collections;
using Bee.Cmdlets.Completion;

namespace Bee.Cmdlets.Sessions;

/// <summary>Offers the programs that run in the background, and those that are pinned.</summary>
public sealed class BackgroundProgramCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        bool pinnedOnly = bound.Contains("Pinned");
        IReadOnlyList<BpfProgramSession> running = pinnedOnly ? [] : RunningPrograms.All();
        return running.Select(session => new Candidate(session.Name, $"{session.Id}: {session.Image}, {session.State}, {session.Events} events"))
            .Concat(PinnedSessions.Names().Where(name => running.All(session => session.Name != name)).Select(name => new Candidate(name, PinPathCompleter.Describe(name))));
    }
}

/// <summary>Offers the names in the default folder of pins.</summary>
public sealed class PinPathCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound) => PinnedSessions.Names().Select(name => new Candidate(name, Describe(name)));

    internal static string Describe(string name) => $"pinned in {Bee.Ebpf.PinPath.DefaultFolder}/{name}";
}
