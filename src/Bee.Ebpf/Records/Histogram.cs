namespace Bee.Ebpf.Records;

/// <summary>
/// How the values that a program has measured are spread: how many fell into each bucket, for one combination of labels. It is cumulative, from the
/// start of the program to the moment that it was made.
/// </summary>
/// <remarks>
/// The real types are emitted, one for each <c>hist_</c> map, with a property for each label between <see cref="MapName"/> and
/// <see cref="Unit"/>. Wherever the numbers come from (one event a value in a ring or perf buffer, or slots that the kernel counts in a hash or array), the
/// object is the same.
/// </remarks>
public abstract class Histogram : BpfEvent
{
    private HistogramType? _type;
    private BpfEvent? _source;

    /// <summary>Makes the base of an emitted histogram.</summary>
    private protected Histogram()
    {
    }

    /// <summary>The map's name in the object file.</summary>
    public abstract string MapName { get; }

    /// <summary>The unit of the values, of <see cref="Sum"/> and of the buckets' limits: <c>ns</c>, <c>us</c>, <c>bytes</c>, ...; null where nobody says.</summary>
    public string? Unit => _type?.Unit;

    /// <summary>How many values there were.</summary>
    public ulong Count { get; private set; }

    /// <summary>The sum of all values; null where only slots are counted and nobody adds the values up.</summary>
    public double? Sum { get; private set; }

    /// <summary>The average of all values; null where <see cref="Sum"/> is.</summary>
    public double? Mean => Count > 0 ? Sum / Count : null;

    /// <summary>
    /// The buckets in rising order, without gaps. Of log2 and linear scales from the first that holds something to the last; where the author named
    /// the limits all of them.
    /// </summary>
    public BpfArray<HistogramBucket> Buckets { get; private set; } = new([]);

    /// <summary>The record that the labels are read from, for packing.</summary>
    internal BpfEvent? Source => _source;

    /// <inheritdoc/>
    private protected override RecordHost? GetHost() => _source?.Host;

    /// <inheritdoc/>
    private protected override void SetHost(RecordHost host) => _source?.Bind(host);

    /// <summary>The record that the labels are read from.</summary>
    private protected BpfEvent? LabelSource => _source;

    /// <summary>How the map's histograms are made: labels, unit and the kind of buckets.</summary>
    /// <returns>The type; null for a histogram that Bee did not make.</returns>
    internal HistogramType? GetHistogramType() => _type;

    /// <summary>The bucket in which the values are in the middle, or at any other part of the whole: the true quantile is within its limits.</summary>
    /// <param name="fraction">From 0 to 1: 0.5 for the median, 0.99 for the value that one in a hundred exceeds.</param>
    /// <returns>The bucket; null when there are no values.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not between 0 and 1.</exception>
    public HistogramBucket? QuantileBucket(double fraction)
    {
        if (!(fraction is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "A fraction is from 0 to 1, such as 0.99.");
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
    /// An estimate of a quantile: its place between the limits of <see cref="QuantileBucket"/>, as if the values in there were spread evenly. It is off by
    /// the width of that bucket at the most. In a bucket without a limit on one side it is the limit on the other.
    /// </summary>
    /// <param name="fraction">From 0 to 1.</param>
    /// <returns>The estimate; null when there are no values.</returns>
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

/// <summary>What the limits of a histogram's buckets follow.</summary>
public enum HistogramLimits
{
    /// <summary>Powers of two: 0 to 1, 2 to 3, 4 to 7, ... Negative values have one bucket of their own.</summary>
    Log2,
    /// <summary>Steps of one width.</summary>
    Linear,
    /// <summary>Upper limits that the author named, as for Prometheus: a value that equals a limit belongs below it.</summary>
    Named,
}
