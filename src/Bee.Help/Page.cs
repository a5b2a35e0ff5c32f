using System.Text.RegularExpressions;

namespace Bee.Help;

/// <summary>An example on a page.</summary>
internal sealed record Example(string Title, string Code, IReadOnlyList<string> Remarks);

/// <summary>A cmdlet's page in docs/, split at its headings. Markdown is removed; paragraphs are kept.</summary>
internal sealed partial record Page(
    string Title,
    string Synopsis,
    IReadOnlyList<string> Description,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Parameters,
    IReadOnlyList<Example> Examples,
    IReadOnlyList<string> Outputs,
    IReadOnlyList<string> Notes,
    IReadOnlyList<string> Links)
{
    public static Page Read(string path)
    {
        string text = File.ReadAllText(path).ReplaceLineEndings("\n");
        string title = TitleLine().Match(text).Groups[1].Value;
        Dictionary<string, string> parts = Parts(text, "## ");
        return new Page(
            title,
            string.Join(' ', Paragraphs(parts[string.Empty].Replace($"# {title}\n", string.Empty))),
            Paragraphs(parts.GetValueOrDefault("Description", string.Empty)),
            Parts(parts.GetValueOrDefault("Parameters", string.Empty), "### ").Where(part => part.Key.StartsWith('-'))
                .ToDictionary(part => part.Key[1..], part => Paragraphs(part.Value)),
            [.. Parts(parts.GetValueOrDefault("Examples", string.Empty), "### ").Where(part => part.Key.Length > 0).Select(part => ReadExample(part.Key, part.Value))],
            Paragraphs(parts.GetValueOrDefault("Outputs", string.Empty)),
            Paragraphs(parts.GetValueOrDefault("Errors", string.Empty)),
            [.. Link().Matches(parts.GetValueOrDefault("See also", string.Empty)).Select(link => link.Groups[1].Value)]);
    }

    private static Example ReadExample(string title, string text)
    {
        Match code = Code().Match(text);
        return new Example(title, code.Groups[1].Value.TrimEnd('\n'), Paragraphs(text.Replace(code.Value, string.Empty)));
    }

    // Text before the first heading has an empty name.
    private static Dictionary<string, string> Parts(string text, string mark)
    {
        var parts = new Dictionary<string, string>();
        string name = string.Empty;
        var lines = new List<string>();
        bool inCode = false;
        foreach (string line in text.Split('\n'))
        {
            inCode ^= line.StartsWith("```", StringComparison.Ordinal);
            if (!inCode && line.StartsWith(mark, StringComparison.Ordinal))
            {
                parts[name] = string.Join('\n', lines);
                name = line[mark.Length..].Trim();
                lines.Clear();
            }
            else
            {
                lines.Add(line);
            }
        }

        parts[name] = string.Join('\n', lines);
        return parts;
    }

    private static IReadOnlyList<string> Paragraphs(string text)
        => [.. Blank().Split(text).Select(Plain).Where(paragraph => paragraph.Length > 0)];

    private static string Plain(string paragraph)
    {
        string[] lines = paragraph.Trim().Split('\n');
        return lines[0].StartsWith('|')
            // A table becomes one line per row, without its heading.
            ? string.Join('\n', lines.Skip(2).Select(row => Inline(string.Join(": ", row.Trim('|').Split(" | ").Select(cell => cell.Trim())))))
            // Wrapped lines are joined; each item of a list keeps its own.
            : Inline(Wrapped().Replace(paragraph.Trim(), " "));
    }

    private static string Inline(string text) => Link().Replace(text, "$1").Replace("`", string.Empty).Replace("**", string.Empty).Trim();

    [GeneratedRegex(@"^# (.+)$", RegexOptions.Multiline)]
    private static partial Regex TitleLine();

    [GeneratedRegex(@"\n\s*\n")]
    private static partial Regex Blank();

    [GeneratedRegex(@"\n(?!- )\s*")]
    private static partial Regex Wrapped();

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]+\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"```powershell\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();
}
