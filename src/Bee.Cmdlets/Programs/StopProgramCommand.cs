using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Metrics;
using Bee.Cmdlets.Sessions;

namespace Bee.Cmdlets.Programs;

/// <summary>Detaches sessions that run in the background or are pinned, and removes them from the list.</summary>
[Cmdlet(VerbsLifecycle.Stop, "BeeProgram", SupportsShouldProcess = true, DefaultParameterSetName = "Name")]
[OutputType(typeof(BpfProgramSession))]
public sealed class StopProgramCommand : BeeCmdlet
{
    /// <summary>Names or ids; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name")]
    [Alias("Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Sessions from Start-BeeProgram or Get-BeeProgram.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "InputObject", ValueFromPipeline = true)]
    [ValidateNotNull]
    public BpfProgramSession[]? InputObject { get; set; }

    /// <summary>Returns the stopped sessions. Their buffered events can still be received.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (BpfProgramSession session in InputObject ?? new SessionSelector(this).Select(Name))
        {
            if (ShouldProcess(session.PinPath is { } folder ? $"{session.Name} (pinned in {folder})" : $"{session.Name} (id {session.Id})", "Stop session"))
            {
                Guard(session, () => End(session));
            }
        }
    }

    private void End(BpfProgramSession session)
    {
        IReadOnlyList<int> held = session.Stop();
        RunningPrograms.Remove(session);
        foreach (string report in RunningExports.TakeReports())
        {
            WriteWarning(report);
        }

        if (held.Count > 0)
        {
            WriteWarning($"{session.Name}: The pins were removed, but the programs with the ids {string.Join(", ", held)} are still loaded, because another process has them open. They are unloaded when that process closes them.");
        }

        if (PassThru)
        {
            WriteObject(session);
        }
    }
}
