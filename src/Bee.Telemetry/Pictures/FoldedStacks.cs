using System.Globalization;
using System.Text;

namespace Bee.Telemetry.Pictures;

/// <summary>Writes stacks as lines of text: the names of the frames with semicolons between, the outermost first, a blank and the weight.</summary>
internal static class FoldedStacks
{
    /// <summary>Writes a profile.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="output">Where the text goes; it is left open.</param>
    public static void Write(StackProfile profile, Stream output)
    {
        ArgumentNullException.ThrowIfNull(profile);
        using var text = new StreamWriter(output, new UTF8Encoding(false), 64 << 10, leaveOpen: true) { NewLine = "\n" };
        var line = new StringBuilder();
        var ends = new List<int> { 0 };
        foreach (var (node, depth, _) in profile.Walk(profile.Totals(), minimum: 1))
        {
            if (node == 0)
            {
                continue;
            }

            // A semicolon separates frames, whatever the reader.
            line.Length = ends[depth - 1];
            line.Append(depth > 1 ? ";" : "").Append(profile.Frame(node)!.Name.Replace(';', ':'));
            ends.RemoveRange(depth, ends.Count - depth);
            ends.Add(line.Length);
            if (profile.Weight(node) > 0)
            {
                text.Write(line);
                text.Write(' ');
                text.WriteLine(profile.Weight(node).ToString(CultureInfo.InvariantCulture));
            }
        }
    }
}
