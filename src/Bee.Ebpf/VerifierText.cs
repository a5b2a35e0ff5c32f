using System.Globalization;
using System.Text.RegularExpressions;

namespace Bee.Ebpf;

/// <summary>Extracts facts from the verifier's log.</summary>
internal static partial class VerifierText
{
    private const int MostLines = 4;
    private const string Counts = "processed ";

    /// <summary>Returns the lines with the reasons for rejecting a program, the cause first; empty if the verifier did not check the program.</summary>
    /// <param name="verdict">The log without instructions.</param>
    public static IReadOnlyList<string> Verdict(string verdict) =>
        [.. verdict.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => !Aside().IsMatch(line)).Distinct().TakeLast(MostLines).Select(line => line.TrimEnd('.'))];

    /// <summary>Returns the verifier's line about the parameter types of a function, or null. The line is in most logs, but for a global function it is a reason to reject it.</summary>
    /// <param name="verdict">The log without instructions.</param>
    public static string? Parameters(string verdict) => verdict.Split('\n').LastOrDefault(line => ParameterTypes().IsMatch(line));

    /// <summary>Returns libbpf's explanation of a relocation that it could not resolve and replaced by an invalid call; null if the verdict has another cause.</summary>
    /// <param name="instructions">The log with the instructions.</param>
    public static string? Unresolved(string instructions) => Patched().Match(instructions) is { Success: true } match ? match.Groups["text"].Value : null;

    /// <summary>Returns the number of the instruction that a verdict concerns; null if there is none, or the log ends before it.</summary>
    /// <param name="verdict">The lines of the verdict.</param>
    /// <param name="instructions">The log with the instructions.</param>
    public static int? Instruction(IReadOnlyList<string> verdict, string instructions)
    {
        var named = verdict.Select(line => Named().Match(line)).FirstOrDefault(match => match.Success);
        return named is not null || IsEnd(instructions) ? Number(named ?? Followed().Match(instructions)) : null;
    }

    /// <summary>Joins the log for display: the instructions, then the verdict.</summary>
    /// <param name="verdict">The log without instructions.</param>
    /// <param name="instructions">The log with the instructions; it may lack its beginning or its end.</param>
    /// <param name="isCut">Whether the log was cut to fit its buffer.</param>
    public static string Join(string verdict, string instructions, bool isCut)
    {
        var isEnd = IsEnd(instructions);
        return instructions.Length == 0 ? verdict
            : !isCut && isEnd ? instructions
            : isEnd ? $"[…]\n{instructions[(instructions.IndexOf('\n') + 1)..]}"
            : $"{instructions[..(instructions.LastIndexOf('\n') + 1)]}[…]\n{verdict}";
    }

    private static bool IsEnd(string instructions) => instructions.Contains(Counts, StringComparison.Ordinal);

    private static int? Number(Match match) => match.Success && int.TryParse(match.Groups["number"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    // Statistics, states, source lines, and the notes on parameter types at the start of most logs.
    [GeneratedRegex(@"^(processed |verification time |stack depth |mark_precise|(cur|old) state: |; |\d+: |from \d+ to |func#\d+ @|max_states|arg#\d+ reference type\('UNKNOWN|reg type unsupported for arg#|Validating |live regs|insns? \d+ |\d+ \([0-9a-f]{2}\) )")]
    private static partial Regex Aside();

    [GeneratedRegex(@"^arg#\d+ reference type\('UNKNOWN")]
    private static partial Regex ParameterTypes();

    // "2: <invalid CO-RE relocation>", with the explanation on the next line.
    [GeneratedRegex(@"^\d+: <(invalid CO-RE relocation|missing kfunc call|invalid BPF map reference)>\n(?<text>[^\n]+)", RegexOptions.Multiline)]
    private static partial Regex Patched();

    [GeneratedRegex(@"alloc_insn=(?<number>\d+)|\binsn #?(?<number>\d+)\b")]
    private static partial Regex Named();

    [GeneratedRegex(@"^(?<number>\d+): (\([0-9a-f]{2}\) |<)", RegexOptions.Multiline | RegexOptions.RightToLeft)]
    private static partial Regex Followed();
}
