using System.Globalization;
using System.Management.Automation;
using Bee.Oci.Formats;

namespace Bee.Cmdlets;

/// <summary>A cmdlet that works on programs that run in the background.</summary>
public abstract class SelectProgramCmdlet : BeeCmdlet
{
    /// <summary>The programs whose name or id is meant.</summary>
    /// <param name="names">Names with or without wildcards, or ids as text.</param>
    /// <returns>The programs, each once. A literal name that is no program's is reported as an error.</returns>
    private protected IEnumerable<BpfProgramSession> Select(IEnumerable<string> names)
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
                // A user who types a reference here may type a login before it.
                string shown = Redaction.WithoutLogin(name);
                string known = string.Join(", ", all.Select(session => session.Name));
                WriteError(new BeeInputException(
                    "ProgramNotFound",
                    $"No program '{shown}' runs in the background or is pinned." + (known.Length > 0 ? $" Those that do: {known}." : string.Empty),
                    "Get-BeeProgram lists them, and with -Pinned those that are kept by pins; Start-BeeProgram starts one."), shown);
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

    // False after what stands under the name has been an error: a folder that Bee did not make, or that others could have changed.
    private bool LookForPinned(string name, out BpfProgramSession? found)
    {
        BpfProgramSession? looked = null;
        bool done = false;
        Guard(name, () =>
        {
            looked = PinnedSessions.Find(name);
            done = true;
        });
        found = looked;
        return done;
    }

    /// <summary>Whether a literal name or id is a program's.</summary>
    private protected static bool IsNamed(BpfProgramSession session, string name)
        => session.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || IsId(session, name);

    private static bool IsId(BpfProgramSession session, string text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id == session.Id;
}
