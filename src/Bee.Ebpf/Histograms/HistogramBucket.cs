namespace Bee.Ebpf;

/// <summary>One bucket of a <see cref="Histogram"/>.</summary>
/// <remarks>
/// Whether a limit itself belongs to the bucket depends on the histogram's <see cref="HistogramType.Limits"/>: of log2 and linear buckets
/// <see cref="From"/> does and <see cref="To"/> does not; where the author named upper limits, as for Prometheus, it is the other way round.
/// </remarks>
public sealed class HistogramBucket : BpfEvent
{
    internal HistogramBucket(double? from, double? to, ulong count)
    {
        From = from;
        To = to;
        Count = count;
    }

    /// <summary>The lower limit; null where the bucket has none.</summary>
    public double? From { get; }

    /// <summary>The upper limit; null where the bucket has none.</summary>
    public double? To { get; }

    /// <summary>How many values are in it.</summary>
    public ulong Count { get; }
}
