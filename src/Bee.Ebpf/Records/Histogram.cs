namespace Bee.Ebpf.Records;

/// <summary>
/// The distribution of values that a program has measured: the number of values in each bucket, for one combination of labels. The counts are cumulative since the program started.
/// </summary>
/// <remarks>
/// The concrete types are generated, one for each <c>hist_</c> map, with a property for each label between <see cref="MapName"/> and <see cref="Unit"/>. The objects are the same whether the
/// program sends each value as an event or counts slots in a hash or array.
/// </remarks>
public abstract class Histogram : BpfEvent
{
    private HistogramType? _type;
    private BpfEvent? _source;
    private ContainerNames? _container;
    private RecordSender? _sender;

    /// <summary>Creates the base of a generated histogram.</summary>
    private protected Histogram()
    {
    }

    /// <summary>The name of the map in the object.</summary>
    public abstract string MapName { get; }

    /// <summary>The unit of the values, of <see cref="Sum"/> and of the bucket limits: <c>ns</c>, <c>us</c>, <c>bytes</c>, …; null if it is not known.</summary>
    public string? Unit => _type?.Unit;

    /// <summary>The number of values.</summary>
    public ulong Count { get; private set; }

    /// <summary>The sum of all values; null if the program only counts slots.</summary>
    public double? Sum { get; private set; }

    /// <summary>The mean of all values; null if <see cref="Sum"/> is null.</summary>
    public double? Mean => Count > 0 ? Sum / Count : null;

    /// <summary>
    /// The buckets in ascending order, without gaps. Of log2 and linear scales, from the first bucket that is not empty to the last; if the metadata names the limits, all buckets.
    /// </summary>
    public BpfArray<HistogramBucket> Buckets { get; private set; } = new([]);

    /// <summary>The record or entry that the labels are read from, for packing.</summary>
    internal BpfEvent? Source => _source;

    /// <summary>The names of the container, for generated types.</summary>
    private protected ContainerNames? NamesOfContainer => _container;

    /// <summary>The host that the histogram was read on, for generated types.</summary>
    private protected RecordSender? HostOfReading => _sender;

    /// <inheritdoc/>
    private protected override ContainerNames? GetContainer() => _container;

    /// <inheritdoc/>
    private protected override void SetContainer(ContainerNames? names) => _container = names;

    /// <inheritdoc/>
    private protected override RecordSender? GetSender() => _sender;

    /// <inheritdoc/>
    private protected override void SetSender(RecordSender? sender) => _sender = sender;

    /// <inheritdoc/>
    private protected override RecordHost? GetHost() => _source?.Host;

    /// <inheritdoc/>
    private protected override void SetHost(RecordHost host) => _source?.Bind(host);

    /// <summary>Returns the record or entry that the labels are read from.</summary>
    private protected BpfEvent? LabelSource => _source;

    /// <summary>Returns the type of the map's histograms: labels, unit and kind of buckets.</summary>
    /// <returns>The type; null for a histogram that Bee did not create.</returns>
    internal HistogramType? GetHistogramType() => _type;

    /// <summary>Returns the bucket that contains a quantile of the values.</summary>
    /// <param name="fraction">The quantile from 0 to 1: 0.5 for the median, 0.99 for the 99th percentile.</param>
    /// <returns>The bucket; null if there are no values.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not between 0 and 1.</exception>
    public HistogramBucket? QuantileBucket(double fraction)
    {
        if (!(fraction is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "A quantile is a number from 0 to 1, such as 0.99.");
        }

        var rank = Math.Max(1, Math.Ceiling(fraction * Count));
        ulong below = 0;
        foreach (var bucket in Buckets)
        {
            below += bucket.Count;
            if (below > 0 && below >= rank)
            {
                return bucket;
            }
        }

        return null;
    }

    /// <summary>
    /// Estimates a quantile by interpolation in its <see cref="QuantileBucket"/>. The error is at most the width of that bucket. In a bucket with only one limit, returns that limit.
    /// </summary>
    /// <param name="fraction">The quantile from 0 to 1.</param>
    /// <returns>The estimate; null if there are no values.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not between 0 and 1.</exception>
    public double? Quantile(double fraction)
    {
        if (QuantileBucket(fraction) is not { } bucket)
        {
            return null;
        }

        if (bucket.From is not { } from || bucket.To is not { } to)
        {
            return bucket.From ?? bucket.To;
        }

        ulong before = 0;
        foreach (var other in Buckets)
        {
            if (ReferenceEquals(other, bucket))
            {
                break;
            }

            before += other.Count;
        }

        return from + (to - from) * Math.Clamp((fraction * Count - before) / bucket.Count, 0, 1);
    }

    internal Histogram With(HistogramType type, BpfEvent? source, ulong count, double? sum, HistogramBucket[] buckets)
    {
        _type = type;
        _source = source;
        Count = count;
        Sum = sum;
        Buckets = new BpfArray<HistogramBucket>(buckets);
        return this;
    }
}

/// <summary>One bucket of a <see cref="Histogram"/>.</summary>
/// <remarks>
/// Which limit is inclusive depends on <see cref="HistogramType.Limits"/>: <see cref="From"/> of log2 and linear buckets, <see cref="To"/> of buckets with named limits, as in Prometheus.
/// </remarks>
public sealed class HistogramBucket : BpfEvent
{
    internal HistogramBucket(double? from, double? to, ulong count)
    {
        From = from;
        To = to;
        Count = count;
    }

    /// <summary>The lower limit; null for none.</summary>
    public double? From { get; }

    /// <summary>The upper limit; null for none.</summary>
    public double? To { get; }

    /// <summary>The number of values in the bucket.</summary>
    public ulong Count { get; }
}

/// <summary>The kind of limits of a histogram's buckets.</summary>
public enum HistogramLimits
{
    /// <summary>Powers of two: 0 to 1, 2 to 3, 4 to 7, … Negative values have a bucket of their own.</summary>
    Log2,
    /// <summary>Steps of equal width.</summary>
    Linear,
    /// <summary>Inclusive upper limits from metadata, as in Prometheus.</summary>
    Named,
}
