using System.Management.Automation;

namespace Bee.Cmdlets;

/// <summary>Which maps a name means.</summary>
internal static class MapNames
{
    /// <summary>
    /// The maps of a name or pattern. Names of internal maps begin with a point, and only such names find them. A name with a slash means the maps
    /// inside of a map: the outer name, and behind the slash the key.
    /// </summary>
    public static MapInfo[] Find(IEnumerable<MapInfo> all, string name)
    {
        bool wantsInternal = name.StartsWith('.');
        int slash = name.IndexOf('/');
        WildcardPattern outer = NamePattern.Of(slash < 0 ? name : name[..slash]);
        IEnumerable<MapInfo> found = all.Where(map => map.Map.Description.IsInternal == wantsInternal && outer.IsMatch(map.Name));
        if (slash < 0)
        {
            return [.. found];
        }

        WildcardPattern whole = NamePattern.Of(name);
        return [.. found.SelectMany(map => map.Map.InnerMaps().Select(inner => new MapInfo(inner, map.ProgramId, map.Program))).Where(map => whole.IsMatch(map.Name))];
    }
}
