using System.Collections;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Maps;

/// <summary>Finds the writers of the maps that entries belong to, and caches them.</summary>
/// <param name="streams">Receives the errors of unknown maps and invalid entries.</param>
internal sealed class MapWriters(ICmdletStreams streams)
{
    private readonly Dictionary<string, MapWriter?> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<MapInfo, MapWriter> _byMap = [];

    /// <summary>Returns the writer for a map that is given as an object, by name, or by the entry itself; null after an error was written.</summary>
    /// <param name="map">The map, if it is known.</param>
    /// <param name="name">The map's name, if one is given.</param>
    /// <param name="entry">The entry, whose MapName may name the map.</param>
    /// <param name="programs">The sessions to search: names or ids, with or without wildcards.</param>
    public MapWriter? Find(MapInfo? map, string? name, object? entry, string[] programs)
    {
        if (map is not null)
        {
            MapWriter? writer = null;
            Guard(map, () => writer = For(map));
            return writer;
        }

        if ((name ?? MapNameOf(entry)) is { } known)
        {
            return Find(known, programs);
        }

        streams.WriteError(new BeeInputException("MapNameMissing", "The entry does not name its map.", "Name the map with -Name, or pass entries that have a MapName."), entry);
        return null;
    }

    /// <summary>Runs the work on one entry. A fault becomes an error about that entry, and later entries are still processed.</summary>
    /// <param name="writer">The writer of the entry's map.</param>
    /// <param name="entry">The entry as it was given.</param>
    /// <param name="work">The work.</param>
    /// <returns>Whether the work succeeded.</returns>
    public bool Guard(MapWriter writer, object? entry, Action work)
    {
        bool done = false;
        Guard(entry, () =>
        {
            try
            {
                work();
                done = true;
            }
            catch (ObjectDisposedException)
            {
                throw new BeeInputException("ProgramEnded", $"The session of the map {writer.Map.Name} has ended, so the map no longer exists.");
            }
        });
        return done;
    }

    private MapWriter? Find(string name, string[] programs)
    {
        if (!_byName.TryGetValue(name, out MapWriter? writer))
        {
            // Reports an unknown name once, not once for each entry.
            Guard(name, () => writer = new SessionSelector(streams).TrySelect(programs, out BpfProgramSession[] sessions) ? For(MapSelector.Single(name, sessions)) : null);
            _byName[name] = writer;
        }

        return writer;
    }

    private MapWriter For(MapInfo map)
    {
        if (!_byMap.TryGetValue(map, out MapWriter? writer))
        {
            writer = _byMap[map] = new MapWriter(map.Map);
        }

        return writer;
    }

    private void Guard(object? target, Action work)
    {
        try
        {
            work();
        }
        catch (Exception error) when (ErrorRecords.IsExpected(error))
        {
            streams.WriteError(error, target);
        }
    }

    private static string? MapNameOf(object? entry) => entry switch
    {
        IDictionary members => members.Keys.OfType<string>().FirstOrDefault(name => name.Equals("MapName", StringComparison.OrdinalIgnoreCase)) is { } name ? members[name]?.ToString() : null,
        MapEntry made => made.GetType().GetProperty("MapName")?.GetValue(made) as string,
        _ => null,
    };
}
