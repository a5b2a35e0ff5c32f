using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Otlp;

/// <summary>
/// Turns totals into what was added since the time before, and keeps the last totals for that. A total that began anew, or that is smaller than it was, counts from its new beginning.
/// Gauges and infos pass as they are. Not for several threads at once.
/// </summary>
internal sealed class DeltaSeries
{
    private Dictionary<string, Dictionary<IReadOnlyList<string>, MetricSeries>> _last = [];
    private DateTime? _before;

    /// <summary>Returns the deltas; each series begins at the time before, or where its total began if that was later.</summary>
    /// <param name="families">The totals; each name once, and each series once.</param>
    /// <param name="now">Their moment, in UTC.</param>
    public IReadOnlyList<MetricFamily> Next(IReadOnlyList<MetricFamily> families, DateTime now)
    {
        var deltas = new MetricFamily[families.Count];
        // Series that have ended are left behind.
        var totals = new Dictionary<string, Dictionary<IReadOnlyList<string>, MetricSeries>>();
        for (var i = 0; i < families.Count; i++)
        {
            var family = families[i];
            if (family.Descriptor.Type is not (MetricType.Counter or MetricType.Histogram))
            {
                deltas[i] = family;
                continue;
            }

            var known = _last.GetValueOrDefault(family.Descriptor.Name);
            var kept = new Dictionary<IReadOnlyList<string>, MetricSeries>(family.Series.Count, LabelComparer.Instance);
            var series = new MetricSeries[family.Series.Count];
            for (var k = 0; k < series.Length; k++)
            {
                var total = family.Series[k];
                kept[total.LabelValues] = total;
                var last = known?.GetValueOrDefault(total.LabelValues);
                series[k] = last is null || total.Created != last.Created
                    ? total with { Created = total.Created ?? _before }
                    : (Subtract(total, last) ?? total) with { Created = _before };
            }

            totals.Add(family.Descriptor.Name, kept);
            deltas[i] = family with { Series = series };
        }

        (_last, _before) = (totals, now);
        return deltas;
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
}
