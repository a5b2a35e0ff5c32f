using Bee.Containers.Cgroups;
using Bee.Containers.Runtimes;
using Bee.Ebpf.Records;

namespace Bee.Containers;

/// <summary>A container that the index knows. All members but <see cref="Names"/> are guarded by the index.</summary>
internal sealed class KnownContainer
{
    /// <summary>The number of mount namespaces of a container that are known. A filter of all containers in the kernel has 16,384 entries, of which one container must not take most.</summary>
    internal const int MostNamespaces = 1024;

    private const int ShortId = 12;

    private readonly List<ulong> _namespaces = [];
    private volatile ContainerNames _names;

    /// <param name="id">The full id.</param>
    /// <param name="scheme">The runtime that its cgroup path points to; empty if the path does not say.</param>
    /// <param name="userId">The user whose runtimes know it.</param>
    public KnownContainer(string id, string scheme, uint userId)
    {
        (Id, Scheme, UserId) = (id, scheme, userId);
        _names = new ContainerNames { Id = id, Container = id.Length > ShortId ? id[..ShortId] : id, Node = Environment.MachineName, UserId = userId };
    }

    /// <summary>The full id.</summary>
    public string Id { get; }

    /// <summary>The runtime that the cgroup path points to; empty if it does not say.</summary>
    public string Scheme { get; }

    /// <summary>The user whose runtimes know the container.</summary>
    public uint UserId { get; }

    /// <summary>The names. Safe to read from any thread.</summary>
    public ContainerNames Names => _names;

    /// <summary>Whether a runtime has returned the names since the container was started.</summary>
    public bool IsNamed { get; set; }

    /// <summary>Whether the container has ended.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Whether the cgroup belongs to it because of a runtime's record, not because of the cgroup's path.</summary>
    public bool IsClaimed { get; set; }

    /// <summary>Whether its change waits to be reported.</summary>
    public bool IsChanged { get; set; }

    /// <summary>The keys of its cgroups that exist, in all hierarchies.</summary>
    public HashSet<ulong> Cgroups { get; } = [];

    /// <summary>The number of its cgroups that the index still has, including those that were removed.</summary>
    public int Remembered { get; set; }

    /// <summary>How often its names were asked for again.</summary>
    public int Refreshes { get; set; }

    /// <summary>The first process, if the container was found by it and not by a cgroup; else 0.</summary>
    public int ProcessId { get; init; }

    /// <summary>The mount namespaces of its processes.</summary>
    public IReadOnlyList<ulong> MountNamespaces => _namespaces;

    /// <summary>Whether a mount namespace gave way to another one, so that <see cref="MountNamespaces"/> is not complete.</summary>
    public bool HasMoreNamespaces { get; private set; }

    /// <summary>Takes the names that a runtime has returned, in addition to what others have returned.</summary>
    /// <returns>False if they are the same as before.</returns>
    public bool Name(ContainerRecord record)
    {
        var known = IsNamed ? _names : _names with { Image = null, Pod = null, Namespace = null };
        // A later name counts, because an engine may rename a container. The first image counts, because some lists have the id of an image instead of its name.
        var names = known with { Container = record.Name ?? known.Container, Image = known.Image ?? record.Image, Pod = known.Pod ?? record.Pod, Namespace = known.Namespace ?? record.Namespace };
        IsNamed = true;
        if (names == _names)
        {
            return false;
        }

        _names = names;
        return true;
    }

    /// <summary>Adds a mount namespace. A container that creates more and more of them keeps the first, which is that of its first process, and the latest ones.</summary>
    /// <param name="inode">The namespace.</param>
    /// <param name="dropped">The namespace that gave way; 0 for none.</param>
    /// <returns>False if the container has the namespace already.</returns>
    public bool AddNamespace(ulong inode, out ulong dropped)
    {
        dropped = 0;
        if (_namespaces.Contains(inode))
        {
            return false;
        }

        if (_namespaces.Count == MostNamespaces)
        {
            dropped = _namespaces[1];
            _namespaces.RemoveAt(1);
            HasMoreNamespaces = true;
        }

        _namespaces.Add(inode);
        return true;
    }

