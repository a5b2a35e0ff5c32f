using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Cmdlets.Sessions;

/// <summary>Finds sessions by name, id or object: background sessions of this process, and pinned sessions.</summary>
/// <param name="streams">Receives the error of a name that matches no session.</param>
internal sealed class SessionSelector(ICmdletStreams streams)
{
    private bool _hasReported;

    /// <summary>Selects the sessions with these names or ids, as <see cref="Select(IEnumerable{string})"/>.</summary>
    /// <param name="names">Names with or without wildcards, or ids as text.</param>
    /// <param name="sessions">The sessions.</param>
    /// <returns>False if there is no session and an error reports that, so that no further error need follow.</returns>
    public bool TrySelect(string[] names, out BpfProgramSession[] sessions)
    {
        sessions = [.. Select(names)];
        return sessions.Length > 0 || !_hasReported;
    }

    /// <summary>Returns the sessions with these names or ids.</summary>
    /// <param name="names">Names with or without wildcards, or ids as text.</param>
    /// <returns>The sessions, without duplicates. A name without wildcards that matches no session is reported as an error.</returns>
    public IEnumerable<BpfProgramSession> Select(IEnumerable<string> names)
    {
        IReadOnlyList<BpfProgramSession> all = RunningPrograms.All();
        var given = new HashSet<BpfProgramSession>();
        foreach (string name in names)
        {
            bool isPattern = WildcardPattern.ContainsWildcardCharacters(name);
            WildcardPattern pattern = NamePattern.Of(name);
            BpfProgramSession[] found = [.. all.Where(session => pattern.IsMatch(session.Name) || IsId(session, name))];
            if (found.Length == 0 && !isPattern)
            {
                if (!LookForPinned(name, out BpfProgramSession? pinned))
                {
                    continue;
                }

                found = pinned is null ? [] : [pinned];
            }

            if (found.Length == 0 && !isPattern)
            {
                // A user who types a reference may put a login in front of it.
                string shown = Redaction.WithoutLogin(name);
                string known = string.Join(", ", all.Select(session => session.Name));
                _hasReported = true;
                streams.WriteError(new BeeInputException(
                    "ProgramNotFound",
                    $"No session '{shown}' runs in the background or is pinned." + (known.Length > 0 ? $" The sessions are: {known}." : string.Empty),
                    "Get-BeeProgram lists the sessions of this process, Get-BeeProgram -Pinned the pinned ones, and Start-BeeProgram starts one."), shown);
            }

            foreach (BpfProgramSession session in found)
            {
                if (given.Add(session))
                {
                    yield return session;
                }
            }
        }
    }

    /// <summary>Returns the sessions that names, ids or objects stand for.</summary>
    /// <param name="given">Names, ids, or session objects.</param>
    public IEnumerable<BpfProgramSession> Select(IEnumerable<object> given)
    {
        foreach (object one in given)
        {
            object item = one is PSObject wrapped ? wrapped.BaseObject : one;
            foreach (BpfProgramSession session in item is BpfProgramSession known ? [known] : Select([LanguagePrimitives.ConvertTo<string>(item)]))
            {
                yield return session;
            }
        }
    }

    /// <summary>Returns whether a session has a literal name or id.</summary>
    public static bool IsNamed(BpfProgramSession session, string name)
        => session.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || IsId(session, name);

    // Returns false after an error was written: the folder was not created by Bee, or other users could have changed it.
    private bool LookForPinned(string name, out BpfProgramSession? found)
    {
        try
        {
            found = PinnedSessions.Find(name);
            return true;
        }
        catch (Exception error) when (ErrorRecords.IsExpected(error))
        {
            _hasReported = true;
            streams.WriteError(error, name);
            found = null;
            return false;
        }
    }

    private static bool IsId(BpfProgramSession session, string text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id == session.Id;
}

/// <summary>Offers the background sessions and the pinned sessions.</summary>
public sealed class BackgroundProgramCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        bool pinnedOnly = bound.Contains("Pinned");
        IReadOnlyList<BpfProgramSession> running = pinnedOnly ? [] : RunningPrograms.All();
        return running.Select(session => new Candidate(session.Name, $"{session.Id}: {session.Image}, {session.State}, {Quantity.Of(session.Events, "event")}"))
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
