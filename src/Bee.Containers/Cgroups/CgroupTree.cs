using System.Globalization;
using Bee.Posix;

namespace Bee.Containers.Cgroups;

/// <summary>The cgroup hierarchies of this host that tell containers apart: the unified one, and with cgroup v1 or in hybrid mode also that of one controller.</summary>
internal sealed class CgroupTree : IDisposable
{
    // systemd and all runtimes create cgroups in the hierarchies of these controllers if they are mounted.
    private static readonly string[] s_controllers = ["pids", "memory", "devices", "freezer", "cpu"];

    // The inode number of the initial cgroup namespace, on all kernels (include/linux/proc_ns.h).
    private const string InitialNamespace = "cgroup:[4026531835]";

    private CgroupTree(CgroupHierarchy? unified, CgroupHierarchy? controller, string? controllerName) => (Unified, Controller, ControllerName) = (unified, controller, controllerName);

    /// <summary>The unified hierarchy (v2); null if it is not mounted.</summary>
    public CgroupHierarchy? Unified { get; }

    /// <summary>The hierarchy of a controller (v1); null if it is not mounted.</summary>
    public CgroupHierarchy? Controller { get; }

    /// <summary>The controller of <see cref="Controller"/>, such as <c>pids</c>; null without such a hierarchy.</summary>
    public string? ControllerName { get; }

    /// <summary>The hierarchies.</summary>
    public IEnumerable<CgroupHierarchy> Hierarchies => new[] { Unified, Controller }.OfType<CgroupHierarchy>();

    /// <summary>Opens the hierarchies that are mounted. In a container that shares the host's process ids, and may trace its processes, these are the host's.</summary>
    public static CgroupTree Open() => Open(HasOwnNamespace() ? "/proc/1" : "");

    private static CgroupTree Open(string host)
    {
        var mounts = Lines($"{(host.Length > 0 ? host : "/proc/self")}/mountinfo").Select(line => Mount.Parse(line, host)).OfType<Mount>().ToList();
        var numbers = Lines("/proc/cgroups").Select(line => line.Split('\t')).Where(parts => parts.Length > 1 && !parts[0].StartsWith('#'))
            .ToDictionary(parts => parts[0], parts => int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0);
        var unified = mounts.Find(mount => mount.Type == "cgroup2");
        foreach (var name in s_controllers)
        {
            if (numbers.GetValueOrDefault(name) is not 0 and var number && mounts.Find(mount => mount.Type == "cgroup" && mount.Options.Contains(name)) is { } mount
                && CgroupHierarchy.Open(number, mount.Folder, mount.Root, mount.Host) is { } controller)
            {
                return new CgroupTree(OpenUnified(unified), controller, name);
            }
        }

        return new CgroupTree(OpenUnified(unified), null, null);
    }

    /// <summary>Returns a hierarchy by its number; null if it is not one of these.</summary>
    public CgroupHierarchy? Hierarchy(int number) => Hierarchies.FirstOrDefault(hierarchy => hierarchy.Number == number);

    /// <summary>Reads the cgroups of a process in these hierarchies.</summary>
    /// <param name="processId">The process id, in the pid namespace of <c>/proc</c>.</param>
    /// <returns>The hierarchies and paths; none if the process does not exist.</returns>
    public IEnumerable<(CgroupHierarchy Hierarchy, string Path)> OfProcess(int processId)
    {
        // A line is "4:memory:/path", and "0::/path" for v2.
        foreach (var line in Lines($"/proc/{processId}/cgroup"))
        {
            var first = line.IndexOf(':', StringComparison.Ordinal);
            var second = first < 0 ? -1 : line.IndexOf(':', first + 1);
            if (second > 0 && int.TryParse(line.AsSpan(0, first), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && Hierarchy(number) is { } hierarchy)
            {
                yield return (hierarchy, line[(second + 1)..]);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Unified?.Dispose();
        Controller?.Dispose();
    }

    // The cgroup namespace of a container hides the rest of the hierarchy.
    private static bool HasOwnNamespace()
    {
        try
        {
            return new FileInfo("/proc/1/ns/cgroup").LinkTarget is { } host && new FileInfo("/proc/self/ns/cgroup").LinkTarget is { } own && own != host && own != InitialNamespace && host == InitialNamespace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static CgroupHierarchy? OpenUnified(Mount? mount) => mount is null ? null : CgroupHierarchy.Open(0, mount.Folder, mount.Root, mount.Host);

    private static IReadOnlyList<string> Lines(string path)
    {
        try
        {
            return [.. RegularFile.ReadLines(path)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private sealed record Mount(string Type, string Folder, string Root, string Host, string[] Options)
    {
        // A line is "36 35 98:0 /root /mount/point options… - type source options"; spaces in paths are \040.
        public static Mount? Parse(string line, string host)
        {
            var parts = line.Split(' ');
            var dash = Array.IndexOf(parts, "-");
            // A root above the process's cgroup namespace ("/..") does not say where the mount is. The host mounts whole hierarchies.
            return dash > 4 && dash + 3 < parts.Length && parts[dash + 1] is "cgroup" or "cgroup2" && (host.Length > 0 || !parts[3].StartsWith("/..", StringComparison.Ordinal))
                ? new Mount(parts[dash + 1], parts[4].Replace("\\040", " ", StringComparison.Ordinal), host.Length > 0 ? "/" : parts[3], host.Length > 0 ? $"{host}/root" : "", parts[dash + 3].Split(','))
                : null;
        }
    }
}
