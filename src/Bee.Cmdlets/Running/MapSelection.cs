using System.Management.Automation;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Cmdlets;

/// <summary>Which maps of a program are streamed.</summary>
internal static class MapSelection
{
    /// <summary>The choice that -Map makes.</summary>
    /// <param name="names">
    /// Names and patterns, or null for what streams by its name's prefix. Patterns choose among those; a literal name can be any map. A source of data has the
    /// name that its gadget gives it too.
    /// </param>
    /// <param name="file">The program.</param>
    /// <exception cref="BeeInputException">A literal name is no map's.</exception>
    public static Func<MapDescription, bool> From(string[]? names, ObjectFile file)
    {
        if (names is null)
        {
            return map => map.Role != MapRole.None;
        }

        var literal = new HashSet<string>(StringComparer.Ordinal);
        var patterns = new List<WildcardPattern>();
        foreach (string name in names)
        {
            if (WildcardPattern.ContainsWildcardCharacters(name))
            {
                patterns.Add(WildcardPattern.Get(name, WildcardOptions.IgnoreCase));
            }
            else
            {
                literal.Add(Find(name, file).Name);
            }
        }

        return map => literal.Contains(map.Name)
            || (map.Role != MapRole.None && patterns.Exists(pattern => pattern.IsMatch(map.Name) || (map.DataSource is { } source && pattern.IsMatch(source))));
    }

    /// <summary>The map of a name.</summary>
    /// <exception cref="BeeInputException">The map does not exist.</exception>
    public static MapDescription Find(string name, ObjectFile file)
    {
        MapDescription? found = file.Maps.FirstOrDefault(map => map.Name == name)
            ?? file.Maps.FirstOrDefault(map => map.DataSource == name)
            ?? file.Maps.FirstOrDefault(map => map.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
        return found ?? throw new BeeInputException(
            "MapNotFound",
            $"There is no map '{name}' in {file.Name}. Its maps: {string.Join(", ", file.Maps.Where(map => !map.IsInternal).Select(map => map.Name))}.");
    }
}
