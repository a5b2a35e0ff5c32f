using System.Management.Automation;
using Bee.Cmdlets.Sessions;

namespace Bee.Cmdlets.Maps;

/// <summary>Lists the maps of programs that run in the background.</summary>
[Cmdlet(VerbsCommon.Get, "BeeMap", DefaultParameterSetName = "Name")]
[OutputType(typeof(MapInfo))]
public sealed class GetMapCommand : MapCmdlet
{
    /// <summary>Programs, as Start-BeeProgram and Get-BeeProgram give them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "InputObject", ValueFromPipeline = true)]
    [ValidateNotNull]
    public BpfProgramSession[]? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IEnumerable<BpfProgramSession> sessions = InputObject ?? new SessionSelector(this).Select(Program);
        IEnumerable<MapInfo> maps = MyInvocation.BoundParameters.ContainsKey(nameof(Name))
            ? new MapSelector(this).Select(Name, sessions)
            : sessions.SelectMany(session => session.Maps).Where(map => !map.Map.Description.IsInternal || map.Map.Description.HasVariables);
        WriteObject(maps, enumerateCollection: true);
    }
}
