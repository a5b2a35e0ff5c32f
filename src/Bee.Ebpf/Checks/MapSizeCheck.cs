using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Checks;

/// <summary>Checks whether each map has the size that the kernel requires.</summary>
internal static class MapSizeCheck
{
    private const string Name = "MapSizes";

    public static IEnumerable<CheckResult> Run(CheckContext context)
    {
        // Single global variables are parts of maps, not kernel maps.
        var maps = context.File.Maps.Where(map => map.Place is null).ToList();
        var isSound = maps.Count > 0;
        foreach (var map in maps)
        {
            if (MapSizes.LacksEntries(map))
            {
                isSound = false;
                yield return new(Name, CheckState.Failed, $"The declaration of map {map.Name} ({map.Type}) leaves its size to the loader.")
                {
                    Target = map.Name,
                    Remedy = $"Declare it (__uint(max_entries, 10240)), or set it in bee.yaml: maps: {{ {map.Name}: {{ entries: 10240 }} }}.",
                };
            }

            if (map.Inner is { } inner && MapSizes.LacksEntries(inner))
            {
                isSound = false;
                yield return new(Name, CheckState.Failed, $"The inner maps of {map.Name} ({inner.Type}) have no number of entries, which the kernel requires.")
                {
                    Target = map.Name,
                    Remedy = "Declare __uint(max_entries, 1024) in the struct of 'values'.",
                };
            }
        }

        if (isSound)
        {
            yield return new(Name, CheckState.Ok, "Each map has a size.");
        }
    }
}
