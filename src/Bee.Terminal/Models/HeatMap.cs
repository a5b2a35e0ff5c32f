using Bee.Terminal.Frames;
using Bee.Terminal.Screens;

namespace Bee.Terminal.Models;

/// <summary>Draws a histogram over time: one line for each bucket, the largest values on top, and one character for each interval, the newest at the right.</summary>
internal static class HeatMap
{
    // Ordered from few values to many. Without colors, the shades show the same.
    private static readonly byte[] s_colors = [24, 31, 38, 44, 50, 148, 184, 220, 208, 196];
    private const string Shades = "\u2591\u2592\u2593\u2588";

    public static TextBlock Draw(LiveHistogram histogram, HeatHistory history, int width, int height, ref int top)
    {
        LiveBucket[] buckets = [.. histogram.Buckets.Reverse()];
        int rows = height - 1;
        top = Math.Clamp(top, 0, Math.Max(0, buckets.Length - rows));
        int range = Math.Min(width / 2, buckets.Length == 0 ? 5 : buckets.Max(bucket => bucket.Range.Length));
        int columns = Math.Max(1, width - range - 1);
        IReadOnlyDictionary<double, ulong>[] shown = [.. history.Columns.TakeLast(columns)];
        ulong most = shown.Length == 0 ? 0 : shown.Max(column => column.Count == 0 ? 0 : column.Values.Max());
        var lines = new List<IReadOnlyList<StyledText>> { Heading(range, columns, most) };
        foreach (LiveBucket bucket in buckets.Skip(top).Take(rows))
        {
            string text = bucket.Range.Length > range ? bucket.Range[..range] : bucket.Range.PadRight(range);
            var line = new List<StyledText> { new(text + " "), new(new string(' ', columns - shown.Length)) };
            line.AddRange(shown.Select(column => Cell(column.GetValueOrDefault(HeatHistory.Key(bucket)), most)));
            lines.Add(line);
        }

        return new TextBlock(lines, height);
    }

    private static StyledText[] Heading(int range, int columns, ulong most)
    {
        string legend = most == 0 ? "no values yet" : $"1 {Shades} {ShortNumber.Of(most)} a time";
        return [new("Range".PadRight(range) + " ", CellStyle.Bold), new(legend.PadLeft(columns), new CellStyle(Look: CellLook.Dim))];
    }

    // Logarithmic, so that a few slow calls are visible beside thousands of quick ones.
    private static StyledText Cell(ulong count, ulong most)
    {
        if (count == 0)
        {
            return new(" ");
        }

        double heat = most <= 1 ? 1 : Math.Log(count) / Math.Log(most);
        return new(Shades[Math.Clamp((int)(heat * Shades.Length), 0, Shades.Length - 1)].ToString(), new CellStyle(Foreground: s_colors[Math.Clamp((int)(heat * s_colors.Length), 0, s_colors.Length - 1)]));
    }
}

/// <summary>Keeps the number of values in each bucket for the latest intervals.</summary>
internal sealed class HeatHistory
{
    private const int Most = 240;

    private static readonly Dictionary<double, ulong> s_none = [];

    private readonly Queue<Dictionary<double, ulong>> _columns = [];
    private Dictionary<double, ulong> _last = s_none;

    public int Length => _columns.Count;

    /// <summary>The intervals, the oldest first. Buckets are identified by their lower limits.</summary>
    public IEnumerable<IReadOnlyDictionary<double, ulong>> Columns => _columns;

    /// <summary>Starts an interval without values.</summary>
    public void Add()
    {
        if (_columns.Count == Most)
        {
            _columns.Dequeue();
        }

        _columns.Enqueue(_last = []);
    }

    /// <summary>Sets the growth of the buckets in this interval.</summary>
    /// <param name="now">The histogram at the end of the interval.</param>
    /// <param name="before">The histogram at its start; null if it was empty.</param>
    public void Set(LiveHistogram now, LiveHistogram? before)
    {
        _last.Clear();
        foreach (LiveBucket bucket in now.Buckets)
        {
            ulong earlier = 0;
            foreach (LiveBucket old in before?.Buckets ?? [])
            {
                earlier = old.From == bucket.From ? old.Count : earlier;
            }

            if (bucket.Count > earlier)
            {
                _last[Key(bucket)] = bucket.Count - earlier;
            }
        }
    }

    /// <summary>Returns the identity of a bucket.</summary>
    public static double Key(LiveBucket bucket) => bucket.From ?? double.NegativeInfinity;
}
