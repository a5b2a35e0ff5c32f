using System.Text;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Exposition;

/// <summary>
/// Writes length-delimited messages <c>io.prometheus.client.MetricFamily</c> (prometheus/client_model, <c>io/prometheus/client/metrics.proto</c>).
/// Each histogram has its classic buckets, and native ones if available.
/// </summary>
internal sealed class ProtobufEncoder(ExpositionBuffer buffer)
{
    private readonly ProtobufWriter _writer = new(buffer);

    /// <summary>Appends families.</summary>
    public void Append(IReadOnlyList<MetricFamily> families)
    {
        foreach (var family in families)
        {
            Append(family);
        }
    }

    private void Append(MetricFamily family)
    {
        var descriptor = family.Descriptor;
        // Written to a separate buffer first, because the length precedes it, and End would move all of it.
        using var body = new ExpositionBuffer();
        new ProtobufEncoder(body).AppendBody(descriptor, family.Series);
        _writer.Raw((ulong)body.Length);
        buffer.Append(body.Written.Span);
    }

    private void AppendBody(MetricDescriptor descriptor, IReadOnlyList<MetricSeries> series)
    {
        _writer.Text(1, SampleNames.Sample(descriptor));
        _writer.Text(2, SampleNames.Help(descriptor));
        _writer.Number(3, descriptor.Type switch
        {
            MetricType.Counter => 0,
            MetricType.Histogram => 4,
            _ => 1,
        });
        var names = descriptor.LabelNames.Select(Encoding.UTF8.GetBytes).ToArray();
        for (var i = 0; i < series.Count; i++)
        {
            Append(descriptor.Type, names, series[i]);
        }

        if (SampleNames.HasUnit(descriptor))
        {
            _writer.Text(5, descriptor.Unit!);
        }
    }

    private void Append(MetricType type, byte[][] names, MetricSeries series)
    {
        var metric = _writer.Begin(4);
        for (var i = 0; i < names.Length; i++)
        {
            if (series.LabelValues[i].Length == 0)
            {
                continue;
            }

            var pair = _writer.Begin(1);
            _writer.Text(1, names[i]);
            _writer.Text(2, series.LabelValues[i]);
            _writer.End(pair);
        }

        switch (type)
        {
            case MetricType.Counter:
                var counter = _writer.Begin(3);
                _writer.Double(1, series.Value);
                AppendCreated(3, series.Created);
                _writer.End(counter);
                break;
            case MetricType.Histogram:
                var histogram = _writer.Begin(7);
                AppendHistogram(series.Histogram!);
                AppendCreated(15, series.Created);
                _writer.End(histogram);
                break;
            default:
                var gauge = _writer.Begin(2);
                _writer.Double(1, series.Value);
                _writer.End(gauge);
                break;
        }

        _writer.End(metric);
    }

    private void AppendHistogram(MetricHistogram histogram)
    {
        _writer.Number(1, histogram.Count);
        // Prometheus would read a missing sum as zero, and report an average of zero.
        _writer.Double(2, histogram.Sum ?? double.NaN);
        var total = 0ul;
        for (var i = 0; i < histogram.UpperBounds.Count; i++)
        {
            total += histogram.Counts[i];
            var bucket = _writer.Begin(3);
            _writer.Number(1, total);
            _writer.Double(2, histogram.UpperBounds[i]);
            _writer.End(bucket);
        }

        if (histogram.HasWholeNative)
        {
            AppendNative(histogram.Native!);
        }
    }

    // The caller checks that the buckets add up. Otherwise Prometheus rejects the whole scrape.
    private void AppendNative(NativeBuckets native)
    {
        _writer.Signed(5, native.Schema);
        _writer.Double(6, native.ZeroThreshold);
        _writer.Number(7, native.ZeroCount);
        var first = 0;
        var end = native.Positive.Count;
        while (first < end && native.Positive[first] == 0)
        {
            first++;
        }

        while (end > first && native.Positive[end - 1] == 0)
        {
            end--;
        }

        // A span without buckets distinguishes an empty native histogram from a classic one.
        var span = _writer.Begin(12);
        _writer.Signed(1, first < end ? native.FirstIndex + first : 0);
        _writer.Number(2, (ulong)(end - first));
        _writer.End(span);
        if (first == end)
        {
            return;
        }

        var deltas = _writer.Begin(13);
        var last = 0ul;
        for (var i = first; i < end; i++)
        {
            _writer.Raw(ProtobufWriter.ZigZag((long)(native.Positive[i] - last)));
            last = native.Positive[i];
        }

        _writer.End(deltas);
    }

    private void AppendCreated(int field, DateTime? created)
    {
        if (created is not { } moment || moment < DateTime.UnixEpoch)
        {
            return;
        }

        var (seconds, rest) = Math.DivRem(moment.Ticks - DateTime.UnixEpoch.Ticks, TimeSpan.TicksPerSecond);
        var timestamp = _writer.Begin(field);
        _writer.Number(1, (ulong)seconds);
        _writer.Number(2, (ulong)rest * 100);
        _writer.End(timestamp);
    }
}
