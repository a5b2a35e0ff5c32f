using System.Collections.Concurrent;
using Bee.Containers.Cgroups;

namespace Bee.Containers.Recording;

/// <summary>Follows cgroups through inotify, for hosts on which Bee's recorder cannot be loaded. It records no processes, and a cgroup that lives only briefly may be missed.</summary>
internal sealed class FolderRecorder : IRecorder
{
    private readonly ConcurrentQueue<(CgroupHierarchy Hierarchy, string Folder, bool Exists)> _changes = new();
    private readonly ConcurrentDictionary<string, ulong> _keys = new(StringComparer.Ordinal);
    private readonly CgroupTree _tree;
    private readonly List<FileSystemWatcher> _watchers = [];
    private readonly SemaphoreSlim _wake = new(0);
    private volatile bool _lost, _disposed;

    /// <param name="tree">The hierarchies to follow.</param>
    public FolderRecorder(CgroupTree tree)
    {
        _tree = tree;
        foreach (var hierarchy in tree.Hierarchies)
        {
            try
            {
                var watcher = new FileSystemWatcher(hierarchy.Folder) { IncludeSubdirectories = true, NotifyFilter = NotifyFilters.DirectoryName };
                _watchers.Add(watcher);
                watcher.Created += (_, change) => Add(hierarchy, change.FullPath, exists: true);
                watcher.Deleted += (_, change) => Add(hierarchy, change.FullPath, exists: false);
                watcher.Error += (_, _) => Lose();
                watcher.EnableRaisingEvents = true;
            }
            catch (IOException)
            {
                // The limit of inotify watches or instances is reached. Lookups read /proc instead.
            }
        }
    }

    /// <inheritdoc/>
    public bool RecordsProcesses => false;

    /// <inheritdoc/>
    public bool TryFindProcess(int processId, out ulong cgroup) => (cgroup = 0) != 0;

    /// <inheritdoc/>
    public bool TryFindMountNamespace(ulong inode, out RecordedNamespace recorded)
    {
        recorded = default;
        return false;
    }

    /// <inheritdoc/>
    public bool Drain(IRecorderSink sink)
    {
        while (_changes.TryDequeue(out var change))
        {
            if (!change.Exists)
            {
                if (_keys.TryRemove(change.Folder, out var removed))
                {
                    sink.CgroupRemoved(removed);
                }
            }
            else
            {
                // Children that were created before inotify followed the folder are not reported.
                foreach (var cgroup in change.Hierarchy.Walk(change.Folder))
                {
                    Note(change.Hierarchy, cgroup);
                    sink.CgroupCreated(cgroup);
                }
            }
        }

        var complete = !_lost;
        _lost = false;
        return complete;
    }

    /// <inheritdoc/>
    public RecorderListing List()
    {
        var cgroups = new List<Cgroup>();
        foreach (var hierarchy in _tree.Hierarchies)
        {
            foreach (var cgroup in hierarchy.Walk())
            {
                cgroups.Add(cgroup);
                Note(hierarchy, cgroup);
            }
        }

        return new RecorderListing(cgroups, ProcessTable.MountNamespaces(_tree));
    }

    /// <inheritdoc/>
    public void Wait(int milliseconds) => _wake.Wait(milliseconds);

    /// <inheritdoc/>
    public void Wake()
    {
        // One wake-up is enough.
        if (!_disposed && _wake.CurrentCount == 0)
        {
            _wake.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _watchers.ForEach(watcher => watcher.Dispose());
    }

    // Removals are reported by folder.
    private void Note(CgroupHierarchy hierarchy, in Cgroup cgroup)
    {
        if (hierarchy.FolderOf(cgroup.Path) is { } folder)
        {
            _keys[folder] = cgroup.Key;
        }
    }

    private void Add(CgroupHierarchy hierarchy, string folder, bool exists)
    {
        _changes.Enqueue((hierarchy, folder, exists));
        Wake();
    }

    private void Lose()
    {
        _lost = true;
        Wake();
    }
}
