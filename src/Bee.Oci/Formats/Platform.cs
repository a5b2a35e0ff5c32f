using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Bee.Oci.Formats;

/// <summary>The platform of an image, with Go's names as in OCI: <c>linux/amd64</c>, <c>linux/arm64</c>.</summary>
/// <param name="Os">Operating system, <c>linux</c>.</param>
/// <param name="Architecture">Processor architecture in Go's naming.</param>
/// <param name="Variant">Variant of the architecture, such as <c>v7</c>; most have none.</param>
public sealed record Platform(string Os, string Architecture, string? Variant = null)
{
    private const string Linux = "linux";

    /// <summary>The platform that this process runs on.</summary>
    public static Platform Host { get; } = new(Linux, RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "386",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture.Armv6 => "arm",
        System.Runtime.InteropServices.Architecture.S390x => "s390x",
        System.Runtime.InteropServices.Architecture.Ppc64le => "ppc64le",
        System.Runtime.InteropServices.Architecture.LoongArch64 => "loong64",
        var other => other.ToString().ToLowerInvariant(),
    });

    /// <summary>The architectures that have eBPF, in Go's naming.</summary>
    public static IReadOnlyList<string> Architectures { get; } =
        ["386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64", "s390x"];

    /// <summary>True if the architecture is big-endian, so that eBPF objects for it are too.</summary>
    public bool IsBigEndian => Architecture is "s390x" or "ppc64" or "mips" or "mips64";

    /// <summary>Parses a platform.</summary>
    /// <param name="text"><c>linux/arm64</c>, <c>linux/arm/v7</c>, or an architecture alone. The names of uname are accepted too: <c>aarch64</c>, <c>x86_64</c>.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.BadPlatform"/>: the text is not a platform with eBPF.</exception>
    public static Platform Parse(string text) =>
        TryParse(text, out Platform? platform, out string? problem) ? platform : throw new StoreException(StoreFault.BadPlatform, problem);

    /// <summary>Parses a platform; returns false and the reason in <paramref name="problem"/> if the text is invalid.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Platform? platform, [NotNullWhen(false)] out string? problem)
    {
        string[] parts = (text ?? "").Trim().ToLowerInvariant().Split('/');
        string[] named = parts.Length == 1 ? [Linux, parts[0]] : parts;
        platform = null;
        problem = null;
        if (named.Length > 3 || named.Any(part => part.Length == 0))
        {
            problem = $"'{text}' is not a platform. Write one such as linux/amd64 or linux/arm/v7.";
        }
        else if (named[0] != Linux)
        {
            problem = $"'{text}' is for {named[0]}; eBPF programs require linux.";
        }
        else if (GoName(named[1]) is not { } architecture)
        {
            problem = $"'{text}' does not name an architecture that supports eBPF. Use one of: {string.Join(", ", Architectures)}.";
        }
        else
        {
            // arm64 implies v8 and amd64 implies v1, so these variants are dropped.
            string? variant = named.Length < 3 || (architecture, named[2]) is ("arm64", "v8") or ("amd64", "v1") ? null : named[2];
            platform = new Platform(Linux, architecture, variant);
        }

        return platform is not null;
    }

    /// <summary>Returns <c>os/architecture</c>, or <c>os/architecture/variant</c>.</summary>
    public override string ToString() => Variant is null ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";

    private static string? GoName(string name) => name switch
    {
        "x86_64" or "x86-64" or "x64" => "amd64",
        "x86" or "i386" or "i686" => "386",
        "aarch64" => "arm64",
        "armhf" or "armv7l" or "armv6l" => "arm",
        "ppc64el" => "ppc64le",
        "loongarch64" => "loong64",
        "mips64el" => "mips64le",
        "mipsel" => "mipsle",
        _ => Architectures.Contains(name) ? name : null,
    };
}

/// <summary>Selects the manifest of an index for a machine.</summary>
internal static class PlatformChoice
{
    /// <summary>Returns the manifest for a platform.</summary>
    /// <param name="manifests">The entries of an index, in order.</param>
    /// <param name="wanted">The machine's platform.</param>
    /// <returns>
    /// The manifest with the same system, architecture and variant; otherwise one of the same architecture, preferably without a variant. A single manifest
    /// without a platform matches every platform. Null if no manifest matches.
    /// </returns>
    public static Descriptor? For(IEnumerable<Descriptor> manifests, Platform wanted)
    {
        Descriptor[] all = [.. manifests];
        Descriptor[] fit = [.. all.Where(manifest => manifest.Platform is { } platform && Fits(platform, wanted))];
        return fit.FirstOrDefault(manifest => manifest.Platform!.Variant == wanted.Variant)
            ?? fit.FirstOrDefault(manifest => manifest.Platform!.Variant is null)
            ?? fit.FirstOrDefault()
            ?? (all is [{ Platform: null } only] ? only : null);
    }

    /// <summary>Checks whether a program for one platform runs on another: system and architecture must be equal. The variant does not matter, because the
    /// kernel compiles eBPF for its processor.</summary>
    public static bool Fits(Platform built, Platform machine) => built.Os == machine.Os && built.Architecture == machine.Architecture;
}
