using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Objects;

namespace Bee.Cmdlets.Maps;

/// <summary>The base of cmdlets that work on the maps of background sessions.</summary>
public abstract class MapCmdlet : BeeCmdlet
{
    /// <summary>
    /// Names of maps; wildcards are allowed. By default all maps except those of global variables, whose names begin with a dot. The name of a session stands for
    /// all its maps, unless a map has the same name. The name of a global variable stands for that variable.
    /// </summary>
    [Parameter(Position = 0)]
    [Alias("Map")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(MapNameCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Names or ids of sessions; wildcards are allowed. By default all.</summary>
    [Parameter(Position = 1, ParameterSetName = "Name")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public string[] Program { get; set; } = ["*"];
}

/// <summary>Finds maps by name.</summary>
/// <param name="streams">Receives the error of a name that matches no map.</param>
internal sealed class MapSelector(ICmdletStreams streams)
{
    /// <summary>Returns the maps of some sessions that match the names.</summary>
    /// <param name="names">Names with or without wildcards. The name of a session stands for all its maps, unless a map has the same name.</param>
    /// <param name="sessions">The sessions to search.</param>
    /// <returns>The maps, without duplicates. A name without wildcards that matches no map is reported as an error.</returns>
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
                    $"No session in the background has a map '{name}'." + (known.Length > 0 ? $" The maps are: {known}." : string.Empty),
                    "Get-BeeMap lists the maps, -Program selects the session, and Start-BeeProgram starts one."), name);
            }

            foreach (MapInfo map in found.Where(given.Add))
            {
                yield return map;
            }
        }
    }

    /// <summary>Returns the maps that match the names, of the sessions that match other names.</summary>
    /// <param name="names">The names of maps.</param>
    /// <param name="programs">The names or ids of sessions. If they match none and an error reports that, no further errors follow.</param>
    public IEnumerable<MapInfo> Select(IEnumerable<string> names, string[] programs) =>
        new SessionSelector(streams).TrySelect(programs, out BpfProgramSession[] sessions) ? Select(names, sessions) : [];

    /// <summary>Returns the only map with a name.</summary>
    /// <exception cref="BeeInputException">No session, or more than one, has such a map.</exception>
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
            throw new BeeInputException("MapAmbiguous", $"{found.Length} maps are named '{name}': those of {string.Join(", ", found.Select(map => $"{map.Program} (id {map.ProgramId})"))}.",
                "Select the session with -Program.");
        }

        if (found.Length == 1)
        {
            return found[0];
        }

        string[] known = NamesOf(all);
        string near = Suggest.Nearest(name, known, 1) is [var nearest] ? $" ('{nearest}'?)" : string.Empty;
        throw new BeeInputException("MapNotFound", $"No session in the background has a map '{name}'{near}." + (known.Length > 0 ? $" The maps are: {string.Join(", ", known)}." : string.Empty),
            "Get-BeeMap lists the maps, and Start-BeeProgram starts a session.");
    }

    private static string[] NamesOf(IEnumerable<MapInfo> maps) => [.. maps.Where(map => !map.Map.Description.IsInternal).Select(map => map.Name).Distinct()];

    // Names of sections begin with a dot and match only patterns that begin with one. A variable matches only its whole name. A name with a slash stands for the maps inside a map: the outer map's
    // name, then the key.
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
