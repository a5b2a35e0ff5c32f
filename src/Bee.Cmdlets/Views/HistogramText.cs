using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bucket = (double? From, double? To, ulong Count);

namespace Bee.Cmdlets.Views;

/// <summary>Draws histograms as text, for the view in formats/Bee.Format.ps1xml.</summary>
public static class HistogramText
{
    private const int MostHeadingLines = 3;

    // A longer bar is no easier to compare.
    private const int LongestBar = 100;

    /// <summary>
    /// Returns the full drawing: the map and its labels, one line per bucket with a bar proportional to its share of the largest bucket, and
    /// a summary of all values.
    /// </summary>
    /// <param name="histogram">A <see cref="Histogram"/>, possibly deserialized.</param>
    /// <param name="host">The host whose screen width is used; 80 columns without one.</param>
    /// <param name="indent">The number of columns to leave free.</param>
    /// <returns>Lines that fit the screen. A heading with many labels may have several lines.</returns>
    public static string Draw(object? histogram, PSHost? host = null, int indent = 0)
    {
        if (histogram is null)
        {
            return string.Empty;
        }

        var read = HistogramReading.Of(PSObject.AsPSObject(histogram));
        var unit = HistogramUnit.Of(read.Unit);
        // One column less than the screen has, because the engine breaks a line that fills it.
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
    /// <param name="histogram">A <see cref="Histogram"/>, possibly deserialized.</param>
    /// <returns>Text such as <c>disk=sda uid=root</c>.</returns>
    public static string Labels(object? histogram) => histogram is null ? string.Empty
        : string.Join(' ', HistogramReading.Of(PSObject.AsPSObject(histogram)).Labels.Select(label => $"{label.Name}={EventFields.Quoted(label.Text)}"));

    /// <summary>Returns a summary of all values.</summary>
    /// <param name="histogram">A <see cref="Histogram"/>, possibly deserialized.</param>
    /// <returns>Text such as <c>4 values, average 5ms, half below 8.4ms, 99 % below 8.4ms</c>.</returns>
    public static string Summary(object? histogram) =>
        histogram is null ? string.Empty : HistogramReading.Of(PSObject.AsPSObject(histogram)) is var read ? Summary(read, HistogramUnit.Of(read.Unit)) : string.Empty;

    /// <summary>Returns a histogram's buckets, one per line.</summary>
    /// <param name="histogram">A <see cref="Histogram"/>, possibly deserialized.</param>
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

    /// <summary>Returns the limits of a histogram's buckets as text.</summary>
    internal static IReadOnlyList<string> Ranges(HistogramReading read) => HistogramUnit.Of(read.Unit) is var unit ? [.. read.Buckets.Select(bucket => Range(bucket, read.IsNamed, unit))] : [];

    // A bucket that is not empty has a bar of at least one character, so that rare values stay visible.
    private static int Length(ulong count, ulong most, int room) => count == 0 ? 0 : Math.Max(1, (int)Math.Round((double)count / most * room));

    private static List<string> Heading(HistogramReading histogram, HistogramUnit unit, int width)
    {
        var lines = new List<string> { histogram.MapName };
        if (unit.Note is { } note)
        {
            lines[0] += $" ({note})";
        }

        int used = 0;
        foreach ((string name, string value) in histogram.Labels.Prepend((RemoteRecord.ComputerName, histogram.Computer!)).Skip(histogram.Computer is null ? 1 : 0))
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
        string text = Quantity.Of(histogram.Count, "value");
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

/// <summary>The data of a histogram for its view, read from the object's properties, so that deserialized objects work too.</summary>
internal sealed class HistogramReading
{
    private HistogramReading(PSObject histogram)
    {
        Computer = RemoteRecord.IsFromComputer(histogram) && RemoteRecord.EventOf(histogram)?.Sender is null ? EventText.Line(EventText.Wrapped(histogram.Properties[RemoteRecord.ComputerName]?.Value)) : null;
        MapName = EventText.Line(EventFields.Value(histogram, nameof(Histogram.MapName)));
        Unit = EventText.Base(EventFields.Value(histogram, nameof(Histogram.Unit))) as string;
        Count = EventText.Base(EventFields.Value(histogram, nameof(Histogram.Count))) as ulong? ?? 0;
        Mean = EventText.Base(EventFields.Value(histogram, nameof(Histogram.Mean))) as double?;
        Buckets = [.. (EventText.Base(EventFields.Value(histogram, nameof(Histogram.Buckets))) as IEnumerable ?? Array.Empty<object>()).Cast<object>().Select(Bucket)];
        Labels = [.. LabelsOf(histogram).Select(label => (TerminalText.Show(label.Name), EventText.Of(label.Meaning, EventFields.Value(histogram, label.Name))))];

        // A deserialized histogram with named limits is recognized by its outer buckets, which have only one limit.
        IsNamed = RemoteRecord.EventOf(histogram) is Histogram live ? live.GetHistogramType()?.Limits == HistogramLimits.Named : Buckets is [{ From: null }, .., { To: null }];
    }

    /// <summary>The computer that the histogram is from, if views show it; else null.</summary>
    public string? Computer { get; }

    public string MapName { get; }

    public string? Unit { get; }

    public ulong Count { get; }

    public double? Mean { get; }

    public IReadOnlyList<(double? From, double? To, ulong Count)> Buckets { get; }

    public IReadOnlyList<(string Name, string Text)> Labels { get; }

    /// <summary>Whether a bucket includes its upper limit.</summary>
    public bool IsNamed { get; }

    public static HistogramReading Of(PSObject histogram) => new(histogram);

    /// <summary>Returns the bucket that contains the given quantile.</summary>
    public (double? From, double? To, ulong Count)? Quantile(double part)
    {
        double rank = Math.Max(1, Math.Ceiling(part * Count));
        ulong below = 0;
        foreach (var bucket in Buckets)
        {
            below += bucket.Count;
            if (below >= rank)
            {
                return bucket;
            }
        }

        return null;
    }

    private static (double? From, double? To, ulong Count) Bucket(object bucket)
    {
        if (EventText.Base(bucket) is HistogramBucket live)
        {
            return (live.From, live.To, live.Count);
        }

        var read = PSObject.AsPSObject(bucket);
        return (Number(read, "From"), Number(read, "To"), (ulong)(Number(read, "Count") ?? 0));
    }

    private static double? Number(PSObject item, string name) =>
        EventText.Base(item.Properties[name]?.Value) is IConvertible number ? number.ToDouble(CultureInfo.InvariantCulture) : null;

    // The labels are the properties that only this histogram has. For a deserialized object, their names are known but not their meanings.
    private static IEnumerable<(string Name, FieldMeaning Meaning)> LabelsOf(PSObject histogram) =>
        EventFields.TypeNames(histogram).Concat(RemoteRecord.EventOf(histogram) is { } e ? [e.GetType().FullName!] : []).Select(RecordType.FieldsOf).FirstOrDefault(fields => fields is not null) is { } labels
            ? labels.Where(label => !label.IsExtra || (label.Name is not (ExtraNames.Image or ExtraNames.Node or ExtraNames.Owner or ExtraNames.Labels or ExtraNames.Late) && EventFields.Value(histogram, label.Name) is not null)).Select(label => (label.Name, label.Meaning))
            : EventFields.Own(histogram).Select(property => property.Name).Where(name => typeof(Histogram).GetProperty(name) is null).Select(name => (name, FieldMeaning.Object));
}

/// <summary>Formats numbers of a unit.</summary>
internal sealed class HistogramUnit
{
    private readonly double _scale;
    private readonly Func<ulong, string>? _show;

    private HistogramUnit(double scale, Func<ulong, string>? show, string? note)
    {
        _scale = scale;
        _show = show;
        Note = note;
    }

    /// <summary>The unit to show beside the numbers; null if each number includes its unit.</summary>
    public string? Note { get; }

    /// <summary>Returns the format for a unit. Units of time and bytes are recognized; any other unit is shown beside the numbers.</summary>
    public static HistogramUnit Of(string? unit) => unit?.Trim().ToLowerInvariant() switch
    {
        "ns" or "nanoseconds" => new(1, FieldText.Duration, null),
        "us" or "\u00b5s" or "\u03bcs" or "microseconds" => new(1e3, FieldText.Duration, null),
        "ms" or "milliseconds" => new(1e6, FieldText.Duration, null),
        "s" or "seconds" => new(1e9, FieldText.Duration, null),
        "b" or "byte" or "bytes" => new(1, FieldText.ByteSize, null),
        "kib" or "kbytes" => new(1024, FieldText.ByteSize, null),
        "mib" => new(1024 * 1024, FieldText.ByteSize, null),
        null or "" or "1" => new(1, null, null),
        _ => new(1, null, TerminalText.Show(unit)),
    };

    /// <summary>Formats a limit.</summary>
    public string Show(double value) => Show(value, _show == FieldText.ByteSize ? ByteLimit : _show);

    /// <summary>Formats an average, with decimal places for small numbers.</summary>
    public string ShowExactly(double value) => _show is null ? value.ToString("0.##", CultureInfo.InvariantCulture) : Show(value, _show);

    private string Show(double value, Func<ulong, string>? show)
    {
        double scaled = value * _scale;
        if (show is null)
        {
            return Plain(value);
        }

        // Beyond 64 bits, the number is shown in full.
        return Math.Abs(scaled) < ulong.MaxValue ? (value < 0 ? "-" : string.Empty) + show((ulong)Math.Round(Math.Abs(scaled))) : Plain(value);
    }

    // A limit is shown as a power of 1024 only if that is exact: 2000 bytes are not 2KiB.
    private static string ByteLimit(ulong bytes)
    {
        ulong unit = 1;
        while (unit < 1ul << 60 && bytes / 1024 >= unit)
        {
            unit *= 1024;
        }

        return bytes % unit * 10 % unit == 0 ? FieldText.ByteSize(bytes) : string.Create(CultureInfo.InvariantCulture, $"{bytes}B");
    }

    // Powers of two from 1 Ki on are easier to read with a prefix.
    private static string Plain(double value)
    {
        string[] prefixes = ["", "K", "M", "G", "T", "P", "E"];
        int prefix = 0;
        double rest = value;
        while (Math.Abs(rest) >= 1024 && rest % 1024 == 0 && prefix < prefixes.Length - 1)
        {
            rest /= 1024;
            prefix++;
        }

        return rest.ToString("0.###", CultureInfo.InvariantCulture) + prefixes[prefix];
    }
}
