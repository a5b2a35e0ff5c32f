using System.Management.Automation;

namespace Bee.Cmdlets;

/// <summary>A cmdlet that works on the maps of programs that run in the background.</summary>
public abstract class MapCmdlet : SelectProgramCmdlet
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

    /// <summary>The maps of some programs that the names mean. A literal name that is no map's is reported as an error.</summary>
    private protected IEnumerable<MapInfo> SelectMaps(IEnumerable<BpfProgramSession> sessions)
    {
        BpfProgramSession[] programs = [.. sessions];
        MapInfo[] all = [.. programs.SelectMany(session => session.Maps)];
        var given = new HashSet<MapInfo>();
        foreach (string name in Name)
        {
            bool isPattern = WildcardPattern.ContainsWildcardCharacters(name);
            MapInfo[] found = MapNames.Find(all, name);
            if (found.Length == 0 && !isPattern)
            {
                found = [.. programs.Where(session => IsNamed(session, name)).SelectMany(session => session.Maps).Where(map => !map.Map.Description.IsInternal)];
            }

            if (found.Length == 0 && !isPattern)
            {
                string known = string.Join(", ", all.Where(map => !map.Map.Description.IsInternal).Select(map => map.Name).Distinct());
                WriteError(new BeeInputException(
                    "MapNotFound",
                    $"No program in the background has a map '{name}'." + (known.Length > 0 ? $" Maps that there are: {known}." : string.Empty),
                    "Get-BeeMap lists the maps; -Program chooses the program; Start-BeeProgram starts one."), name);
            }

            foreach (MapInfo map in found.Where(given.Add))
            {
                yield return map;
            }
        }
    }
}
