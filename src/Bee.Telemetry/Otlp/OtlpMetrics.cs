using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Otlp;

/// <summary>
/// Encodes metric families as an ExportMetricsServiceRequest (opentelemetry-proto, <c>collector/metrics/v1</c> and <c>metrics/v1</c>). A metric has the name of its samples in
/// Prometheus (<c>bee_tool_opens_total</c>), since Prometheus' receiver adds the suffixes of type and unit only if the name lacks them.
/// </summary>
internal sealed class OtlpMetrics
{
    private static readonly OtlpField s_resourceMetrics = new(1, "resourceMetrics"), s_scopeMetrics = new(2, "scopeMetrics"), s_metrics = new(2, "metrics");
    private static readonly OtlpField s_name = new(1, "name"), s_description = new(2, "description"), s_unit = new(3, "unit");
    private static readonly OtlpField s_gauge = new(5, "gauge"), s_sum = new(7, "sum"), s_histogram = new(9, "histogram"), s_exponential = new(10, "exponentialHistogram");
    private static readonly OtlpField s_points = new(1, "dataPoints"), s_temporality = new(2, "aggregationTemporality"), s_monotonic = new(3, "isMonotonic");
    private static readonly OtlpField s_start = new(2, "startTimeUnixNano"), s_time = new(3, "timeUnixNano"), s_double = new(4, "asDouble"), s_attributes = new(7, "attributes");
    private static readonly OtlpField s_count = new(4, "count"), s_total = new(5, "sum"), s_counts = new(6, "bucketCounts"), s_bounds = new(7, "explicitBounds");
    private static readonly OtlpField s_histogramAttributes = new(9, "attributes"), s_exponentialAttributes = new(1, "attributes");
    private static readonly OtlpField s_scale = new(6, "scale"), s_zeroCount = new(7, "zeroCount"), s_positive = new(8, "positive"), s_zeroThreshold = new(14, "zeroThreshold");
    private static readonly OtlpField s_offset = new(1, "offset"), s_positiveCounts = new(2, "bucketCounts");

    private readonly IOtlpWriter _writer;
    private readonly OtlpOptions _options;
    private readonly ulong _now;

    private OtlpMetrics(IOtlpWriter writer, OtlpOptions options, DateTime now) => (_writer, _options, _now) = (writer, options, OtlpRequest.Nanoseconds(now));

    /// <summary>Encodes a request.</summary>
    /// <param name="families">The families that <see cref="MergedFamilies.Merge"/> returned.</param>
    /// <param name="options">The encoding and the temporality.</param>
    /// <param name="resource">The attributes of the resource.</param>
    /// <param name="now">The time of the numbers, in UTC.</param>
    /// <param name="buffer">Receives the bytes.</param>
    /// <returns>The number of data points.</returns>
    public static int Write(IReadOnlyList<MetricFamily> families, OtlpOptions options, IReadOnlyList<KeyValuePair<string, string>> resource, DateTime now, ExpositionBuffer buffer)
    {
        var writer = OtlpRequest.Writer(options.Protocol, buffer);
        var metrics = new OtlpMetrics(writer, options, now);
        var points = 0;
        writer.BeginList(s_resourceMetrics);
        writer.BeginItem(s_resourceMetrics);
        OtlpRequest.Resource(writer, resource);
        writer.BeginList(s_scopeMetrics);
        writer.BeginItem(s_scopeMetrics);
        OtlpRequest.Scope(writer);
        writer.BeginList(s_metrics);
        foreach (var family in families)
        {
            metrics.Write(family);
            points += family.Series.Count;
        }

        writer.EndList();
        writer.End();
        writer.EndList();
        writer.End();
        writer.EndList();
        writer.Finish();
        return points;
    }

