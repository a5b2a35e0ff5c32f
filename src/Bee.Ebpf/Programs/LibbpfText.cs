using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Programs;

/// <summary>Finds facts in what libbpf says: its calls return a number only, the rest is in the log.</summary>
internal static partial class LibbpfText
{
    /// <summary>The map that could not be made.</summary>
    public static string? FailedMap(string log) => MapFailure().Match(log) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>The program that could not be loaded.</summary>
    public static string? FailedProgram(string log) => ProgramFailure().Match(log) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>The program (null when libbpf 1.0 does not say), and the kernel function or type it wants and that does not exist.</summary>
    public static (string? Program, string Target)? MissingType(string log) =>
        TypeFailure().Match(log) is { Success: true } match ? (match.Groups[1] is { Success: true } program ? program.Value : null, match.Groups[2].Value) : null;

    /// <summary>Whether the kernel's own BTF could not be had.</summary>
    public static bool LacksKernelBtf(string log) =>
        log.Contains("Error loading vmlinux BTF", StringComparison.Ordinal) || log.Contains("failed to find valid kernel BTF", StringComparison.Ordinal)
        || log.Contains("vmlinux BTF is not found", StringComparison.Ordinal);

    /// <summary>The last thing said, without libbpf's prefix; empty when nothing was.</summary>
    public static string Last(string log)
    {
        const string Prefix = "libbpf: ";
        var line = log.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .LastOrDefault(l => !l.Contains("failed to load object", StringComparison.Ordinal)) ?? "";
        return line.StartsWith(Prefix, StringComparison.Ordinal) ? line[Prefix.Length..] : line;
    }

    /// <summary>What an error number means: those from 4000 on are libbpf's own.</summary>
    /// <param name="errno">The number, positive.</param>
    public static unsafe string Describe(int errno)
    {
        const int First = 4000, Most = 128;
        if (errno < First)
        {
            return Libc.Describe(errno);
        }

        var text = stackalloc byte[Most];
        _ = LibbpfCalls.libbpf_strerror(errno, text, Most);
        return Marshal.PtrToStringUTF8((nint)text)!;
    }

    /// <summary>Why a call failed: the number's meaning, and what libbpf said last.</summary>
    /// <param name="errno">The number, positive.</param>
    /// <param name="log">What libbpf said.</param>
    public static string Cause(int errno, string log) => Last(log).TrimEnd('.') is { Length: > 0 } last ? $"{Describe(errno)} ({last})" : Describe(errno);

    [GeneratedRegex(@"map '([^']*)': failed to create(?! inner)")]
    private static partial Regex MapFailure();

    [GeneratedRegex(@"prog '([^']*)': BPF program load failed")]
    private static partial Regex ProgramFailure();

    [GeneratedRegex(@"(?:prog '([^']*)': )?failed to find kernel BTF type ID of '([^']*)'")]
    private static partial Regex TypeFailure();
}
