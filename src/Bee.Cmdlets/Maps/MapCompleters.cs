using System.Collections;
using System.Management.Automation;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Objects;

namespace Bee.Cmdlets.Maps;

/// <summary>Offers a hashtable with the fields of a key or value of the map that the command line names.</summary>
public abstract class MapFieldCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
    {
        if (Map(bound) is not { } map || Type(map.Map.Description) is not { } type)
        {
            return [];
        }

        if (type is BtfDataSection section)
        {
            // One completion for each global variable, because a user rarely sets all of them at once.
            return section.Entries.Where(entry => entry.Variable is { } variable && !variable.Name.Contains('.'))
                .Select(entry => new Candidate($"@{{ {entry.Declaration.Name} = {Empty(entry.Variable!.Type)} }}", $"{entry.Variable.Type} of {map.Name}", IsCode: true));
        }

        if (type.Resolve() is not BtfStruct { IsUnion: false } shape)
        {
            return [];
        }

        string fields = string.Join("; ", shape.Members.Where(member => member.Name.Length > 0).Select(member => $"{member.Name} = {Empty(member.Type)}"));
        return [new Candidate($"{Begin}{fields} }}", $"{type} of {map.Name}", IsCode: true)];
    }

    /// <summary>The beginning of the hashtable.</summary>
    private protected virtual string Begin => "@{ ";

    /// <summary>Returns the type of the map's key or value.</summary>
    private protected abstract BtfType? Type(MapDescription map);

    private static string Empty(BtfType type) => type.Resolve() switch
    {
        BtfArray { Element: var element } when element.Resolve() is BtfInt { Size: 1 } => "''",
        BtfArray => "@()",
        BtfStruct => "@{}",
        _ => "0",
    };

    private static MapInfo? Map(IDictionary bound)
    {
        if (bound["Map"] is { } given && LanguagePrimitives.TryConvertTo(given, out MapInfo map))
        {
            return map;
        }

        string? name = Argument(bound, "Name");
        return name is null ? null : RunningPrograms.All().SelectMany(session => session.Maps).FirstOrDefault(map => map.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
    }
}

/// <summary>Offers a hashtable with the fields of a map's keys.</summary>
public sealed class MapKeyCompleter : MapFieldCompleter
{
    private protected override BtfType? Type(MapDescription map) => map.Key;
}

/// <summary>Offers a hashtable with the fields of a map's values.</summary>
public sealed class MapValueCompleter : MapFieldCompleter
{
    private protected override BtfType? Type(MapDescription map) => map.Value;
}

/// <summary>Offers a hashtable with a key and the fields of a map's values.</summary>
public sealed class MapEntryCompleter : MapFieldCompleter
{
    private protected override string Begin => "@{ Key = 0; ";

    private protected override BtfType? Type(MapDescription map) => map.Value;
}

/// <summary>Offers the maps of background sessions.</summary>
public sealed class MapNameCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => RunningPrograms.All()
            .SelectMany(session => session.Maps)
            .Where(map => !map.Map.Description.IsInternal || map.Map.Description.HasVariables)
            .DistinctBy(map => map.Name)
            .Select(map => new Candidate(map.Name, $"{map.Type} of {map.Program}: {map.KeyType ?? "-"} to {map.ValueType ?? "-"}"));
}
