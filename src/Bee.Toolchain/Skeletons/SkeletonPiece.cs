using System.Globalization;
using System.Text.RegularExpressions;
using Bee.Ebpf.Objects;
using Bee.Posix;
using Bee.Toolchain.Compiling;

namespace Bee.Toolchain.Skeletons;

/// <summary>A file of the module's skeletons folder: named parts of C with placeholders.</summary>
internal sealed class SkeletonPiece
{
    private const string Mark = "//: ";

    private readonly Dictionary<string, string[]> _parts = [];

    private SkeletonPiece(IEnumerable<string> lines)
    {
        List<string>? part = null;
        string name = string.Empty;
        foreach (string line in lines.Append(Mark))
        {
            if (!line.StartsWith(Mark, StringComparison.Ordinal))
            {
                part?.Add(line);
                continue;
            }

            if (part is not null)
            {
                _parts.Add(name, [.. part]);
            }

            (name, part) = (line[Mark.Length..].Trim(), []);
        }
    }

    /// <summary>Reads a piece of the module.</summary>
    /// <exception cref="SkeletonException">The module does not contain the piece.</exception>
    public static SkeletonPiece Read(string name)
    {
        string? file = BeeHeaders.Directory is { } headers ? Path.Combine(Path.GetDirectoryName(headers)!, "skeletons", $"{name}.c") : null;
        return File.Exists(file) ? new SkeletonPiece(RegularFile.ReadLines(file).ToArray()) : throw new SkeletonException(
            SkeletonFault.PiecesMissing, $"The module's folder of skeletons lacks {name}.c.", "Install the module again.");
    }

    /// <summary>Returns the lines of a part; empty if the piece does not contain it.</summary>
    public IReadOnlyList<string> Part(string name) => _parts.GetValueOrDefault(name, []);

    /// <summary>Returns the part for one of several cases, else the common one.</summary>
    public IReadOnlyList<string> Part(string name, object which) => _parts.TryGetValue($"{name} {which}", out string[]? part) ? part : Part(name);

    /// <summary>Returns the fields that a part declares, one per line: declaration, statements, comment and size in bytes.</summary>
    public IReadOnlyList<SkeletonField> Fields(string name, string which = "") => [.. Part(name, which).Select(line =>
    {
        string[] parts = line.Split('|', StringSplitOptions.TrimEntries);
        return new SkeletonField(
            parts[0], parts[1].Replace("\\n", "\n"), parts.Length > 2 && parts[2].Length > 0 ? parts[2] : null,
            parts.Length > 3 ? int.Parse(parts[3], CultureInfo.InvariantCulture) : sizeof(ulong));
    })];
}

/// <summary>Replaces the placeholders of a piece.</summary>
internal sealed partial class PieceText
{
    private readonly Dictionary<string, IReadOnlyList<string>> _known = [];

    /// <summary>Sets the lines of a placeholder. They may contain placeholders themselves.</summary>
    public IReadOnlyList<string> this[string place]
    {
        set => _known[place] = value;
    }

    /// <summary>Sets a placeholder within a line.</summary>
    public void Set(string place, string text) => _known[place] = [text];

    /// <summary>Returns the lines with all placeholders replaced.</summary>
    /// <remarks>
    /// A placeholder alone on its line is replaced by any number of lines, which get its indentation. Blank lines at the ends, and after another
    /// blank line or an opening brace, are omitted.
    /// </remarks>
    public List<string> Fill(IEnumerable<string> lines)
    {
        var filled = new List<string>();
        foreach (string line in lines)
        {
            if (Alone().Match(line) is { Success: true } alone)
            {
                string indent = alone.Groups[1].Value;
                foreach (string inner in Fill(_known[alone.Groups[2].Value]))
                {
                    Add(filled, inner.Length == 0 || inner.StartsWith('\t') ? inner : indent + inner);
                }
            }
            else
            {
                Add(filled, Place().Replace(line, place => string.Join(' ', Fill(_known[place.Groups[1].Value]))));
            }
        }

        while (filled.Count > 0 && filled[^1].Length == 0)
        {
            filled.RemoveAt(filled.Count - 1);
        }

        return filled;
    }

    private static void Add(List<string> filled, string line)
    {
        if (line.Length > 0 || (filled.Count > 0 && filled[^1].Length > 0 && filled[^1] != "{"))
        {
            filled.Add(line);
        }
    }

    [GeneratedRegex(@"^(\s*)\$\(([a-z]+)\)$")]
    private static partial Regex Alone();

    [GeneratedRegex(@"\$\(([a-z]+)\)")]
    private static partial Regex Place();
}

/// <summary>Texts in a skeleton's comments.</summary>
internal static class SkeletonWords
{
    /// <summary>Returns the prefix of a map's name.</summary>
    public static string Prefix(SkeletonOutput output) => output switch
    {
        SkeletonOutput.Counter => "counter",
        SkeletonOutput.Gauge => "gauge",
        SkeletonOutput.Histogram => "hist",
        _ => "print",
    };

    /// <summary>Returns a description of the output, as a sentence.</summary>
    public static string About(SkeletonOutput output, SkeletonMapType? map) => (output, map) switch
    {
        (_, null) => "a record for each of the kernel's objects.",
        (SkeletonOutput.Print, SkeletonMapType.RingBuffer or SkeletonMapType.PerfBuffer) => "an event for each time.",
        (SkeletonOutput.Print, SkeletonMapType.Array) => "what was last seen on each CPU.",
        (SkeletonOutput.Print, _) => "what was last seen, for each combination of labels.",
        (SkeletonOutput.Counter, SkeletonMapType.RingBuffer or SkeletonMapType.PerfBuffer) => "an event for each time, counted by its labels.",
        (SkeletonOutput.Counter, SkeletonMapType.Array) => "how many times, for each CPU.",
        (SkeletonOutput.Counter, _) => "how many times, for each combination of labels.",
        (SkeletonOutput.Gauge, SkeletonMapType.Array) => "the last value on each CPU.",
        (SkeletonOutput.Gauge, _) => "the last value, for each combination of labels.",
        (_, SkeletonMapType.Hash) => "how values are spread, for each combination of labels; counted in the kernel.",
        (_, SkeletonMapType.Array) => "how values are spread; counted in the kernel.",
        _ => "how values are spread; each is handed over as an event.",
    };

    /// <summary>Returns the option that a run requires, for the line that shows how to run the tool.</summary>
    public static string Place(ProgramKind kind)
        => kind.NeedsInterface ? Arguments("interface") : kind.NeedsCgroup ? Arguments("cgroup") : kind.NeedsNetworkNamespace ? Arguments("namespace") : string.Empty;

    private static string Arguments(string place) => string.Concat(SkeletonPiece.Read("program").Part("arguments", place));
}
