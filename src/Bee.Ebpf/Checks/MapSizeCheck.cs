using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Checks;

/// <summary>Whether each map has the size that the kernel wants.</summary>
internal static class MapSizeCheck
{
    private const string Name = "MapSizes";

    public static IEnumerable<CheckResult> Run(CheckContext context)
    {
        // Single global variables are parts of maps, not maps of the kernel.
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
                    Remedy = $"Declare it (__uint(max_entries, 10240)), or give it in bee.yaml: maps: {{ {map.Name}: {{ entries: 10240 }} }}.",
                };
            }

            if (map.Inner is { } inner && MapSizes.LacksEntries(inner))
            {
                isSound = false;
                yield return new(Name, CheckState.Failed, $"The maps inside of {map.Name} ({inner.Type}) have no entries, and the kernel makes no such map.")
                {
                    Target = map.Name,
                    Remedy = "Declare them: __uint(max_entries, 1024) in the struct that values names.",
                };
            }
        }

        if (isSound)
        {
            yield return new(Name, CheckState.Ok, "Each map has a size.");
        }
    }
}
