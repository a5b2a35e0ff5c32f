using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Posix;

namespace Bee.Ebpf.Links;

/// <summary>Attaches a program to a control group, in addition to other programs.</summary>
internal static class CgroupLink
{
    public static LinkHandle Make(BpfProgram program, AttachOptions options, string path)
    {
        var number = Libc.open(path, Libc.O_CLOEXEC, 0);
        if (number < 0)
        {
            var errno = Marshal.GetLastPInvokeError();
            throw new BpfLoadException(LoadFault.NoTarget, $"Program '{program.Name}' cannot attach to control group {path}: {Libc.Describe(errno)}.") { Program = program.Name, Errno = errno };
        }

        // The link keeps the group alive, so the fd is needed only for this call.
        using var group = new FdHandle(number);
        using var scope = LibbpfLog.Capture(options.Log);
        var link = LibbpfCalls.bpf_program__attach_cgroup(program.Pointer, group.Number);
        return link != 0 ? new LinkHandle(link) : throw TargetFailure.Explain(program, $"control group {path}", Marshal.GetLastPInvokeError(), scope.Log.Text);
    }
}

/// <summary>Finds control groups (v2) by path, process or container.</summary>
internal static unsafe class CgroupTargets
{
    private const uint CgroupVersion2 = 0x63677270, CgroupVersion1 = 0x27e0eb;
    private const int LeastContainerId = 12, MostNames = 5;
    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");

    /// <summary>
    /// Returns the folder of a control group, given by a path, absolute or relative to the mount of cgroup2; by a process id; or by a container id of at least
    /// twelve digits.
    /// </summary>
    /// <param name="text">The path, process id or container id.</param>
    /// <exception cref="BpfLoadException">The control group does not exist, or is not of version 2.</exception>
    public static string Find(string text)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(text);
        if (CgroupMount.Root is not { } root)
        {
            throw new BpfLoadException(LoadFault.NoTarget, "Control groups of version 2 are not mounted, and programs attach only to these.")
            {
                Remedy = "As root: mount -t cgroup2 none /sys/fs/cgroup/unified (or boot with systemd.unified_cgroup_hierarchy=1).",
            };
        }

        // In /proc/PID/cgroup, a path begins with a slash that means the root group.
        var below = Path.Combine(root, text.TrimStart('/'));
        if (text.StartsWith('/') && text.Length > 1 && Directory.Exists(text) && (IsVersion2(text) || !Directory.Exists(below)))
        {
            return IsVersion2(text) ? text : throw NotVersion2(text, root);
        }

        if (Directory.Exists(below) && IsVersion2(below))
        {
            return text == "/" ? root : below;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
        {
            return OfProcess(pid, root);
        }

        var containers = text.Length >= LeastContainerId && text.AsSpan().IndexOfAnyExcept(s_hex) < 0 ? OfContainer(text, root) : [];
        return containers.Count == 1 ? containers[0] : throw Missing(text, root, containers);
    }

    /// <summary>Returns completions of a path: the groups of one level, relative to the mount of cgroup2.</summary>
    /// <param name="word">The beginning of the path.</param>
    public static IReadOnlyList<string> Below(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        if (CgroupMount.Root is not { } root)
        {
            return [];
        }

        var typed = word.StartsWith('/') ? word : Path.Combine(root, word);
        var folder = word.Length == 0 || typed.EndsWith('/') ? typed : Path.GetDirectoryName(typed)!;
        return Directory.Exists(folder) && folder.StartsWith(root, StringComparison.Ordinal)
            ? [.. Directory.EnumerateDirectories(folder).Select(d => word.StartsWith('/') ? d : Path.GetRelativePath(root, d)).Order(StringComparer.Ordinal)]
            : [];
    }

    /// <summary>Returns the path of a control group by the id that <c>bpf_get_current_cgroup_id</c> returns; null if this process does not see the group.</summary>
    /// <param name="id">The id: the inode number of the group's folder.</param>
    public static string? PathOf(ulong id) => CgroupMount.Root is { } root ? Folders(root).Prepend(root).FirstOrDefault(folder => FileStatus.Of(folder)?.Inode == id) : null;

    private static string OfProcess(int pid, string root)
    {
        const string Version2 = "0::";
        try
        {
            var line = RegularFile.ReadLines($"/proc/{pid}/cgroup").FirstOrDefault(l => l.StartsWith(Version2, StringComparison.Ordinal));
            var path = root + line?[Version2.Length..].TrimEnd('/');
            return line is not null && Directory.Exists(path) ? path : throw new BpfLoadException(
                LoadFault.NoTarget, $"The control group of process {pid} ({line?[Version2.Length..] ?? "none of version 2"}) is not visible in this process.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BpfLoadException(LoadFault.NoTarget, $"There is no control group '{pid}' and no process with that id.", e)
            {
                Remedy = $"Name a path below {root}, a running process by its id, or a container by its id.",
            };
        }
    }

    // Runtimes put the container's id into the group's name: docker-ID.scope, docker/ID, cri-containerd-ID.scope, libpod-ID.scope.
    private static List<string> OfContainer(string id, string root)
    {
        bool Names(string name)
        {
            var at = name.IndexOf(id, StringComparison.Ordinal);
            return at >= 0 && (at == 0 || !s_hex.Contains(name[at - 1]));
        }

        var found = Folders(root).Where(d => Names(Path.GetFileName(d))).ToList();
        // Takes the outermost group: groups inside the container and those of its monitor (conmon, payload) are below or next to it.
        return [.. found.Where(d => !found.Exists(other => d.StartsWith(other + '/', StringComparison.Ordinal)) && !Path.GetFileName(d).Contains("conmon", StringComparison.Ordinal))];
    }

    private static BpfLoadException NotVersion2(string path, string root) =>
        new(LoadFault.NoTarget, FileCalls.FileSystemOf(path) == CgroupVersion1 ? $"'{path}' is a control group of version 1, but programs attach only to groups of version 2." : $"'{path}' is not a control group.")
        {
            Remedy = $"Groups of version 2 are below {root}. To move a process there, write its id to the cgroup.procs of a group.",
        };

    private static BpfLoadException Missing(string text, string root, List<string> containers)
    {
        if (containers.Count > 1)
        {
            return new BpfLoadException(LoadFault.NoTarget, $"Several control groups have '{text}' in their names: {string.Join(", ", containers)}.") { Remedy = "Name one by its path." };
        }

        var names = Suggest.Nearest(text.TrimStart('/'), Folders(root).Select(d => Path.GetRelativePath(root, d)), MostNames);
        return new BpfLoadException(LoadFault.NoTarget, $"There is no control group '{text}' below {root}.")
        {
            Suggestions = names,
            Remedy = names.Count > 0 ? $"Did you mean {string.Join(", ", names)}?" : "Create it with mkdir, or name a process id or a container's id.",
        };
    }

    private static IEnumerable<string> Folders(string root) =>
        Directory.EnumerateDirectories(root, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint });

    private static bool IsVersion2(string path) => FileCalls.FileSystemOf(path) == CgroupVersion2;
}

/// <summary>The mount of the control group hierarchy, version 2.</summary>
internal static class CgroupMount
{
    private static readonly string[] s_usual = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

    /// <summary>The folder of the root group in this process's mount namespace; null if cgroup2 is not mounted.</summary>
    public static string? Root
    {
        get
        {
            var mounts = Mounts();
            return Array.Find(s_usual, mounts.Contains) ?? mounts.FirstOrDefault();
        }
    }

    // A line is "36 35 98:0 /root /mount/point options… - type source options"; spaces in paths are \040.
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
