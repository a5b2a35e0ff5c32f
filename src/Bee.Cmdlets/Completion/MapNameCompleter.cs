using System.Collections;

namespace Bee.Cmdlets;

/// <summary>Offers the maps of the programs that run in the background.</summary>
public sealed class MapNameCompleter : BeeCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<Candidate> Candidates(string word, IDictionary bound)
        => RunningPrograms.All()
            .SelectMany(session => session.Maps)
            .Where(map => !map.Map.Description.IsInternal)
            .DistinctBy(map => map.Name)
            .Select(map => new Candidate(map.Name, $"{map.Type} of {map.Program}: {map.KeyType ?? "-"} to {map.ValueType ?? "-"}"));
}
