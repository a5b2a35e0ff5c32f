using System.Globalization;
using System.IO.Compression;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Ebpf.Host;

/// <summary>Properties of the running kernel and of this process's rights. No member throws: unreadable values are null.</summary>
internal sealed class KernelHost
{
    private readonly string _root;
    private readonly Lazy<Dictionary<string, string>?> _configuration;

    internal KernelHost(string root)
    {
        _root = root.TrimEnd('/');
        _configuration = new(() => KernelSettings.Read([$"{_root}/boot/config-{Release}", _root + "/proc/config.gz"]));
    }

    /// <summary>This machine.</summary>
    public static KernelHost Current { get; } = new("/");

    /// <summary>The kernel's release, as in <c>uname -r</c>; null if /proc is not mounted.</summary>
    public string? Release => Text("/proc/sys/kernel/osrelease");

    /// <summary>Major, minor and patch number of <see cref="Release"/>; null if it has none.</summary>
    public Version? Version
    {
        get
        {
            var digits = Release?.TakeWhile(c => char.IsAsciiDigit(c) || c == '.').ToArray();
            return System.Version.TryParse(new string(digits ?? []).TrimEnd('.'), out var version) ? version : null;
        }
    }

    /// <summary>Whether the kernel exposes its own types (CONFIG_DEBUG_INFO_BTF) in /sys/kernel/btf/vmlinux.</summary>
    public bool HasBtf => System.IO.File.Exists(_root + "/sys/kernel/btf/vmlinux");

    /// <summary>The mount point of tracefs, or null if it is not mounted or this user may not read it.</summary>
    public string? TracefsPath => Array.Find(["/sys/kernel/tracing", "/sys/kernel/debug/tracing"], d => Directory.Exists(_root + d + "/events"));

    /// <summary>Returns the first mount point of a file system type, such as <c>bpf</c>, <c>cgroup2</c> or <c>tracefs</c>; null if it is not mounted.</summary>
    /// <param name="type">The type as in /proc/mounts.</param>
    /// <param name="at">The required mount point; null for any.</param>
    public string? MountOf(string type, string? at = null)
    {
        foreach (var line in (Text("/proc/self/mounts") ?? "").Split('\n'))
        {
            // source, mount point, type, options. A space in a name is written \040.
            var fields = line.Split(' ');
            if (fields.Length > 2 && fields[2] == type && fields[1].Replace(@"\040", " ", StringComparison.Ordinal) is var point && (at is null || at == point))
            {
                return point;
            }
        }

        return null;
    }

    /// <summary>Returns the value of a sysctl, or null.</summary>
    /// <param name="name">The path under /proc/sys, such as <c>kernel/kptr_restrict</c>.</param>
    public string? Setting(string name) => Text("/proc/sys/" + name);

    /// <summary>Whether the kernel supports kprobes.</summary>
    public bool HasKprobes => Directory.Exists(_root + "/sys/bus/event_source/devices/kprobe") || (TracefsPath is { } tracefs && System.IO.File.Exists($"{_root}{tracefs}/kprobe_events"));

    /// <summary>Whether the kernel supports uprobes.</summary>
    public bool HasUprobes => Directory.Exists(_root + "/sys/bus/event_source/devices/uprobe") || (TracefsPath is { } tracefs && System.IO.File.Exists($"{_root}{tracefs}/uprobe_events"));

    /// <summary>Whether the kernel hides the list of traceable functions although tracefs is mounted. Lockdown does that, even for root.</summary>
    public bool IsTracingRestricted
    {
        get
        {
            try
            {
                if (TracefsPath is not { } tracefs || !System.IO.File.Exists($"{_root}{tracefs}/available_filter_functions"))
                {
                    return false;
                }

                using var file = RegularFile.OpenStream($"{_root}{tracefs}/available_filter_functions");
                return false;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return true;
            }
        }
    }

    /// <summary>The kernel's lockdown mode: <c>none</c>, <c>integrity</c> or <c>confidentiality</c>; null if it cannot be read, or if the kernel has no lockdown.</summary>
    public string? Lockdown => Text("/sys/kernel/security/lockdown") is { } modes && modes.IndexOf('[') is >= 0 and var start && modes.IndexOf(']', start) is > 0 and var end
        ? modes[(start + 1)..end]
        : null;

    /// <summary>The active security modules; null if securityfs is not mounted.</summary>
    public IReadOnlyList<string>? SecurityModules => Text("/sys/kernel/security/lsm")?.Split(',');

