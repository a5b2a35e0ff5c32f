using System.Globalization;
using System.IO.Compression;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Symbols;
using Bee.Posix;

namespace Bee.Ebpf.Host;

/// <summary>What the running kernel and this process's rights say about themselves. Nothing here throws: what cannot be read is null.</summary>
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
    /// <param name="at">Where it must be mounted; null for anywhere.</param>
    public string? MountOf(string type, string? at = null)
    {
        foreach (var line in (Text("/proc/self/mounts") ?? "").Split('\n'))
        {
            // source, mount point, type, options; a space in a name is written \040.
            var fields = line.Split(' ');
            if (fields.Length > 2 && fields[2] == type && fields[1].Replace(@"\040", " ", StringComparison.Ordinal) is var point && (at is null || at == point))
            {
                return point;
            }
        }

        return null;
    }

    /// <summary>A setting under /proc/sys, or null.</summary>
    /// <param name="name">Its path there, such as <c>kernel/kptr_restrict</c>.</param>
    public string? Setting(string name) => Text("/proc/sys/" + name);

    /// <summary>Whether the kernel has kprobes.</summary>
    public bool HasKprobes => Directory.Exists(_root + "/sys/bus/event_source/devices/kprobe") || (TracefsPath is { } tracefs && System.IO.File.Exists($"{_root}{tracefs}/kprobe_events"));

    /// <summary>Whether the kernel has uprobes.</summary>
    public bool HasUprobes => Directory.Exists(_root + "/sys/bus/event_source/devices/uprobe") || (TracefsPath is { } tracefs && System.IO.File.Exists($"{_root}{tracefs}/uprobe_events"));

    /// <summary>Whether the kernel hides from this process which functions can be traced, although tracefs is there: lockdown does that, for root too.</summary>
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

    /// <summary>The kernel's lockdown: <c>none</c>, <c>integrity</c> or <c>confidentiality</c>; null where it cannot be read, or the kernel has none.</summary>
    public string? Lockdown => Text("/sys/kernel/security/lockdown") is { } modes && modes.IndexOf('[') is >= 0 and var start && modes.IndexOf(']', start) is > 0 and var end
        ? modes[(start + 1)..end]
        : null;

    /// <summary>The active security modules; null where securityfs is not mounted.</summary>
    public IReadOnlyList<string>? SecurityModules => Text("/sys/kernel/security/lsm")?.Split(',');

    /// <summary>Whether the kernel shows its symbols' addresses to this process; null where it has no list.</summary>
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

    /// <summary>The limit of locked memory for this process in bytes; null for no limit or where it cannot be read.</summary>
    public long? MemoryLock
    {
        get
        {
            var line = (Text("/proc/self/limits") ?? "").Split('\n').FirstOrDefault(l => l.StartsWith("Max locked memory", StringComparison.Ordinal));
            return line?["Max locked memory".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, ..] && long.TryParse(soft, out var bytes) ? bytes : null;
        }
    }

    /// <summary>This thread's effective capabilities, one bit each; 0 where they cannot be read.</summary>
    public ulong Capabilities
    {
        get
        {
            const string Prefix = "CapEff:";
            var line = (Text("/proc/thread-self/status") ?? "").Split('\n').FirstOrDefault(l => l.StartsWith(Prefix, StringComparison.Ordinal));
            return line is not null && ulong.TryParse(line.AsSpan(Prefix.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var bits) ? bits : 0;
        }
    }

    /// <summary>Whether this thread has a capability of its own.</summary>
    /// <param name="capability">The capability.</param>
    public bool Has(Capability capability) => (Capabilities >> (int)capability & 1) != 0;

    /// <summary>Whether this process is in a user namespace, where capabilities count for nothing that concerns the whole machine. False where it cannot be told.</summary>
    public bool IsInUserNamespace => Text("/proc/self/uid_map") is { Length: > 0 } map && map.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not ["0", "0", "4294967295"];

    /// <summary>A setting of the kernel's configuration, such as <c>y</c>; null for what is not set.</summary>
    /// <param name="name">The setting, such as <c>CONFIG_KPROBES</c>.</param>
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

/// <summary>The kernel's trace file system, through which tracepoints are found.</summary>
internal static class Tracefs
{
    /// <summary>Where it is mounted, or null when it is not, or not for this user.</summary>
    public static string? Root => KernelHost.Current.TracefsPath;

    public static BpfLoadException NotMounted(string programName, int errno, string log) =>
        new(LoadFault.NoTracefs, $"Program '{programName}' cannot be attached: tracefs is not mounted on /sys/kernel/tracing, so its target cannot be found.")
        {
            Program = programName,
            Errno = errno,
            Log = log,
            Remedy = "As root: mount -t tracefs tracefs /sys/kernel/tracing",
        };
}

/// <summary>The configuration that the running kernel was built with; for another kernel nothing is known.</summary>
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

    /// <summary>Where the configuration is looked for, in this order.</summary>
    public IReadOnlyList<string> Places => [$"/boot/config-{_kernel.Name}", "/proc/config.gz"];

    /// <summary>False where no configuration can be read.</summary>
    public bool AreKnown => _values.Value is not null;

    /// <summary>True for the names that the loader makes up itself, from other sources than the configuration.</summary>
    public static bool IsVirtual(string name) => name.StartsWith("LINUX_", StringComparison.Ordinal);

    /// <summary>The value as the configuration has it, such as <c>y</c>, <c>1000</c> or <c>"text"</c>; null for what is not set.</summary>
    public string? Text(string name) => _values.Value?.GetValueOrDefault(name);

    /// <summary>The number that a program reads: 0 for what is not set; null where nobody knows, and for text.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="type">The type that the program declares it as.</param>
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

    /// <summary>The kernel's version as KERNEL_VERSION(a, b, c) makes a number of it, or null.</summary>
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

    /// <summary>The configuration in the first of some files that can be read; null where none can.</summary>
    /// <param name="places">Paths, packed with gzip where they end so.</param>
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
                // The next place may have it.
            }
        }

        return null;
    }
}
