using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Otlp;

/// <summary>
/// Converts totals to the growth since the last call, and keeps the last totals. A total that started over, or that is smaller than before, counts from its new start. A total that was missing,
/// because reading it failed, counts from the time when it was last seen. Gauges and infos pass unchanged. Not thread-safe.
/// </summary>
internal sealed class DeltaSeries
{
    /// <summary>The number of consecutive calls for which a series can be missing before its total is removed.</summary>
    internal const int MostMissing = 10;

    private readonly Dictionary<string, Dictionary<IReadOnlyList<string>, Last>> _last = [];
    private DateTime? _before;
    private long _time;

    /// <summary>Returns the deltas. Each series starts when it was last seen, or when its total started if that was later.</summary>
    /// <param name="families">The totals. Names and series are unique.</param>
    /// <param name="now">The time of the totals, in UTC.</param>
    public IReadOnlyList<MetricFamily> Next(IReadOnlyList<MetricFamily> families, DateTime now)
    {
        var deltas = new MetricFamily[families.Count];
        _time++;
        for (var i = 0; i < families.Count; i++)
        {
            var family = families[i];
            if (family.Descriptor.Type is not (MetricType.Counter or MetricType.Histogram))
            {
                deltas[i] = family;
                continue;
            }

            if (!_last.TryGetValue(family.Descriptor.Name, out var known))
            {
                _last.Add(family.Descriptor.Name, known = new Dictionary<IReadOnlyList<string>, Last>(family.Series.Count, LabelComparer.Instance));
            }

            var series = new MetricSeries[family.Series.Count];
            for (var k = 0; k < series.Length; k++)
            {
                var total = family.Series[k];
                series[k] = known.TryGetValue(total.LabelValues, out var last) && total.Created == last.Total.Created
                    ? (Subtract(total, last.Total) ?? total) with { Created = last.At }
                    : total with { Created = total.Created ?? _before };
                known[total.LabelValues] = new Last(total, now, _time);
            }

            deltas[i] = family with { Series = series };
        }

        Forget();
        _before = now;
        return deltas;
    }

    // Removes the series that have ended.
    private void Forget()
    {
        foreach (var (name, known) in _last)
        {
            foreach (var (labels, last) in known)
            {
                if (_time - last.Time > MostMissing)
                {
                    known.Remove(labels);
                }
            }

            if (known.Count == 0)
            {
                _last.Remove(name);
            }
        }
    }

    // Returns null if a number is smaller than before.
    private static MetricSeries? Subtract(MetricSeries total, MetricSeries last)
    {
        if (total.Value < last.Value)
        {
            return null;
        }

        var delta = total with { Value = total.Value - last.Value };
        if (total.Histogram is not { } histogram)
        {
            return delta;
        }

        return last.Histogram is { } before && before.UpperBounds.SequenceEqual(histogram.UpperBounds) && Subtract(histogram.Counts, before.Counts) is { } counts
            ? delta with
            {
                Histogram = new MetricHistogram(histogram.UpperBounds, counts, histogram.Sum - before.Sum) { Native = histogram.Native is { } native && before.Native is { } other ? Subtract(native, other) : null },
            }
            : null;
    }

    private static NativeBuckets? Subtract(NativeBuckets total, NativeBuckets last) =>
        total.Schema == last.Schema && total.FirstIndex == last.FirstIndex && total.ZeroThreshold == last.ZeroThreshold && total.ZeroCount >= last.ZeroCount && Subtract(total.Positive, last.Positive) is { } positive
            ? total with { ZeroCount = total.ZeroCount - last.ZeroCount, Positive = positive }
            : null;

    private static ulong[]? Subtract(IReadOnlyList<ulong> total, IReadOnlyList<ulong> last)
    {
        if (total.Count != last.Count)
        {
            return null;
        }

        var delta = new ulong[total.Count];
        for (var i = 0; i < delta.Length; i++)
        {
            if (total[i] < last[i])
            {
                return null;
            }

            delta[i] = total[i] - last[i];
        }

        return delta;
    }

    private readonly record struct Last(MetricSeries Total, DateTime At, long Time);
}