    private void Write(MetricFamily family)
    {
        var descriptor = family.Descriptor;
        _writer.BeginItem(s_metrics);
        _writer.Text(s_name, SampleNames.Sample(descriptor));
        _writer.Text(s_description, SampleNames.Help(descriptor));
        if (Unit(descriptor) is { } unit)
        {
            _writer.Text(s_unit, unit);
        }

        var isExponential = descriptor.Type == MetricType.Histogram && _options.ExponentialHistograms && family.Series.All(static series => series.Histogram!.HasWholeNative);
        _writer.Begin(descriptor.Type switch
        {
            MetricType.Counter => s_sum,
            MetricType.Histogram => isExponential ? s_exponential : s_histogram,
            // An info becomes a gauge with the value 1. Its labels have the information, as in Prometheus.
            _ => s_gauge,
        });
        _writer.BeginList(s_points);
        for (var i = 0; i < family.Series.Count; i++)
        {
            _writer.BeginItem(s_points);
            Write(descriptor, family.Series[i], isExponential);
            _writer.End();
        }

        _writer.EndList();
        if (descriptor.Type is MetricType.Counter or MetricType.Histogram)
        {
            _writer.Enum(s_temporality, _options.Temporality == OtlpTemporality.Delta ? 1 : 2);
        }

        if (descriptor.Type == MetricType.Counter)
        {
            _writer.Bool(s_monotonic, true);
        }

        _writer.End();
        _writer.End();
    }

    private void Write(MetricDescriptor descriptor, MetricSeries series, bool isExponential)
    {
        if (OtlpRequest.Nanoseconds(series.Created) is > 0 and var start)
        {
            _writer.Fixed(s_start, start);
        }

        _writer.Fixed(s_time, _now);
        if (descriptor.Type != MetricType.Histogram)
        {
            _writer.Double(s_double, series.Value);
            Attributes(s_attributes, descriptor, series);
            return;
        }

        var histogram = series.Histogram!;
        _writer.Fixed(s_count, histogram.Count);
        // Omits the sum if observations can be negative, because it could fall (metrics.proto).
        if (histogram.Sum is { } sum && histogram.UpperBounds is not [< 0, ..])
        {
            _writer.Double(s_total, sum);
        }

        if (isExponential)
        {
            Exponential(histogram.Native!);
            Attributes(s_exponentialAttributes, descriptor, series);
        }
        else
        {
            _writer.Fixeds(s_counts, histogram.Counts);
            _writer.Doubles(s_bounds, histogram.UpperBounds);
            Attributes(s_histogramAttributes, descriptor, series);
        }
    }

    private void Exponential(NativeBuckets native)
    {
        _writer.Signed(s_scale, native.Schema);
        _writer.Fixed(s_zeroCount, native.ZeroCount);
        _writer.Begin(s_positive);
        // Prometheus numbers a bucket by its upper bound, OTLP by its lower bound.
        _writer.Signed(s_offset, native.FirstIndex - 1);
        _writer.Numbers(s_positiveCounts, native.Positive);
        _writer.End();
        _writer.Double(s_zeroThreshold, native.ZeroThreshold);
    }

    private void Attributes(in OtlpField field, MetricDescriptor descriptor, MetricSeries series)
    {
        _writer.BeginList(field);
        for (var i = 0; i < descriptor.LabelNames.Count; i++)
        {
            // An empty label is the same as no label.
            if (series.LabelValues[i].Length > 0)
            {
                OtlpRequest.Attribute(_writer, field, descriptor.LabelNames[i], series.LabelValues[i]);
            }
        }

        _writer.EndList();
    }

    // Units in UCUM. Numbers without a unit have none, because Prometheus' receiver treats a gauge with the unit 1 as a ratio.
    private static string? Unit(MetricDescriptor descriptor) => !SampleNames.HasUnit(descriptor) ? null : descriptor.Unit switch
    {
        "seconds" => "s",
        "bytes" => "By",
        "ratio" => "1",
        "celsius" => "Cel",
        "volts" => "V",
        "amperes" => "A",
        "joules" => "J",
        "meters" => "m",
        "grams" => "g",
        // Braces mark an annotation, from which receivers derive no suffix. The name already ends with the unit.
        { } other => "{" + other + "}",
        null => null,
    };
}
