using System.Collections;
using System.Globalization;
using System.Management.Automation;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Cmdlets;

/// <summary>A histogram as its view needs it, read from the object's properties: those of a deserialized one are all there is.</summary>
internal sealed class HistogramReading
{
    private HistogramReading(PSObject histogram)
    {
        MapName = EventText.Line(EventFields.Value(histogram, nameof(Histogram.MapName)));
        Unit = EventText.Base(EventFields.Value(histogram, nameof(Histogram.Unit))) as string;
        Count = EventText.Base(EventFields.Value(histogram, nameof(Histogram.Count))) as ulong? ?? 0;
        Mean = EventText.Base(EventFields.Value(histogram, nameof(Histogram.Mean))) as double?;
        Buckets = [.. (EventText.Base(EventFields.Value(histogram, nameof(Histogram.Buckets))) as IEnumerable ?? Array.Empty<object>()).Cast<object>().Select(Bucket)];
        Labels = [.. LabelsOf(histogram).Select(label => (TerminalText.Show(label.Name), EventText.Of(label.Meaning, EventFields.Value(histogram, label.Name))))];

        // Of named limits all buckets are there, and the outer ones have one limit.
        IsNamed = histogram.BaseObject is Histogram live ? live.GetHistogramType()?.Limits == HistogramLimits.Named : Buckets is [{ From: null }, .., { To: null }];
    }

    public string MapName { get; }

    public string? Unit { get; }

    public ulong Count { get; }

    public double? Mean { get; }

    public IReadOnlyList<(double? From, double? To, ulong Count)> Buckets { get; }

    public IReadOnlyList<(string Name, string Text)> Labels { get; }

    /// <summary>Whether a bucket's upper limit belongs to it.</summary>
    public bool IsNamed { get; }

    public static HistogramReading Of(PSObject histogram) => new(histogram);

    /// <summary>The bucket that a part of all values does not exceed.</summary>
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

    // What a histogram has beside what each has. A process that did not make the type knows the labels' names, not what they mean.
    private static IEnumerable<(string Name, FieldMeaning Meaning)> LabelsOf(PSObject histogram) =>
        EventFields.TypeNames(histogram).Select(RecordType.FieldsOf).FirstOrDefault(fields => fields is not null) is { } labels
            ? labels.Select(label => (label.Name, label.Meaning))
            : EventFields.Own(histogram).Select(property => property.Name).Where(name => typeof(Histogram).GetProperty(name) is null).Select(name => (name, FieldMeaning.Object));
}
