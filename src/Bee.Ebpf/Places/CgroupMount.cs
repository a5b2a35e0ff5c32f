using Bee.Posix;

namespace Bee.Ebpf;

/// <summary>Where the hierarchy of control groups, version 2, is mounted.</summary>
internal static class CgroupMount
{
    private static readonly string[] s_usual = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

    /// <summary>The folder of its root group, as this process sees it; null where it is not mounted.</summary>
    public static string? Root
    {
        get
        {
            var mounts = Mounts();
            return Array.Find(s_usual, mounts.Contains) ?? mounts.FirstOrDefault();
        }
    }

    // A line is "36 35 98:0 /root /mount/point options… - type source options"; blanks in paths are \040.
    private static List<string> Mounts()
    {
        try
        {
            return [.. from line in RegularFile.ReadLines("/proc/self/mountinfo")
                       let parts = line.Split(' ')
                       let dash = Array.IndexOf(parts, "-")
                       where dash > 4 && dash + 1 < parts.Length && parts[dash + 1] == "cgroup2"
                       select parts[4].Replace("\\040", " ", StringComparison.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
