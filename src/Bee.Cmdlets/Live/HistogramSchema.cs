using System.Management.Automation;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Live;

/// <summary>Makes what a live view shows of histograms.</summary>
internal static class HistogramSchema
{
    /// <summary>Returns a histogram's labels, buckets and summary.</summary>
    /// <param name="item">A <see cref="Bee.Ebpf.Records.Histogram"/>.</param>
    public static LiveHistogram Of(object item)
    {
        var read = HistogramReading.Of(PSObject.AsPSObject(item));
        IReadOnlyList<string> ranges = HistogramText.Ranges(read);
        return new LiveHistogram(HistogramText.Labels(item), read.Count, HistogramText.Summary(item), [.. read.Buckets.Select((bucket, place) => new LiveBucket(bucket.From, ranges[place], bucket.Count))]);
    }

    /// <summary>Returns the whole histogram as lines.</summary>
    /// <param name="item">A <see cref="Bee.Ebpf.Records.Histogram"/>.</param>
    public static string Details(object item) => HistogramText.Draw(item);
}
