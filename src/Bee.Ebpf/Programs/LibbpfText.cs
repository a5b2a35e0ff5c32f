using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Programs;

/// <summary>Extracts facts from libbpf's log. Its calls return only an error number.</summary>
internal static partial class LibbpfText
{
    /// <summary>Returns the map that the kernel did not create; null if the log names none.</summary>
    public static string? FailedMap(string log) => MapFailure().Match(log) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>Returns the program that the kernel did not load; null if the log names none.</summary>
    public static string? FailedProgram(string log) => ProgramFailure().Match(log) is { Success: true } match ? match.Groups[1].Value : null;

    /// <summary>Returns the missing kernel function or type, and the program that needs it (null with libbpf 1.0, which does not log it).</summary>
    public static (string? Program, string Target)? MissingType(string log) =>
        TypeFailure().Match(log) is { Success: true } match ? (match.Groups[1] is { Success: true } program ? program.Value : null, match.Groups[2].Value) : null;

    /// <summary>Reports whether libbpf could not load the kernel's own BTF.</summary>
    public static bool LacksKernelBtf(string log) =>
        log.Contains("Error loading vmlinux BTF", StringComparison.Ordinal) || log.Contains("failed to find valid kernel BTF", StringComparison.Ordinal)
        || log.Contains("vmlinux BTF is not found", StringComparison.Ordinal);

    /// <summary>Returns the last message without libbpf's prefix; empty if libbpf logged none.</summary>
    public static string Last(string log)
    {
        const string Prefix = "libbpf: ";
        var line = log.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .LastOrDefault(l => !l.Contains("failed to load object", StringComparison.Ordinal)) ?? "";
        return line.StartsWith(Prefix, StringComparison.Ordinal) ? line[Prefix.Length..] : line;
    }

    /// <summary>Returns the description of an error number. Numbers from 4000 are libbpf's own.</summary>
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

    /// <summary>Returns the cause of a failed call: the description of the errno, and libbpf's last message.</summary>
    /// <param name="errno">The errno, positive.</param>
    /// <param name="log">libbpf's log.</param>
    public static string Cause(int errno, string log) => Last(log).TrimEnd('.') is { Length: > 0 } last ? $"{Describe(errno)} ({last})" : Describe(errno);

    [GeneratedRegex(@"map '([^']*)': failed to create(?! inner)")]
    private static partial Regex MapFailure();

    [GeneratedRegex(@"prog '([^']*)': BPF program load failed")]
    private static partial Regex ProgramFailure();

    [GeneratedRegex(@"(?:prog '([^']*)': )?failed to find kernel BTF type ID of '([^']*)'")]
    private static partial Regex TypeFailure();
}
