using System.Text.RegularExpressions;
using Bee.Toolchain.Tools;

namespace Bee.Toolchain.Diagnostics;

/// <summary>Finds the origin of a header that clang did not find, and a remedy.</summary>
internal static partial class MissingHeaders
{
    private const string KernelsOwn = "It belongs to the kernel's own source. A program includes \"vmlinux.h\" instead, which has the kernel's types.";

    /// <summary>Projects with their own headers: prefixes of the headers' names, or whole names, and their location.</summary>
    private static readonly (string Origin, string[] Names)[] s_projects =
    [
        ("Inspektor Gadget: folder include of its repository", ["gadget/"]),
        ("sched_ext: folder tools/sched_ext/include of the kernel's source", ["scx/"]),
        ("libxdp and xdp-tools: package libxdp-dev on Debian, or folder headers of the repository", ["xdp/"]),
        ("Cilium: folder bpf/include of its repository", ["bpf/ctx/", "bpf/api.h", "bpf/compiler.h"]),
        ("bcc: folder libbpf-tools of its repository", ["bits.bpf.h", "core_fixes.bpf.h", "maps.bpf.h", "compat.bpf.h"]),
        ("libbpf, where it is <bpf/…>, or to the project, such as to cilium/ebpf: folder examples/headers of its repository", ["bpf_helpers.h", "bpf_tracing.h", "bpf_core_read.h", "bpf_endian.h", "common.h"]),
        ("the kernel's tests: folder tools/testing/selftests/bpf of its source", ["bpf_experimental.h", "bpf_misc.h", "bpf_kfuncs.h", "bpf_arena_common.h", "bpf_tracing_net.h"]),
    ];

    /// <summary>Returns the remedy for a message about a missing header; null for other messages, and for headers of unknown origin.</summary>
    internal static string? Remedy(string message) => Missing().Match(message) is { Success: true } match ? RemedyFor(match.Groups["header"].Value) : null;

    /// <summary>Returns the system component that contains a header; null if the header does not belong to the system.</summary>
    internal static Component? Component(string header) => header switch
    {
        "gnu/stubs-32.h" => Tools.Component.Libc32Headers,
        _ when header.StartsWith("bpf/", StringComparison.Ordinal) => Tools.Component.LibbpfHeaders,
        _ when header.StartsWith("linux/", StringComparison.Ordinal) || header.StartsWith("asm/", StringComparison.Ordinal)
            || header.StartsWith("asm-generic/", StringComparison.Ordinal) => Tools.Component.KernelHeaders,
        _ when header.StartsWith("sys/", StringComparison.Ordinal) || header.StartsWith("bits/", StringComparison.Ordinal)
            || header.StartsWith("gnu/", StringComparison.Ordinal) || header.StartsWith("netinet/", StringComparison.Ordinal)
            || header.StartsWith("arpa/", StringComparison.Ordinal) => Tools.Component.LibcHeaders,
        "features.h" or "stdio.h" or "stdlib.h" or "string.h" or "errno.h" or "unistd.h" => Tools.Component.LibcHeaders,
        _ => null,
    };

    private static string? RemedyFor(string header)
    {
        if (Array.Find(s_projects, project => project.Names.Any(name => name.EndsWith('/') ? header.StartsWith(name, StringComparison.Ordinal) : header == name)).Origin is { } origin)
        {
            return $"It belongs to {origin}. Add the folder that contains '{header}' as an include folder (includes in bee.yaml).";
        }

        return header switch
        {
            _ when header.EndsWith("vmlinux.h", StringComparison.Ordinal) => "Write #include \"vmlinux.h\": Bee generates the header from the kernel's BTF.",
            _ when header.EndsWith(".skel.h", StringComparison.Ordinal) => "bpftool generates it for user-space code, which this seems to be. Compile the source with the SEC() functions.",
            _ when KernelFolder().IsMatch(header) => KernelsOwn,
            // The package is installed, but does not contain this header.
            _ when header.StartsWith("linux/", StringComparison.Ordinal) && File.Exists("/usr/include/linux/types.h") => KernelsOwn + " Or it is newer than this system's headers.",
            _ => Component(header) is { } component ? Distribution.Current.Remedy(component) : null,
        };
    }

    [GeneratedRegex("^'(?<header>.+)' file not found")]
    private static partial Regex Missing();

    [GeneratedRegex("^(net|uapi|trace|generated|crypto|kernel)/")]
    private static partial Regex KernelFolder();
}
