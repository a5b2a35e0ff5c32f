using System.Globalization;
using System.Text;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Draws histograms as text, for the view of formats/Bee.Format.ps1xml.</summary>
public static class HistogramText
{
    // One column less than a screen has: the engine breaks a line that fills it.
    private const int Width = 79;
    private const int MostOfHeading = 3 * Width;

    /// <summary>
    /// The whole picture: the map and its labels, a line for each bucket with a bar as long as its share of the largest, and what
    /// can be said of all values together.
    /// </summary>
    /// <param name="histogram">The histogram.</param>
    /// <returns>Lines of less than 80 characters; a heading with many labels may have several.</returns>
    public static string Draw(Histogram? histogram)
    {
        if (histogram is null)
        {
            return string.Empty;
        }

        var unit = HistogramUnit.Of(histogram.Unit);
        var text = new StringBuilder();
        foreach (string line in Heading(histogram, unit))
        {
            text.Append(line).Append('\n');
        }

        string[] ranges = [.. histogram.Buckets.Select(bucket => Range(bucket, histogram.GetHistogramType()?.Limits, unit))];
        string[] counts = [.. histogram.Buckets.Select(bucket => bucket.Count.ToString(CultureInfo.InvariantCulture))];
        int rangeWidth = ranges.Length == 0 ? 0 : ranges.Max(range => range.Length);
        int countWidth = counts.Length == 0 ? 0 : counts.Max(count => count.Length);
        int room = Math.Max(10, Width - rangeWidth - countWidth - 4);
        ulong most = histogram.Buckets.Count == 0 ? 0 : histogram.Buckets.Max(bucket => bucket.Count);
        for (int i = 0; i < ranges.Length; i++)
        {
            string bar = new('@', Length(histogram.Buckets[i].Count, most, room));
            text.Append(ranges[i].PadRight(rangeWidth)).Append(' ').Append(counts[i].PadLeft(countWidth)).Append(" |").Append(bar.PadRight(room)).Append("|\n");
        }

        return text.Append(Summary(histogram, unit)).ToString();
    }

    // A bucket that holds something shows: rare and never are not the same.
    private static int Length(ulong count, ulong most, int room) => count == 0 ? 0 : Math.Max(1, (int)Math.Round((double)count / most * room));

    private static List<string> Heading(Histogram histogram, HistogramUnit unit)
    {
        var lines = new List<string> { histogram.MapName };
        if (unit.Note is { } note)
        {
            lines[0] += $" ({note})";
        }

        int used = 0;
        foreach (RecordField label in histogram.GetHistogramType()?.Labels ?? [])
        {
            string value = EventText.Of(label.Meaning, histogram.GetType().GetProperty(label.Name)?.GetValue(histogram));
            string part = $"{label.Name}={(value.Contains(' ', StringComparison.Ordinal) || value.Length == 0 ? $"'{value}'" : value)}";
            part = part.Length > Width ? part[..(Width - 1)] + '\u2026' : part;
            if (lines[^1].Length + 2 + part.Length <= Width)
            {
                lines[^1] += (lines.Count == 1 && used == 0 ? "  " : " ") + part;
            }
            else
            {
                lines.Add(part);
            }

            used += part.Length;
            if (used > MostOfHeading)
            {
                break;
            }
        }

        return lines;
    }

    private static string Range(HistogramBucket bucket, HistogramLimits? limits, HistogramUnit unit)
    {
        bool named = limits == HistogramLimits.Named;
        string from = bucket.From is { } low ? (named ? "(" : "[") + unit.Show(low) : "(...";
        string to = bucket.To is { } high ? unit.Show(high) + (named ? "]" : ")") : "...)";
        return $"{from}, {to}";
    }

    private static string Summary(Histogram histogram, HistogramUnit unit)
    {
        string text = $"{histogram.Count.ToString(CultureInfo.InvariantCulture)} values";
        if (histogram.Mean is { } mean)
        {
            text += $", average {unit.ShowExactly(mean)}";
        }

        foreach ((string name, double part) in new[] { ("half", 0.5), ("99 %", 0.99) })
        {
            if (histogram.QuantileBucket(part) is { } bucket)
            {
                text += bucket.To is { } to ? $", {name} {(histogram.GetHistogramType()?.Limits == HistogramLimits.Named ? "at most" : "below")} {unit.Show(to)}"
                    : bucket.From is { } from ? $", {name} not below {unit.Show(from)}" : string.Empty;
            }
        }

        return text;
    }
}
