using System.Collections;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Maps;

/// <summary>Finds the writers of the maps that entries are for, each once.</summary>
/// <param name="streams">Where maps that are not found and faults of entries are reported.</param>
internal sealed class MapWriters(ICmdletStreams streams)
{
    private readonly Dictionary<string, MapWriter?> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<MapInfo, MapWriter> _byMap = [];

    /// <summary>Returns the writer for a map that is given as such, by name, or by the entry itself; null after the error has been written.</summary>
    /// <param name="map">The map, if it is known.</param>
    /// <param name="name">The map's name, if one is given.</param>
    /// <param name="entry">The entry, which may say in its MapName which map it is of.</param>
    /// <param name="programs">The programs whose maps can be meant: names or ids, with or without wildcards.</param>
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

        streams.WriteError(new BeeInputException("MapNameMissing", "The entry does not say which map it is of.", "Name the map with -Name, or give entries that have a MapName."), entry);
        return null;
    }

    /// <summary>Runs the work on one entry. A fault becomes an error about the entry; the others go on.</summary>
    /// <param name="writer">The writer of the entry's map.</param>
    /// <param name="entry">The entry as it was given.</param>
    /// <param name="work">The work.</param>
    /// <returns>Whether the work was done.</returns>
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
                throw new BeeInputException("ProgramEnded", $"The program of the map {writer.Map.Name} has ended, and the map with it.");
            }
        });
        return done;
    }

    private MapWriter? Find(string name, string[] programs)
    {
        if (!_byName.TryGetValue(name, out MapWriter? writer))
        {
            // One error a name, not one for each of its entries.
            Guard(name, () => writer = For(MapSelector.Single(name, new SessionSelector(streams).Select(programs))));
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
