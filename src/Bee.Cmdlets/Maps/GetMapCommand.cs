using System.Management.Automation;
using Bee.Cmdlets.Sessions;

namespace Bee.Cmdlets.Maps;

/// <summary>Lists the maps of background sessions.</summary>
[Cmdlet(VerbsCommon.Get, "BeeMap", DefaultParameterSetName = "Name")]
[OutputType(typeof(MapInfo))]
public sealed class GetMapCommand : MapCmdlet
{
    /// <summary>Sessions from Start-BeeProgram or Get-BeeProgram.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "InputObject", ValueFromPipeline = true)]
    [ValidateNotNull]
    public BpfProgramSession[]? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        IEnumerable<MapInfo> maps = MyInvocation.BoundParameters.ContainsKey(nameof(Name))
            ? InputObject is null ? new MapSelector(this).Select(Name, Program) : new MapSelector(this).Select(Name, InputObject)
            : (InputObject ?? new SessionSelector(this).Select(Program)).SelectMany(session => session.Maps).Where(map => !map.Map.Description.IsInternal || map.Map.Description.HasVariables);
        WriteObject(maps, enumerateCollection: true);
    }
}
