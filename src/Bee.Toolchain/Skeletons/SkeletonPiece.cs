using System.Globalization;
using Bee.Posix;

namespace Bee.Toolchain;

/// <summary>A file of the module's skeletons folder: named parts of C with places to fill in.</summary>
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
    /// <exception cref="SkeletonException">It is not there.</exception>
    public static SkeletonPiece Read(string name)
    {
        string? file = BeeHeaders.Directory is { } headers ? Path.Combine(Path.GetDirectoryName(headers)!, "skeletons", $"{name}.c") : null;
        return File.Exists(file) ? new SkeletonPiece(RegularFile.ReadLines(file).ToArray()) : throw new SkeletonException(
            SkeletonFault.PiecesMissing, $"The module's folder of skeletons lacks {name}.c.", "Install the module again.");
    }

    /// <summary>A part's lines; none where the piece has no such part.</summary>
    public IReadOnlyList<string> Part(string name) => _parts.GetValueOrDefault(name, []);

    /// <summary>The part for one of several cases, else the one for all.</summary>
    public IReadOnlyList<string> Part(string name, object which) => _parts.TryGetValue($"{name} {which}", out string[]? part) ? part : Part(name);

    /// <summary>The fields that a part declares, a line each: declaration, statements, comment and size in bytes.</summary>
    public IReadOnlyList<SkeletonField> Fields(string name, string which = "") => [.. Part(name, which).Select(line =>
    {
        string[] parts = line.Split('|', StringSplitOptions.TrimEntries);
        return new SkeletonField(
            parts[0], parts[1].Replace("\\n", "\n"), parts.Length > 2 && parts[2].Length > 0 ? parts[2] : null,
            parts.Length > 3 ? int.Parse(parts[3], CultureInfo.InvariantCulture) : sizeof(ulong));
    })];
}