    /// <summary>Whether the kernel shows the addresses of its symbols to this process; null if it has no list of symbols.</summary>
    public bool? ShowsAddresses
    {
        get
        {
            try
            {
                using var list = KernelSymbolReader.Open(_root + KernelSymbolReader.ListPath);
                return KernelSymbols.ShowsAddresses(list);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    /// <summary>The limit of locked memory for this process in bytes; null if there is none, or if it cannot be read.</summary>
    public long? MemoryLock
    {
        get
        {
            var line = (Text("/proc/self/limits") ?? "").Split('\n').FirstOrDefault(l => l.StartsWith("Max locked memory", StringComparison.Ordinal));
            return line?["Max locked memory".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, ..] && long.TryParse(soft, out var bytes) ? bytes : null;
        }
    }

    /// <summary>The effective capabilities of this thread, one bit each; 0 if they cannot be read.</summary>
    public ulong Capabilities
    {
        get
        {
            const string Prefix = "CapEff:";
            var line = (Text("/proc/thread-self/status") ?? "").Split('\n').FirstOrDefault(l => l.StartsWith(Prefix, StringComparison.Ordinal));
            return line is not null && ulong.TryParse(line.AsSpan(Prefix.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var bits) ? bits : 0;
        }
    }

    /// <summary>Returns whether this thread has a capability.</summary>
    /// <param name="capability">The capability.</param>
    public bool Has(Capability capability) => (Capabilities >> (int)capability & 1) != 0;

    /// <summary>Whether this process is in a user namespace, whose capabilities do not apply to the whole machine. False if unknown.</summary>
    public bool IsInUserNamespace => Text("/proc/self/uid_map") is { Length: > 0 } map && map.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not ["0", "0", "4294967295"];

    /// <summary>Returns the value of a kernel configuration option, such as <c>y</c>; null if it is not set.</summary>
    /// <param name="name">The option, such as <c>CONFIG_KPROBES</c>.</param>
    public string? Configured(string name) => _configuration.Value?.GetValueOrDefault(name);

    /// <summary>Whether the kernel's configuration can be read.</summary>
    public bool KnowsConfiguration => _configuration.Value is not null;

    private string? Text(string path)
    {
        try
        {
            return RegularFile.ReadAllText(_root + path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>The kernel's trace file system, which lists tracepoints.</summary>
internal static class Tracefs
{
    /// <summary>The mount point, or null if tracefs is not mounted or this user may not read it.</summary>
    public static string? Root => KernelHost.Current.TracefsPath;

    public static BpfLoadException NotMounted(string programName, int errno, string log) =>
        new(LoadFault.NoTracefs, $"Program '{programName}' cannot be attached: tracefs is not mounted on /sys/kernel/tracing, so its target cannot be found.")
        {
            Program = programName,
            Errno = errno,
            Log = log,
            Remedy = "As root: mount -t tracefs tracefs /sys/kernel/tracing",
        };

    public static BpfLoadException Unreadable(string programName, int errno, string log) =>
        new(LoadFault.NoPermission, $"No permission to attach program '{programName}': this process may not read tracefs, which lists the tracepoints.")
        {
            Program = programName,
            Errno = errno,
            Log = log,
            Remedy = "Run as root (sudo), or give the process CAP_DAC_READ_SEARCH too; a raw tracepoint, SEC(\"raw_tp/…\"), does not need tracefs.",
        };
}

/// <summary>The build configuration of the running kernel. For other kernels it is unknown.</summary>
internal sealed class KernelSettings
{
    private const string Version = "LINUX_KERNEL_VERSION";

    private readonly TargetKernel _kernel;
    private readonly Lazy<IReadOnlyDictionary<string, string>?> _values;

    public KernelSettings(TargetKernel kernel)
    {
        _kernel = kernel;
        _values = new(() => kernel.IsRunning ? Read(Places) : null);
    }

    /// <summary>The files that may contain the configuration, in search order.</summary>
    public IReadOnlyList<string> Places => [$"/boot/config-{_kernel.Name}", "/proc/config.gz"];

    /// <summary>False if no configuration can be read.</summary>
    public bool AreKnown => _values.Value is not null;

    /// <summary>Returns true for names that libbpf computes itself, from other sources than the configuration.</summary>
    public static bool IsVirtual(string name) => name.StartsWith("LINUX_", StringComparison.Ordinal);

    /// <summary>Returns the value of an option, such as <c>y</c>, <c>1000</c> or <c>"text"</c>; null if it is not set.</summary>
    public string? Text(string name) => _values.Value?.GetValueOrDefault(name);

    /// <summary>Returns the number that a program reads: 0 if the option is not set; null if the configuration is unknown, and for text.</summary>
    /// <param name="name">The option.</param>
    /// <param name="type">The type that the program declares for the option.</param>
    public long? Number(string name, BtfType type)
    {
        if (IsVirtual(name))
        {
            return _kernel.IsRunning && name == Version ? VersionNumber(_kernel.Name) : null;
        }

        if (!AreKnown)
        {
            return null;
        }

        var kind = type.Resolve();
        return Text(name) switch
        {
            null => 0,
            "y" when kind is BtfEnum or BtfInt { IsBool: true } => 1,
            "m" when kind is BtfEnum => 2,
            "n" when kind is BtfEnum or BtfInt { IsBool: true } => 0,
            { Length: 1 } text when !char.IsAsciiDigit(text[0]) => kind is BtfInt { Size: 1 } ? text[0] : null,
            var text => Parse(text),
        };
    }

    /// <summary>Returns the kernel's version as KERNEL_VERSION(a, b, c) encodes it, or null.</summary>
    internal static long? VersionNumber(string release)
    {
        var parts = release.Split('.', 3);
        var patch = parts.Length > 2 ? new string([.. parts[2].TakeWhile(char.IsAsciiDigit)]) : "0";
        return parts.Length > 1 && int.TryParse(parts[0], out var major) && int.TryParse(new string([.. parts[1].TakeWhile(char.IsAsciiDigit)]), out var minor) && int.TryParse(patch, out var level)
            ? (major << 16) + (minor << 8) + Math.Min(level, 255)
            : null;
    }

    private static long? Parse(string text) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
        ? ulong.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex) ? (long)hex : null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Returns the configuration in the first readable file; null if none is readable.</summary>
    /// <param name="places">The paths. Files whose names end in .gz are compressed with gzip.</param>
    internal static Dictionary<string, string>? Read(IEnumerable<string> places)
    {
        foreach (var place in places)
        {
            try
            {
                using Stream file = RegularFile.OpenStream(place);
                using var text = new StreamReader(place.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file);
                var values = new Dictionary<string, string>(StringComparer.Ordinal);
                while (text.ReadLine() is { } line)
                {
                    var equals = line.IndexOf('=');
                    if (equals > 0 && line.StartsWith("CONFIG_", StringComparison.Ordinal))
                    {
                        values[line[..equals]] = line[(equals + 1)..];
                    }
                }

                return values;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                // The next file may be readable.
            }
        }

        return null;
    }
}
