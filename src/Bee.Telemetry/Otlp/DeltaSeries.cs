using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Otlp;

/// <summary>
/// Turns totals into what was added since the time before, and keeps the last totals for that. A total that began anew, or that is smaller than it was, counts from its new beginning.
/// A total that is missing for some times, because reading it failed, counts from the time when it was last there. Gauges and infos pass as they are. Not for several threads at once.
/// </summary>
internal sealed class DeltaSeries
{
    /// <summary>For how many times in a row a series can be missing; then its total is forgotten.</summary>
    internal const int MostMissing = 10;

    private readonly Dictionary<string, Dictionary<IReadOnlyList<string>, Last>> _last = [];
    private DateTime? _before;
    private long _time;

    /// <summary>Returns the deltas; each series begins where it was last there, or where its total began if that was later.</summary>
    /// <param name="families">The totals; each name once, and each series once.</param>
    /// <param name="now">Their moment, in UTC.</param>
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

    // Drops the series that have ended.
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

    // Null if a number is smaller than it was.
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
