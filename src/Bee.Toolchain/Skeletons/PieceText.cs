using System.Text.RegularExpressions;

namespace Bee.Toolchain;

/// <summary>Fills in the places of a piece.</summary>
internal sealed partial class PieceText
{
    private readonly Dictionary<string, IReadOnlyList<string>> _known = [];

    /// <summary>Sets what a place stands for. Lines may have places themselves.</summary>
    public IReadOnlyList<string> this[string place]
    {
        set => _known[place] = value;
    }

    /// <summary>Sets a place within a line.</summary>
    public void Set(string place, string text) => _known[place] = [text];

    /// <summary>The lines with every place filled in.</summary>
    /// <remarks>
    /// A place alone on its line stands for lines, which get its indentation, or for none. Blank lines at the ends, and after another
    /// blank line or an opening brace, are left out.
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
