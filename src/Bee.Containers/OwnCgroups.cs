namespace Bee.Containers;

/// <summary>The containers by the paths of their own cgroups. Guarded by the index.</summary>
internal sealed class OwnCgroups
{
    private readonly Dictionary<(int Hierarchy, string Path), KnownContainer> _containers = [];
    private int _claims;

    /// <summary>Reports whether a path is that of a cgroup or of one below it.</summary>
    public static bool IsIn(string path, string cgroup) => path.StartsWith(cgroup, StringComparison.Ordinal) && (path.Length == cgroup.Length || path[cgroup.Length] == '/');

    /// <summary>Returns the container whose own cgroup this is; null for none.</summary>
    public KnownContainer? Find(int hierarchy, string path) => _containers.GetValueOrDefault((hierarchy, path));

    /// <summary>Returns the container that a runtime gave the cgroup or one above it; null for none. It may contain paths that look like other containers.</summary>
    /// <param name="hierarchy">The number of the hierarchy.</param>
    /// <param name="path">The path of the cgroup.</param>
    /// <param name="end">Only cgroups with shorter paths count.</param>
    public KnownContainer? FindClaim(int hierarchy, string path, int end)
    {
        for (var length = 1; _claims > 0 && length < end && length < path.Length;)
        {
            length = path.IndexOf('/', length) is >= 0 and var slash ? slash : path.Length;
            if (length < end && _containers.TryGetValue((hierarchy, path[..length]), out var container) && !container.HasEnded)
            {
                return container;
            }

            length++;
        }

        return null;
    }

    /// <summary>Adds the cgroup that the path itself shows to be a container's.</summary>
    public void Add(int hierarchy, string path, KnownContainer container) => _containers[(hierarchy, path)] = container;

    /// <summary>Adds the cgroup that a runtime says to be a container's.</summary>
    public void Claim(int hierarchy, string path, KnownContainer container) => _claims += _containers.TryAdd((hierarchy, path), container) ? 1 : 0;

    /// <summary>Removes what a runtime has said of a container that has ended: a new cgroup of the same path may be something else.</summary>
    public void Unclaim(KnownContainer container)
    {
        foreach (var place in _containers.Where(pair => pair.Value == container).Select(pair => pair.Key).ToList())
        {
            _containers.Remove(place);
            _claims--;
        }
    }

    /// <summary>Removes the cgroup of a container.</summary>
    public void Remove(int hierarchy, string path, KnownContainer container)
    {
        if (Find(hierarchy, path) == container)
        {
            _containers.Remove((hierarchy, path));
        }
    }
}
