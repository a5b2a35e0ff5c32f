using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Bee.Oci.Formats;

/// <summary>What an image was built for, in OCI's words (Go's names): <c>linux/amd64</c>, <c>linux/arm64</c>.</summary>
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

    /// <summary>Whether its programs are big-endian objects: on such a processor no other loads, and nowhere else do they.</summary>
    public bool IsBigEndian => Architecture is "s390x" or "ppc64" or "mips" or "mips64";

    /// <summary>Reads a platform.</summary>
    /// <param name="text"><c>linux/arm64</c>, <c>linux/arm/v7</c>, or an architecture alone. What uname calls an architecture is taken too: <c>aarch64</c>, <c>x86_64</c>.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.BadPlatform"/>: the message says what is wrong.</exception>
    public static Platform Parse(string text) =>
        TryParse(text, out Platform? platform, out string? problem) ? platform : throw new StoreException(StoreFault.BadPlatform, problem);

    /// <summary>Reads a platform; false when the text is none, and then <paramref name="problem"/> says why.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Platform? platform, [NotNullWhen(false)] out string? problem)
    {
        string[] parts = (text ?? "").Trim().ToLowerInvariant().Split('/');
        string[] named = parts.Length == 1 ? [Linux, parts[0]] : parts;
        platform = null;
        problem = null;
        if (named.Length > 3 || named.Any(part => part.Length == 0))
        {
            problem = $"'{text}' is not a platform; one is written like linux/amd64 or linux/arm/v7.";
        }
        else if (named[0] != Linux)
        {
            problem = $"'{text}' is for {named[0]}; eBPF programs are for linux.";
        }
        else if (GoName(named[1]) is not { } architecture)
        {
            problem = $"'{text}' names no architecture that has eBPF; there are {string.Join(", ", Architectures)}.";
        }
        else
        {
            // Every arm64 is v8 and every amd64 v1, so naming them says nothing more.
            string? variant = named.Length < 3 || (architecture, named[2]) is ("arm64", "v8") or ("amd64", "v1") ? null : named[2];
            platform = new Platform(Linux, architecture, variant);
        }

        return platform is not null;
    }

    /// <summary><c>os/architecture</c>, and <c>/variant</c> where there is one.</summary>
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

/// <summary>Which manifest of an index is for a machine.</summary>
internal static class PlatformChoice
{
    /// <summary>The manifest for a platform.</summary>
    /// <param name="manifests">The entries of an index, in its order.</param>
    /// <param name="wanted">The machine's platform.</param>
    /// <returns>
    /// The one of the same system, architecture and variant; else of the same architecture, first one that names no variant, for such fits
    /// all of them. One that names no platform at all is taken when it stands alone. Null where none fits.
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

    /// <summary>Whether a program for one platform runs on another: system and architecture are the same, and with that the byte order. A variant
    /// says which instructions a processor has, and the kernel compiles eBPF to those that it finds.</summary>
    public static bool Fits(Platform built, Platform machine) => built.Os == machine.Os && built.Architecture == machine.Architecture;
}
