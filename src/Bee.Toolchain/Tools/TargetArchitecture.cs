using System.Runtime.InteropServices;

namespace Bee.Toolchain.Tools;

/// <summary>The architectures that run eBPF programs, in the spelling of the kernel's source, which selects the registers of kprobes.</summary>
internal static class TargetArchitecture
{
    /// <summary>Returns the kernel's name of an architecture, from the spelling of uname or an image platform.</summary>
    /// <exception cref="ArgumentException">The architecture does not exist.</exception>
    internal static string Name(string? architecture) => (architecture ?? Host()).ToLowerInvariant() switch
    {
        "x86" or "x86_64" or "x86-64" or "amd64" or "x64" or "386" or "i386" or "i686" => "x86",
        "arm64" or "aarch64" => "arm64",
        "arm" or "armv6" or "armv7" or "armv7l" => "arm",
        "s390" or "s390x" => "s390",
        "powerpc" or "ppc64" or "ppc64le" or "ppc64el" => "powerpc",
        "riscv" or "riscv64" => "riscv",
        "loongarch" or "loongarch64" or "loong64" => "loongarch",
        "mips" or "mipsel" or "mipsle" or "mips64" or "mips64el" or "mips64le" => "mips",
        _ => throw new ArgumentException($"'{architecture}' is not an architecture that libbpf supports. Use one of x86_64, arm64, arm, s390x, ppc64le, riscv64, loongarch64, mips64.", nameof(architecture)),
    };

    /// <summary>Returns whether the architecture's kernel accepts only big-endian objects.</summary>
    internal static bool IsBigEndian(string? architecture) =>
        (architecture ?? Host()).ToLowerInvariant() is "s390" or "s390x" or "ppc64" or "mips" or "mips64";

    /// <summary>Returns the folder in which Debian keeps architecture-dependent headers; clang's BPF target does not search it.</summary>
    internal static string? SystemHeaders(string name)
    {
        var triplet = name switch
        {
            "x86" => "x86_64-linux-gnu",
            "arm64" => "aarch64-linux-gnu",
            "arm" => "arm-linux-gnueabihf",
            "s390" => "s390x-linux-gnu",
            "powerpc" => "powerpc64le-linux-gnu",
            "riscv" => "riscv64-linux-gnu",
            "loongarch" => "loongarch64-linux-gnu",
            _ => null,
        };
        var folder = $"/usr/include/{triplet}";
        return triplet is not null && Directory.Exists(folder) ? folder : null;
    }

    private static string Host() => RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 or Architecture.X86 => "x86",
        Architecture.Arm64 => "arm64",
        Architecture.Arm or Architecture.Armv6 => "arm",
        Architecture.S390x => "s390",
        Architecture.Ppc64le => "ppc64le",
        var other => other.ToString(),
    };
}
