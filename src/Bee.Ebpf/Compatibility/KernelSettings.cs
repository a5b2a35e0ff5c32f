using System.Globalization;
using System.IO.Compression;
using Bee.Posix;

namespace Bee.Ebpf;

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
