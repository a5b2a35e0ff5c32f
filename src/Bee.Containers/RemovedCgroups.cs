using System.Collections.Concurrent;

namespace Bee.Containers;

/// <summary>The cgroups that were removed, of which the latest ones stay known. Guarded by the index.</summary>
/// <param name="cgroups">All cgroups.</param>
/// <param name="forget">Receives each one that is not known any more.</param>
internal sealed class RemovedCgroups(ConcurrentDictionary<ulong, CgroupEntry> cgroups, Action<ulong, CgroupEntry> forget)
{
    private readonly Queue<ulong> _removed = new();

    /// <summary>Adds a cgroup.</summary>
    public void Add(ulong key, CgroupEntry entry)
    {
        entry.IsRemoved = true;
        _removed.Enqueue(key);
        while (_removed.Count > ContainerIndex.MostRemoved)
        {
            var old = _removed.Dequeue();
            if (cgroups.TryGetValue(old, out var forgotten) && forgotten.IsRemoved && cgroups.TryRemove(old, out _))
            {
                forget(old, forgotten);
            }
        }
    }
}
