using System.Globalization;
using System.Text.RegularExpressions;

namespace Bee.Toolchain.Diagnostics;

/// <summary>Parses clang's error stream with one line per diagnostic.</summary>
internal static partial class DiagnosticParser
{
    /// <summary>Returns the diagnostics in clang's order, with notes inside the diagnostic that they explain.</summary>
    /// <param name="text">The error stream of clang.</param>
    /// <param name="folder">The folder in which clang ran: relative names start there.</param>
    internal static IReadOnlyList<Diagnostic> Parse(string text, string folder)
    {
        var found = new List<Diagnostic>();
        var includes = new List<string>();
        var inDump = false;
        foreach (var line in text.Split('\n'))
        {
            if (Include().Match(line) is { Success: true } include)
            {
                // clang lists the outermost include first; the innermost is more useful.
                includes.Insert(0, $"{FullPath(include.Groups["file"].Value, folder)}:{include.Groups["line"].Value}");
            }
            else if (Message().Match(line) is { Success: true } message)
            {
                Add(found, Read(message, folder) with { IncludedFrom = [.. includes] });
                includes.Clear();
                inDump = false;
            }
            else if (FixIt().Match(line) is { Success: true } fixIt)
            {
                Amend(found, item => item with { Remedy = item.Remedy ?? Correction(fixIt) });
            }
            else if (Dump().IsMatch(line))
            {
                inDump = true;
            }
            else if (line.Length > 0 && found.Count > 0 && !inDump && !Summary().IsMatch(line))
            {
                // Errors of the code generator continue over several lines.
                Amend(found, item => item with { Message = $"{item.Message}\n{line.TrimEnd()}" });
            }
        }

        return found;
    }

    private static Diagnostic Read(Match match, string folder)
    {
        var text = match.Groups["text"].Value;
        var option = Option().Match(text);
        var file = match.Groups["file"];
        return new Diagnostic
        {
            Severity = match.Groups["severity"].Value switch
            {
                "note" => DiagnosticSeverity.Note,
                "remark" => DiagnosticSeverity.Remark,
                "warning" => DiagnosticSeverity.Warning,
                _ => DiagnosticSeverity.Error,
            },
            File = file.Success ? FullPath(file.Value, folder) : null,
            Line = Number(match.Groups["line"]),
            Column = Number(match.Groups["column"]),
            Message = option.Success ? text[..option.Index] : text,
            Option = option.Success ? option.Groups["option"].Value : null,
            Remedy = MissingHeaders.Remedy(text),
        };
    }

    private static void Add(List<Diagnostic> found, Diagnostic item)
    {
        if (item.Severity == DiagnosticSeverity.Note && found.Count > 0)
        {
            var clash = found[^1].Message.Contains("redefinition of", StringComparison.Ordinal) && Path.GetFileName(item.File) == "vmlinux.h";
            found[^1] = found[^1] with
            {
                Notes = [.. found[^1].Notes, item],
                Remedy = found[^1].Remedy ?? (clash ? "The kernel already uses this name (vmlinux.h contains all kernel types). Choose another one." : null),
            };
        }
        else
        {
            found.Add(item);
        }
    }

    /// <summary>Replaces the last diagnostic, which may be a note inside another.</summary>
    private static void Amend(List<Diagnostic> found, Func<Diagnostic, Diagnostic> change)
    {
        if (found.Count == 0)
        {
            return;
        }

        var last = found[^1];
        found[^1] = last.Notes.Count == 0 ? change(last) : last with { Notes = [.. last.Notes.SkipLast(1), change(last.Notes[^1])] };
    }

    private static string? Correction(Match fixIt)
    {
        var text = fixIt.Groups["text"].Value;
        return text.Length > 0 ? $"Write {text}" : null;
    }

    private static string FullPath(string name, string folder) => Path.GetFullPath(Path.Combine(folder, name));

    private static int Number(Group group) =>
        group.Success && int.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [GeneratedRegex(@"^\s*(In file included|\s+) from (?<file>.+?):(?<line>\d+)(:\d+)?[:,]$")]
    private static partial Regex Include();

    [GeneratedRegex(@"^((?<file>[^:].*?):(?<line>\d+):((?<column>\d+):)? |clang(-\d+)?: |<unknown>:0: |)(?<severity>note|remark|warning|error|fatal error): (?<text>.*)$")]
    private static partial Regex Message();

    [GeneratedRegex("""^fix-it:"(?<file>.*)":\{(?<from>\d+:\d+)-(?<to>\d+:\d+)\}:"(?<text>.*)"$""")]
    private static partial Regex FixIt();

    [GeneratedRegex(@" \[(-Werror,)?(?<option>-[WR][^\]\s]*)\]$")]
    private static partial Regex Option();

    // clang's crash report when its code generator fails. The error precedes it.
    [GeneratedRegex(@"^(PLEASE submit a bug report|Stack dump:|Error at line \d+: )")]
    private static partial Regex Dump();

    [GeneratedRegex(@"^\d+ (warning|error)s?( and \d+ errors?)? generated\.$")]
    private static partial Regex Summary();
}

/// <summary>Treats calls of undeclared functions alike with every clang: up to 15 it warns, since 16 it reports an error.</summary>
internal static class UndeclaredFunctions
{
    /// <summary>Makes it a warning in every version; <see cref="Judge"/> then decides.</summary>
    internal const string Flag = "-Wno-error=implicit-function-declaration";

    private const string Option = "-Wimplicit-function-declaration";

    /// <summary>clang compiles these to instructions, and sources for older versions do not declare them.</summary>
    private static readonly string[] s_instructions = ["'memcpy'", "'memset'", "'memmove'"];

    /// <summary>Returns the diagnostics with such calls as errors, because the kernel has no linker that would find the function.
    /// Calls that clang compiles to instructions are omitted.</summary>
    internal static IReadOnlyList<Diagnostic> Judge(IReadOnlyList<Diagnostic> diagnostics) =>
    [
        .. diagnostics
            .Where(item => item.Option != Option || !s_instructions.Any(item.Message.Contains))
            .Select(item => item.Option == Option ? item with { Severity = DiagnosticSeverity.Error } : item),
    ];
}
