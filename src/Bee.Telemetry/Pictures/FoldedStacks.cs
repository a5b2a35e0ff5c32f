using System.Globalization;
using System.Text;

namespace Bee.Telemetry.Pictures;

/// <summary>Writes stacks as lines of text: the frames separated by semicolons with the outermost first, a space and the weight.</summary>
internal static class FoldedStacks
{
    /// <summary>Writes a profile.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="output">Receives the text. It stays open.</param>
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

            // Readers split frames at each semicolon.
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
