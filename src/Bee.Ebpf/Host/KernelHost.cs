namespace Bee.Ebpf;

/// <summary>What the running kernel and this process's rights say about themselves. Nothing here throws: what cannot be read is null.</summary>
public sealed class KernelHost
{
    private readonly string _root;

    internal KernelHost(string root) => _root = root.TrimEnd('/');

    /// <summary>This machine.</summary>
    public static KernelHost Current { get; } = new("/");

    /// <summary>The kernel's release as <c>uname -r</c> has it; null where /proc is not mounted.</summary>
    public string? Release => Text("/proc/sys/kernel/osrelease");

    /// <summary>Major, minor and patch number of <see cref="Release"/>; null where there are none.</summary>
    public Version? Version
    {
        get
        {
            var digits = Release?.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').ToArray();
            return System.Version.TryParse(new string(digits ?? []).TrimEnd('.'), out var version) ? version : null;
        }
    }

    /// <summary>Whether the kernel gives its own types (CONFIG_DEBUG_INFO_BTF) in /sys/kernel/btf/vmlinux.</summary>
    public bool HasBtf => System.IO.File.Exists(_root + "/sys/kernel/btf/vmlinux");

    /// <summary>Where tracefs is mounted and can be read by this user, or null.</summary>
    public string? TracefsPath => Array.Find(["/sys/kernel/tracing", "/sys/kernel/debug/tracing"], d => Directory.Exists(_root + d + "/events"));

    /// <summary>The first mount of a file system type, such as <c>bpf</c>, <c>cgroup2</c> or <c>tracefs</c>; null when there is none.</summary>
    /// <param name="type">The type as in /proc/mounts.</param>
    public string? MountOf(string type)
    {
        foreach (var line in (Text("/proc/self/mounts") ?? "").Split('\n'))
        {
            // source, mount point, type, options; a space in a name is written \040.
            var fields = line.Split(' ');
            if (fields.Length > 2 && fields[2] == type)
            {
                return fields[1].Replace(@"\040", " ", StringComparison.Ordinal);
            }
        }

        return null;
    }

    /// <summary>A setting under /proc/sys, or null.</summary>
    /// <param name="name">Its path there, such as <c>kernel/kptr_restrict</c>.</param>
    public string? Setting(string name) => Text("/proc/sys/" + name);

    private string? Text(string path)
    {
        try
        {
            return System.IO.File.ReadAllText(_root + path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
