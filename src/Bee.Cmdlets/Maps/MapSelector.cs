using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Objects;

namespace Bee.Cmdlets.Maps;

/// <summary>A cmdlet that works on the maps of programs that run in the background.</summary>
public abstract class MapCmdlet : BeeCmdlet
{
    /// <summary>
    /// Names of maps; wildcards are allowed. Without it all but those of global variables, whose names begin with a point. The name of a program means
    /// the maps of that program, unless a map has the same name. The name of a global variable means that variable.
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

/// <summary>Finds the maps that names mean.</summary>
/// <param name="streams">Receives the error of a name that matches no map.</param>
internal sealed class MapSelector(ICmdletStreams streams)
{
    /// <summary>The maps of some programs that names mean.</summary>
    /// <param name="names">Names with or without wildcards. The name of a program means the maps of that program, unless a map has the same name.</param>
    /// <param name="sessions">The programs.</param>
    /// <returns>The maps, each once. A literal name that matches no map is reported as an error.</returns>
    public IEnumerable<MapInfo> Select(IEnumerable<string> names, IEnumerable<BpfProgramSession> sessions)
    {
        BpfProgramSession[] programs = [.. sessions];
        MapInfo[] all = [.. programs.SelectMany(session => session.Maps)];
        var given = new HashSet<MapInfo>();
        foreach (string name in names)
        {
            bool isPattern = WildcardPattern.ContainsWildcardCharacters(name);
            MapInfo[] found = Find(all, name);
            if (found.Length == 0 && !isPattern)
            {
                found = [.. programs.Where(session => SessionSelector.IsNamed(session, name)).SelectMany(session => session.Maps).Where(map => !map.Map.Description.IsInternal)];
            }

            if (found.Length == 0 && !isPattern)
            {
                string known = string.Join(", ", NamesOf(all));
                streams.WriteError(new BeeInputException(
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

    /// <summary>The one map of a literal name.</summary>
    /// <exception cref="BeeInputException">No program, or more than one, has such a map.</exception>
    public static MapInfo Single(string name, IEnumerable<BpfProgramSession> sessions)
    {
        MapInfo[] all = [.. sessions.SelectMany(session => session.Maps)];
        MapInfo[] found = Find(all, WildcardPattern.Escape(name));
        if (found.Length > 1 && found.Count(map => map.Name == name) == 1)
        {
            found = [.. found.Where(map => map.Name == name)];
        }

        if (found.Length > 1)
        {
            throw new BeeInputException("MapAmbiguous", $"There are {found.Length} maps '{name}': of {string.Join(", ", found.Select(map => $"{map.Program} (id {map.ProgramId})"))}.",
                "Say which program with -Program.");
        }

        if (found.Length == 1)
        {
            return found[0];
        }

        string[] known = NamesOf(all);
        string near = Suggest.Nearest(name, known, 1) is [var nearest] ? $" ('{nearest}'?)" : string.Empty;
        throw new BeeInputException("MapNotFound", $"No program in the background has a map '{name}'{near}." + (known.Length > 0 ? $" Maps that there are: {string.Join(", ", known)}." : string.Empty),
            "Get-BeeMap lists the maps; Start-BeeProgram starts a program.");
    }

    private static string[] NamesOf(IEnumerable<MapInfo> maps) => [.. maps.Where(map => !map.Map.Description.IsInternal).Select(map => map.Name).Distinct()];

    // Names of sections begin with a point, and only such names find them; only its whole name finds a variable. A name with a slash means the maps inside of a map: the outer name, and behind the slash
    // the key.
    private static MapInfo[] Find(IEnumerable<MapInfo> all, string name)
    {
        int slash = name.IndexOf('/');
        WildcardPattern outer = NamePattern.Of(slash < 0 ? name : name[..slash]);
        IEnumerable<MapInfo> found = all.Where(map => map.Map.Description.IsInternal && !name.StartsWith('.') ? WildcardPattern.Unescape(name) == map.Name : outer.IsMatch(map.Name));
        if (slash < 0)
        {
            return [.. found];
        }

        WildcardPattern whole = NamePattern.Of(name);
        return [.. found.SelectMany(map => map.Map.InnerMaps().Select(inner => new MapInfo(inner, map.ProgramId, map.Program))).Where(map => whole.IsMatch(map.Name))];
    }
}
