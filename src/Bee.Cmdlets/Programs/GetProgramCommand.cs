using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Oci.Formats;

namespace Bee.Cmdlets.Programs;

/// <summary>Lists the programs that run in the background of this process, or those that are pinned.</summary>
[Cmdlet(VerbsCommon.Get, "BeeProgram", DefaultParameterSetName = "Running")]
[OutputType(typeof(BpfProgramSession))]
public sealed class GetProgramCommand : BeeCmdlet
{
    /// <summary>Names or ids; wildcards are allowed. Without it all programs.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Lists the programs that are kept by pins, whichever process started them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Pinned")]
    public SwitchParameter Pinned { get; set; }

    /// <summary>The folder to look in, or that of one program. Without it /sys/fs/bpf/bee.</summary>
    [Parameter(ParameterSetName = "Pinned")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PinPathCompleter))]
    public string? PinPath { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!Pinned)
        {
            WriteObject(new SessionSelector(this).Select(Name), enumerateCollection: true);
            return;
        }

        Guard(PinPath, () =>
        {
            string folder = PinPath is null ? Bee.Ebpf.PinPath.DefaultFolder : Bee.Ebpf.PinPath.Resolve(PinPath[0] is '/' or '.' or '~' ? FullPath(PinPath) : PinPath);
            IReadOnlyList<BpfProgramSession> all = PinnedSessions.In(folder);
            foreach (string name in Name)
            {
                WriteObject(Named(all, name, folder), enumerateCollection: true);
            }
        });
    }

    // A program is known by the name it was given and by its folder's.
    private IEnumerable<BpfProgramSession> Named(IReadOnlyList<BpfProgramSession> all, string name, string folder)
    {
        bool isPattern = WildcardPattern.ContainsWildcardCharacters(name);
        WildcardPattern pattern = NamePattern.Of(name);
        BpfProgramSession[] found = [.. all.Where(session => pattern.IsMatch(session.Name) || pattern.IsMatch(Path.GetFileName(session.PinPath!)))];
        if (found.Length == 0 && !isPattern)
        {
            string shown = Redaction.WithoutLogin(name);
            string known = string.Join(", ", all.Select(session => session.Name));
            WriteError(new BeeInputException(
                "ProgramNotFound",
                $"No program '{shown}' is pinned in {folder}." + (known.Length > 0 ? $" Those that are: {known}." : string.Empty),
                "Get-BeeProgram -Pinned lists them; Start-BeeProgram -PinPath pins one."), shown);
        }

        return found;
    }
}