    /// <summary>Removes a mount namespace.</summary>
    public bool RemoveNamespace(ulong inode)
    {
        var removed = _namespaces.Remove(inode);
        // It has ended, and may start again.
        HasMoreNamespaces &= _namespaces.Count > 0;
        return removed;
    }

    /// <summary>Describes the container.</summary>
    public RunningContainer Describe() => new(_names, [.. Cgroups.Where(key => CgroupHierarchy.NumberOf(key) == 0)], [.. _namespaces]) { HasMoreMountNamespaces = HasMoreNamespaces };
}

/// <summary>A cgroup that the index knows.</summary>
/// <param name="path">The path; empty if the cgroup was gone when its id was first seen.</param>
/// <param name="added">The time (<see cref="Environment.TickCount64"/>) from which the index knows it.</param>
internal sealed class CgroupEntry(string path, long added)
{
    // The cgroups of the host have few namespaces of their own.
    private const int MostNamespaces = 16;

    private volatile KnownContainer? _container;
    private List<ulong>? _namespaces;

    /// <summary>The path; empty if the cgroup was gone when its id was first seen.</summary>
    public string Path => path;

    /// <summary>The time from which the index knows it.</summary>
    public long Added => added;

    /// <summary>Whether it has been removed. Guarded by the index.</summary>
    public bool IsRemoved { get; set; }

    /// <summary>The container; null for a cgroup of the host. Safe to read from any thread.</summary>
    public KnownContainer? Container
    {
        get => _container;
        set => _container = value;
    }

    /// <summary>Whether more mount namespaces were used in the cgroup than are noted. Guarded by the index.</summary>
    public bool HasMoreNamespaces { get; private set; }

    /// <summary>Notes a mount namespace of a process in the cgroup while the cgroup does not belong to a container. Guarded by the index.</summary>
    public void Note(ulong inode)
    {
        _namespaces ??= [];
        if (_namespaces.Contains(inode))
        {
            return;
        }

        if (_namespaces.Count < MostNamespaces)
        {
            _namespaces.Add(inode);
        }
        else
        {
            HasMoreNamespaces = true;
        }
    }

    /// <summary>Returns the noted mount namespaces and removes them.</summary>
    public IReadOnlyList<ulong> TakeNamespaces()
    {
        IReadOnlyList<ulong> taken = _namespaces ?? [];
        _namespaces = null;
        return taken;
    }
}

/// <summary>The changes of containers that have not been reported. Guarded by the index.</summary>
internal sealed class ContainerChanges
{
    private readonly List<ContainerChange> _ended = [];
    private readonly List<KnownContainer> _changed = [];

    /// <summary>Whether there is a change.</summary>
    public bool Any => _ended.Count + _changed.Count > 0;

    /// <summary>Adds a container that has changed. Several changes are reported as one.</summary>
    public void Add(KnownContainer container)
    {
        if (!container.IsChanged && !container.HasEnded)
        {
            container.IsChanged = true;
            _changed.Add(container);
        }
    }

    /// <summary>Ends a container. Its end is reported with the ids that it has now.</summary>
    public void End(KnownContainer container)
    {
        _ended.Add(new ContainerChange(container.Describe(), HasEnded: true));
        container.HasEnded = true;
        container.IsChanged = false;
    }

    /// <summary>Takes the changes, ends first.</summary>
    public IReadOnlyList<ContainerChange> Take()
    {
        ContainerChange[] changes = [.. _ended, .. _changed.Where(container => container.IsChanged).Select(container => new ContainerChange(container.Describe(), HasEnded: false))];
        _changed.ForEach(container => container.IsChanged = false);
        _changed.Clear();
        _ended.Clear();
        return changes;
    }
}
