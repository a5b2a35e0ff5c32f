using System.Text.RegularExpressions;

namespace Bee.Toolchain;

/// <summary>Which package brings a header that clang did not find.</summary>
internal static partial class HeaderPackages
{
    /// <summary>What to do about a message of a missing header; null for other messages, and for headers nobody packages.</summary>
    internal static string? Remedy(string message)
    {
        var match = Missing().Match(message);
        return match.Success && Component(match.Groups["header"].Value) is { } component ? Distribution.Current.Remedy(component) : null;
    }

    internal static Component? Component(string header) => header switch
    {
        "gnu/stubs-32.h" => Bee.Toolchain.Component.Libc32Headers,
        _ when header.StartsWith("bpf/", StringComparison.Ordinal) => Bee.Toolchain.Component.LibbpfHeaders,
        _ when header.StartsWith("linux/", StringComparison.Ordinal) || header.StartsWith("asm/", StringComparison.Ordinal)
            || header.StartsWith("asm-generic/", StringComparison.Ordinal) => Bee.Toolchain.Component.KernelHeaders,
        _ when header.StartsWith("sys/", StringComparison.Ordinal) || header.StartsWith("bits/", StringComparison.Ordinal)
            || header.StartsWith("gnu/", StringComparison.Ordinal) || header.StartsWith("netinet/", StringComparison.Ordinal)
            || header.StartsWith("arpa/", StringComparison.Ordinal) => Bee.Toolchain.Component.LibcHeaders,
        "features.h" or "stdio.h" or "stdlib.h" or "string.h" or "errno.h" or "unistd.h" => Bee.Toolchain.Component.LibcHeaders,
        _ => null,
    };

    [GeneratedRegex("^'(?<header>.+)' file not found")]
    private static partial Regex Missing();
}
