using System.Runtime.InteropServices;

namespace Bee.Oci;

/// <summary>What an image was built for, in OCI's words (Go's names): <c>linux/amd64</c>, <c>linux/arm64</c>.</summary>
/// <param name="Os">Operating system, <c>linux</c>.</param>
/// <param name="Architecture">Processor architecture in Go's naming.</param>
/// <param name="Variant">Variant of the architecture, such as <c>v7</c>; most have none.</param>
public sealed record Platform(string Os, string Architecture, string? Variant = null)
{
    /// <summary>The platform that this process runs on.</summary>
    public static Platform Host { get; } = new("linux", RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "386",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        System.Runtime.InteropServices.Architecture.S390x => "s390x",
        System.Runtime.InteropServices.Architecture.Ppc64le => "ppc64le",
        System.Runtime.InteropServices.Architecture.LoongArch64 => "loong64",
        var other => other.ToString().ToLowerInvariant(),
    });

    /// <summary><c>os/architecture</c>, and <c>/variant</c> where there is one.</summary>
    public override string ToString() => Variant is null ? $"{Os}/{Architecture}" : $"{Os}/{Architecture}/{Variant}";
}
