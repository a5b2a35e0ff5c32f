using System.Collections.Concurrent;
using Bee.Containers.Recording;

namespace Bee.Containers;

/// <summary>The mount namespaces of containers. <see cref="Find"/> is thread-safe; the other members are guarded by the index.</summary>
/// <param name="recorder">The recorder, which distinguishes namespaces that have had the same inode number.</param>
internal sealed class NamespaceOwners(IRecorder recorder)
{
    private readonly ConcurrentDictionary<ulong, Owner> _owners = new();

    /// <summary>Returns the container of a namespace.</summary>
    /// <param name="inode">The inode number.</param>
    /// <param name="recorded">What the recorder has about it; default for nothing.</param>
    /// <returns>The container; null if the namespace is not that of a container, or has been replaced by another one.</returns>
    public KnownContainer? Find(ulong inode, RecordedNamespace recorded) =>
        _owners.TryGetValue(inode, out var owner) && (recorded == default || owner.Generation == recorded.Generation) ? owner.Container : null;

    /// <summary>Gives a namespace to a container.</summary>
    /// <returns>False if the container has it already.</returns>
    public bool Take(ulong inode, KnownContainer container)
    {
        if (!container.AddNamespace(inode, out var dropped))
        {
            return false;
        }

        _owners[inode] = new Owner(container, Generation(inode));
        if (dropped != 0)
        {
            _owners.TryRemove(dropped, out _);
        }

        return true;
    }

    /// <summary>Takes a namespace from the container that had it before, if that is another one.</summary>
    /// <param name="inode">The inode number.</param>
    /// <param name="next">The container that it belongs to now; null for none.</param>
    /// <returns>The container that does not have it any more; null for none.</returns>
    public KnownContainer? Release(ulong inode, KnownContainer? next)
    {
        if (!_owners.TryGetValue(inode, out var owner) || owner.Container == next)
        {
            return null;
        }

        if (owner.Container.ProcessId > 0 && ProcessTable.MountNamespaceOf(owner.Container.ProcessId) == inode)
        {
            // The container was found by its first process, which is still in the namespace. Its cgroup is that of the host, or of another container.
            _owners[inode] = owner with { Generation = Generation(inode) };
            return null;
        }

        _owners.TryRemove(inode, out _);
        return owner.Container.RemoveNamespace(inode) ? owner.Container : null;
    }

    /// <summary>Takes all namespaces from a container.</summary>
    public void ReleaseAll(KnownContainer container)
    {
        foreach (var inode in container.MountNamespaces.ToArray())
        {
            _owners.TryRemove(inode, out _);
            container.RemoveNamespace(inode);
        }
    }

    private ulong Generation(ulong inode) => recorder.TryFindMountNamespace(inode, out var recorded) ? recorded.Generation : 0;

    private sealed record Owner(KnownContainer Container, ulong Generation);
}
