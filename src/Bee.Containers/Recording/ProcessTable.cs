using System.Globalization;
using Bee.Containers.Cgroups;

namespace Bee.Containers.Recording;

/// <summary>Reads processes from <c>/proc</c>.</summary>
internal static class ProcessTable
{
    /// <summary>Lists the mount namespaces of the processes that run, each with the cgroup of its process that started first.</summary>
    /// <param name="tree">The cgroup hierarchies.</param>
    public static IReadOnlyList<(ulong Inode, ulong Cgroup)> MountNamespaces(CgroupTree tree)
    {
        var found = new Dictionary<ulong, ulong>();
        foreach (var processId in Ids().Order())
        {
            if (MountNamespaceOf(processId) is { } inode && !found.ContainsKey(inode) && CgroupOf(tree, processId) is { } cgroup)
            {
                found.Add(inode, cgroup);
            }
        }

        return [.. found.Select(pair => (pair.Key, pair.Value))];
    }

    /// <summary>Reads the mount namespace of a process.</summary>
    /// <returns>The inode number; null if the process does not exist, or this user may not trace it.</returns>
    public static ulong? MountNamespaceOf(int processId)
    {
        try
        {
            // The target is "mnt:[4026531832]".
            var target = new FileInfo($"/proc/{processId}/ns/mnt").LinkTarget;
            return target is ['m', 'n', 't', ':', '[', .. var digits, ']'] && ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var inode) ? inode : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Returns the cgroup of a process that a recorder would report: that of the controller's hierarchy (v1) unless it is the root, else that of the unified one.</summary>
    /// <returns>The key; null if the process does not exist.</returns>
    public static ulong? CgroupOf(CgroupTree tree, int processId)
    {
        var cgroups = tree.OfProcess(processId).OrderByDescending(found => found.Hierarchy.Number).ToList();
        return cgroups.Where((found, index) => found.Path != "/" || index == cgroups.Count - 1)
            .Select(found => found.Hierarchy.FolderOf(found.Path) is { } folder ? found.Hierarchy.KeyOfFolder(folder) : null).FirstOrDefault(key => key is not null);
    }

    // Listing fails, for instance, while this process has reached its limit of fds.
    private static List<int> Ids()
    {
        var found = new List<int>();
        try
        {
            foreach (var folder in Directory.EnumerateDirectories("/proc"))
            {
                if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                {
                    found.Add(id);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The processes that were found so far count.
        }

        return found;
    }
}
