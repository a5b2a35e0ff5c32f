using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;
using Bee.Ebpf.Records;
using Bucket = (double? From, double? To, ulong Count);

namespace Bee.Cmdlets;

/// <summary>Draws histograms as text, for the view of formats/Bee.Format.ps1xml.</summary>
public static class HistogramText
{
    private const int MostHeadingLines = 3;

    // Longer ones compare no better.
    private const int LongestBar = 100;

    /// <summary>
    /// Returns the whole picture: the map and its labels, a line for each bucket with a bar as long as its share of the largest, and what
    /// can be said of all values together.
    /// </summary>
    /// <param name="histogram">A <see cref="Histogram"/>, also one that was deserialized.</param>
    /// <param name="host">The host whose screen the lines must fit; without one they fit 80 columns.</param>
    /// <param name="indent">How many columns of the screen the lines must leave free.</param>
    /// <returns>Lines that are shorter than the screen is wide; a heading with many labels may have several.</returns>
    public static string Draw(object? histogram, PSHost? host = null, int indent = 0)
    {
        if (histogram is null)
        {
            return string.Empty;
        }

        var read = HistogramReading.Of(PSObject.AsPSObject(histogram));
        var unit = HistogramUnit.Of(read.Unit);
        // One column less than a screen has: the engine breaks a line that fills it.
        int width = ScreenWidth.Of(host) - 1 - indent;
        var text = new StringBuilder();
        foreach (string line in Heading(read, unit, width))
        {
            text.Append(line).Append('\n');
        }

        string[] ranges = [.. read.Buckets.Select(bucket => Range(bucket, read.IsNamed, unit))];
        string[] counts = [.. read.Buckets.Select(bucket => bucket.Count.ToString(CultureInfo.InvariantCulture))];
        int rangeWidth = ranges.Length == 0 ? 0 : ranges.Max(range => range.Length);
        int countWidth = counts.Length == 0 ? 0 : counts.Max(count => count.Length);
        int room = Math.Clamp(width - rangeWidth - countWidth - 4, 1, LongestBar);
        ulong most = read.Buckets.Count == 0 ? 0 : read.Buckets.Max(bucket => bucket.Count);
        for (int i = 0; i < ranges.Length; i++)
        {
            string bar = new('@', Length(read.Buckets[i].Count, most, room));
            text.Append(ranges[i].PadRight(rangeWidth)).Append(' ').Append(counts[i].PadLeft(countWidth)).Append(" |").Append(bar.PadRight(room)).Append("|\n");
        }

        return text.AppendJoin('\n', ViewText.Wrap(Summary(read, unit), width)).ToString();
    }

    /// <summary>Returns a histogram's labels on one line.</summary>
    /// <param name="histogram">A <see cref="Histogram"/>, also one that was deserialized.</param>
    /// <returns>Text such as <c>disk=sda uid=root</c>.</returns>
    public static string Labels(object? histogram) => histogram is null ? string.Empty
        : string.Join(' ', HistogramReading.Of(PSObject.AsPSObject(histogram)).Labels.Select(label => $"{label.Name}={EventFields.Quoted(label.Text)}"));

    /// <summary>Returns what can be said of all values together.</summary>
    /// <param name="histogram">A <see cref="Histogram"/>, also one that was deserialized.</param>
    /// <returns>Text such as <c>4 values, average 5ms, half below 8.4ms, 99 % below 8.4ms</c>.</returns>
    public static string Summary(object? histogram) =>
        histogram is null ? string.Empty : HistogramReading.Of(PSObject.AsPSObject(histogram)) is var read ? Summary(read, HistogramUnit.Of(read.Unit)) : string.Empty;

    /// <summary>Returns a histogram's buckets, one a line.</summary>
    /// <param name="histogram">A <see cref="Histogram"/>, also one that was deserialized.</param>
    /// <returns>Lines such as <c>[4.2ms, 8.4ms) 4</c>.</returns>
    public static string Buckets(object? histogram)
    {
        if (histogram is null)
        {
            return string.Empty;
        }

        var read = HistogramReading.Of(PSObject.AsPSObject(histogram));
        var unit = HistogramUnit.Of(read.Unit);
        return string.Join('\n', read.Buckets.Select(bucket => string.Create(CultureInfo.InvariantCulture, $"{Range(bucket, read.IsNamed, unit)} {bucket.Count}")));
    }

    /// <summary>The limits of a histogram's buckets as text.</summary>
    internal static IReadOnlyList<string> Ranges(HistogramReading read) => HistogramUnit.Of(read.Unit) is var unit ? [.. read.Buckets.Select(bucket => Range(bucket, read.IsNamed, unit))] : [];

    // A bucket that holds something shows: rare and never are not the same.
    private static int Length(ulong count, ulong most, int room) => count == 0 ? 0 : Math.Max(1, (int)Math.Round((double)count / most * room));

    private static List<string> Heading(HistogramReading histogram, HistogramUnit unit, int width)
    {
        var lines = new List<string> { histogram.MapName };
        if (unit.Note is { } note)
        {
            lines[0] += $" ({note})";
        }

        int used = 0;
        foreach ((string name, string value) in histogram.Labels)
        {
            string part = $"{name}={EventFields.Quoted(value)}";
            part = part.Length > width ? part[..(width - 1)] + '\u2026' : part;
            if (lines[^1].Length + 2 + part.Length <= width)
            {
                lines[^1] += (lines.Count == 1 && used == 0 ? "  " : " ") + part;
            }
            else
            {
                lines.Add(part);
            }

            used += part.Length;
            if (used > MostHeadingLines * width)
            {
                break;
            }
        }

        return lines;
    }

    private static string Range(Bucket bucket, bool isNamed, HistogramUnit unit)
    {
        string from = bucket.From is { } low ? (isNamed ? "(" : "[") + unit.Show(low) : "(...";
        string to = bucket.To is { } high ? unit.Show(high) + (isNamed ? "]" : ")") : "...)";
        return $"{from}, {to}";
    }

    private static string Summary(HistogramReading histogram, HistogramUnit unit)
    {
        string text = $"{histogram.Count.ToString(CultureInfo.InvariantCulture)} {(histogram.Count == 1 ? "value" : "values")}";
        if (histogram.Mean is { } mean)
        {
            text += $", average {unit.ShowExactly(mean)}";
        }

        foreach ((string name, double part) in new[] { ("half", 0.5), ("99 %", 0.99) })
        {
            if (histogram.Quantile(part) is { } bucket)
            {
                text += bucket.To is { } to ? $", {name} {(histogram.IsNamed ? "at most" : "below")} {unit.Show(to)}"
                    : bucket.From is { } from ? $", {name} not below {unit.Show(from)}" : string.Empty;
            }
        }

        return text;
    }
}
