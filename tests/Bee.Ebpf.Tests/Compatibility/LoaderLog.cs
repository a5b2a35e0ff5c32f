using System.Globalization;
using System.Text.RegularExpressions;
using Bee.Ebpf.CoRe;

namespace Bee.Ebpf.Tests.Compatibility;

/// <summary>Parses libbpf's debug log for the results of CO-RE relocations, with which Bee's are compared.</summary>
internal sealed partial class LoaderLog
{
    private readonly Dictionary<(string Program, int Number), string> _outcomes = [];

    /// <summary>The number of an instruction, <c>poisoned</c> or <c>failed</c>, by program and the relocation's number in its section.</summary>
    public IReadOnlyDictionary<(string Program, int Number), string> Outcomes => _outcomes;

    /// <summary>Parses a line.</summary>
    public void Add(string line)
    {
        var match = Relocation().Match(line);
        if (!match.Success)
        {
            return;
        }

        var key = (match.Groups["program"].Value, int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture));
        var rest = match.Groups["rest"].Value;
        if (Patched().Match(rest) is { Success: true } patched)
        {
            _outcomes[key] = Text(patched.Groups["form"].Value, Number(patched.Groups["value"].Value));
        }
        else if (rest.StartsWith("substituting insn", StringComparison.Ordinal))
        {
            _outcomes[key] = "poisoned";
        }
        else if (rest.StartsWith("failed to", StringComparison.Ordinal))
        {
            _outcomes[key] = "failed";
        }
    }

    /// <summary>Compares with Bee's results, up to the point where libbpf failed.</summary>
    /// <param name="results">The results.</param>
    /// <returns>The number of comparisons, and the differences as text.</returns>
    public (int Compared, List<string> Differences) Compare(IReadOnlyList<RelocationResult> results)
    {
        var (compared, differences) = (0, new List<string>());
        var seen = new HashSet<(string, int)>();
        foreach (var result in results)
        {
            var key = (result.Function, result.Number);
            seen.Add(key);
            if (!_outcomes.TryGetValue(key, out var theirs))
            {
                if (_outcomes.ContainsValue("failed"))
                {
                    return (compared, differences);
                }

                differences.Add($"{key}: libbpf says nothing, Bee {Describe(result, "imm")}");
                continue;
            }

            compared++;
            var ours = Describe(result, theirs.Split(' ')[0]);
            if (ours != theirs)
            {
                differences.Add($"{key} {result.Kind} of {result.Subject}: libbpf {theirs}, Bee {ours} ({result.Reason})");
            }
        }

        differences.AddRange(_outcomes.Keys.Where(k => !seen.Contains(k)).Select(k => $"{k}: libbpf {_outcomes[k]}, Bee knows no such relocation"));
        return (compared, differences);
    }

    private static string Describe(RelocationResult result, string form) => result.State switch
    {
        RelocationState.Missing => "poisoned",
        RelocationState.Refused => "failed",
        _ => Text(form, result.TargetValue),
    };

    // An instruction stores the low 32 bits of the number, except for 64-bit loads.
    private static string Text(string form, ulong value) => form == "imm64" ? $"imm64 {value}" : $"{form} {(uint)value}";

    private static ulong Number(string text) =>
        text.StartsWith('-') ? (ulong)long.Parse(text, CultureInfo.InvariantCulture) : ulong.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"prog '(?<program>[^']*)': relo #(?<number>\d+): (?<rest>.*)")]
    private static partial Regex Relocation();

    [GeneratedRegex(@"patched insn #\d+ \([^)]*\) (?<form>imm64|imm|off) -?\d+ -> (?<value>-?\d+)")]
    private static partial Regex Patched();
}
