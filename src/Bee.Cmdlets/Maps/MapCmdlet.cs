using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Sessions;

namespace Bee.Cmdlets.Maps;

/// <summary>A cmdlet that works on the maps of programs that run in the background.</summary>
public abstract class MapCmdlet : BeeCmdlet
{
    /// <summary>
    /// Names of maps; wildcards are allowed. Without it all but the internal ones, whose names begin with a point. A name that is no map's and a
    /// program's means the maps of that program.
    /// </summary>
    [Parameter(Position = 0)]
    [Alias("Map")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MapNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Names or ids of the programs; wildcards are allowed. Without it all programs.</summary>
    [Parameter(Position = 1, ParameterSetName = "Name")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public string[] Program { get; set; } = ["*"];
}
