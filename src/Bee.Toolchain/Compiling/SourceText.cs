using System.Text.RegularExpressions;
using Bee.Posix;

namespace Bee.Toolchain.Compiling;

/// <summary>
/// The declarations in a C file and its own headers, found by text search. The preprocessor does not run, so the result serves only suggestions and
/// completions.
/// </summary>
internal sealed partial class SourceText
{
    private const int MostFiles = 100;

    private SourceText(IReadOnlyList<string> types, IReadOnlyList<string> buffers)
    {
        Types = types;
        Buffers = buffers;
    }

    /// <summary>The defined structs, unions and typedefs, in C spelling.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>The names of the declared ring and perf buffers.</summary>
    public IReadOnlyList<string> Buffers { get; }

    /// <summary>Reads a source, and the headers that it includes from its folder and from other folders.</summary>
    /// <param name="path">The source.</param>
    /// <param name="folders">The other folders.</param>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public static SourceText Read(string path, IReadOnlyList<string> folders)
    {
        var files = new List<string> { Path.GetFullPath(path) };
        var types = new List<string>();
        var buffers = new List<string>();
        for (var i = 0; i < files.Count && i < MostFiles; i++)
        {
            var text = Comment().Replace(RegularFile.ReadAllText(files[i]), " ");
            types.AddRange(TypesIn(text));
            buffers.AddRange(Buffer().Matches(text).Select(match => match.Groups["name"].Value));
            foreach (Match include in Include().Matches(text))
            {
                var found = folders.Prepend(Path.GetDirectoryName(files[i])!).Select(folder => Path.GetFullPath(Path.Combine(folder, include.Groups["file"].Value))).FirstOrDefault(File.Exists);
                if (found is not null && !files.Contains(found) && Path.GetFileName(found) != "vmlinux.h")
                {
                    files.Add(found);
                }
            }
        }

        return new SourceText([.. types.Distinct()], [.. buffers.Distinct()]);
    }

    private static IEnumerable<string> TypesIn(string text)
    {
        foreach (Match definition in Definition().Matches(text))
        {
            if (definition.Groups["tag"] is { Length: > 0 } tag)
            {
                yield return $"{definition.Groups["kind"].Value} {tag.Value}";
            }
            else if (definition.Groups["typedef"].Success && Behind().Match(text, End(text, definition.Index + definition.Length)) is { Success: true } name)
            {
                yield return name.Groups["name"].Value;
            }
        }
    }

    // Returns the position of the brace that closes an open one.
    private static int End(string text, int at)
    {
        for (var open = 1; at < text.Length && open > 0; at++)
        {
            open += text[at] switch { '{' => 1, '}' => -1, _ => 0 };
        }

        return at;
    }

    [GeneratedRegex(@"/\*.*?\*/|//[^\n]*", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^[ \t]*#[ \t]*include[ \t]*[<""](?<file>[^>""\n]+)[>""]", RegexOptions.Multiline)]
    private static partial Regex Include();

    [GeneratedRegex(@"\b(?<typedef>typedef\s+)?(?<kind>struct|union)\b\s*(?:__attribute__\s*\(\([^{};]*?\)\)\s*)?(?<tag>[A-Za-z_]\w*)?\s*\{")]
    private static partial Regex Definition();

    [GeneratedRegex(@"\G\s*(?:__attribute__\s*\(\([^{};]*?\)\)\s*)?(?<name>[A-Za-z_]\w*)\s*(?:__attribute__\s*\(\([^{};]*?\)\)\s*)?;")]
    private static partial Regex Behind();

    [GeneratedRegex(@"\bBPF_MAP_TYPE_(?:RINGBUF|PERF_EVENT_ARRAY)\b[^{}]*\}\s*(?<name>[A-Za-z_]\w*)\s+SEC\(\s*""\.maps""\s*\)")]
    private static partial Regex Buffer();
}
