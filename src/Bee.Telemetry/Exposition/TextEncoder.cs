using System.Text;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Exposition;

/// <summary>
/// Writes the text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats) or OpenMetrics 1.0
/// (prometheus.io/docs/specs/om/open_metrics_spec), which differ in a few lines.
/// </summary>
internal sealed class TextEncoder(ExpositionBuffer buffer, bool isOpenMetrics)
{
    private readonly Dictionary<IReadOnlyList<double>, byte[][]> _bounds = new(ReferenceEqualityComparer.Instance);

    /// <summary>Appends families, and the end marker of OpenMetrics.</summary>
    public void Append(IReadOnlyList<MetricFamily> families)
    {
        foreach (var family in families)
        {
            Append(family);
        }

        if (isOpenMetrics)
        {
            buffer.Append("# EOF\n"u8);
        }
    }

    private void Append(MetricFamily family)
    {
        var descriptor = family.Descriptor;
        var names = new SampleNames(descriptor, isOpenMetrics);
        AppendHead(descriptor, names);
        var labels = descriptor.LabelNames.Select(static name => Encoding.UTF8.GetBytes($",{name}=\"")).ToArray();
        for (var i = 0; i < family.Series.Count; i++)
        {
            var series = family.Series[i];
            if (descriptor.Type == MetricType.Histogram)
            {
                AppendHistogram(names, labels, series);
            }
            else
            {
                buffer.Append(names.Value);
                AppendLabels(labels, series.LabelValues);
                buffer.Append((byte)' ');
                NumberText.Append(buffer, series.Value);
                buffer.Append((byte)'\n');
                if (descriptor is { Type: MetricType.Counter, IsVerbatim: false })
                {
                    AppendCreated(names, labels, series);
                }
            }
        }
    }

    private void AppendHead(MetricDescriptor descriptor, SampleNames names)
    {
        buffer.Append("# HELP "u8);
        buffer.Append(names.Family);
        buffer.Append((byte)' ');
        LabelText.AppendEscaped(buffer, SampleNames.Help(descriptor), escapesQuotes: isOpenMetrics);
        buffer.Append("\n# TYPE "u8);
        buffer.Append(names.Family);
        buffer.Append(descriptor.Type switch
        {
            MetricType.Counter => isOpenMetrics && descriptor.IsVerbatim ? " unknown\n"u8 : " counter\n"u8,
            MetricType.Histogram => " histogram\n"u8,
            MetricType.Info when isOpenMetrics => " info\n"u8,
            _ => " gauge\n"u8,
        });
        if (isOpenMetrics && SampleNames.HasUnit(descriptor))
        {
            buffer.Append("# UNIT "u8);
            buffer.Append(names.Family);
            buffer.Append((byte)' ');
            buffer.AppendText(descriptor.Unit);
            buffer.Append((byte)'\n');
        }
    }

    private void AppendHistogram(SampleNames names, byte[][] labels, MetricSeries series)
    {
        var histogram = series.Histogram!;
        var bounds = Bounds(histogram.UpperBounds);
        var first = buffer.Length;
        buffer.Append(names.Bucket);
        if (!AppendLabels(labels, series.LabelValues))
        {
            buffer.Append("{le=\""u8);
        }
        else
        {
            // Replaces the brace that ends the labels.
            buffer.TrimEnd(1);
            buffer.Append(",le=\""u8);
        }

        var length = buffer.Length - first;
        var total = 0ul;
        for (var i = 0; i < histogram.Counts.Count; i++)
        {
            total += histogram.Counts[i];
            if (i > 0)
            {
                buffer.AppendAgain(first, length);
            }

            buffer.Append(i < bounds.Length ? bounds[i] : "+Inf\"} "u8);
            NumberText.Append(buffer, total);
            buffer.Append((byte)'\n');
        }

        // OpenMetrics requires both a sum and a count, or neither, and no sum that can fall because of negative observations.
        var hasSum = histogram.Sum is not null && !(isOpenMetrics && histogram.UpperBounds is [< 0, ..]);
        if (hasSum)
        {
            buffer.Append(names.Sum);
            AppendLabels(labels, series.LabelValues);
            buffer.Append((byte)' ');
            NumberText.Append(buffer, histogram.Sum!.Value);
            buffer.Append((byte)'\n');
        }

        if (hasSum || !isOpenMetrics)
        {
            buffer.Append(names.Count);
            AppendLabels(labels, series.LabelValues);
            buffer.Append((byte)' ');
            NumberText.Append(buffer, total);
            buffer.Append((byte)'\n');
        }

        AppendCreated(names, labels, series);
    }

    private void AppendCreated(SampleNames names, byte[][] labels, MetricSeries series)
    {
        if (isOpenMetrics && series.Created is { } created)
        {
            buffer.Append(names.Created);
            AppendLabels(labels, series.LabelValues);
            buffer.Append((byte)' ');
            NumberText.Append(buffer, created);
            buffer.Append((byte)'\n');
        }
    }

    // Returns whether it wrote a label. It omits empty labels, which Prometheus treats as missing.
    private bool AppendLabels(byte[][] names, IReadOnlyList<string> values)
    {
        var isFirst = true;
        for (var i = 0; i < names.Length; i++)
        {
            if (values[i].Length == 0)
            {
                continue;
            }

            if (isFirst)
            {
                buffer.Append((byte)'{');
            }

            buffer.Append(isFirst ? names[i].AsSpan(1) : names[i]);
            LabelText.AppendEscaped(buffer, values[i]);
            buffer.Append((byte)'"');
            isFirst = false;
        }

        if (!isFirst)
        {
            buffer.Append((byte)'}');
        }

        return !isFirst;
    }

    // All series of a metric have the same bounds.
    private byte[][] Bounds(IReadOnlyList<double> bounds)
    {
        if (!_bounds.TryGetValue(bounds, out var texts))
        {
            texts = [.. bounds.Select(static bound => Encoding.UTF8.GetBytes(NumberText.Bound(bound) + "\"} "))];
            _bounds.Add(bounds, texts);
        }

        return texts;
    }
}

/// <summary>Writes metrics in the formats of Prometheus.</summary>
public static class MetricEncoder
{
    /// <summary>
    /// Encodes metrics, for a file or an HTTP server other than <see cref="Serving.MetricServer"/>. Families of one name are merged. Invalid names and labels are replaced by valid ones. Families and
    /// series that contradict earlier ones of the same name are dropped. Safe from any thread.
    /// </summary>
    /// <param name="families">The metrics, as <see cref="IMetricSource.Collect"/> returns them.</param>
    /// <param name="format">The format.</param>
    /// <returns>The encoded metrics: UTF-8 text, or messages of protobuf.</returns>
    public static byte[] Encode(IEnumerable<MetricFamily> families, ExpositionFormat format)
    {
        ArgumentNullException.ThrowIfNull(families);
        using var buffer = new ExpositionBuffer();
        Encode(MergedFamilies.Merge([.. families]).Families, format, buffer);
        return buffer.Written.ToArray();
    }

    /// <summary>Returns the value of the HTTP field <c>Content-Type</c> for a format.</summary>
    /// <param name="format">The format.</param>
    public static string ContentType(ExpositionFormat format) => ContentNegotiation.ContentType(format);

    /// <summary>Appends encoded metrics to a buffer.</summary>
    /// <param name="families">The families that <see cref="MergedFamilies.Merge"/> returned. Names and labels are not validated again.</param>
    /// <param name="format">The format.</param>
    /// <param name="buffer">The buffer.</param>
    internal static void Encode(IReadOnlyList<MetricFamily> families, ExpositionFormat format, ExpositionBuffer buffer)
    {
        if (format == ExpositionFormat.Protobuf)
        {
            new ProtobufEncoder(buffer).Append(families);
        }
        else
        {
            new TextEncoder(buffer, format == ExpositionFormat.OpenMetrics).Append(families);
        }
    }
}

/// <summary>The names of a family and its samples in a format, as UTF-8.</summary>
internal sealed class SampleNames
{
    /// <summary>Encodes the names.</summary>
    /// <param name="descriptor">The descriptor of the metric.</param>
    /// <param name="isOpenMetrics">Whether the format is OpenMetrics, in which the family's name lacks the suffix of its samples.</param>
    public SampleNames(MetricDescriptor descriptor, bool isOpenMetrics)
    {
        var value = Sample(descriptor);
        Value = Encoding.UTF8.GetBytes(value);
        Family = Encoding.UTF8.GetBytes(isOpenMetrics ? descriptor.Name : value);
        Bucket = Encoding.UTF8.GetBytes(descriptor.Name + "_bucket");
        Sum = Encoding.UTF8.GetBytes(descriptor.Name + "_sum");
        Count = Encoding.UTF8.GetBytes(descriptor.Name + "_count");
        Created = Encoding.UTF8.GetBytes(descriptor.Name + "_created");
    }

    /// <summary>The name of the family, for its type and help text.</summary>
    public byte[] Family { get; }

    /// <summary>The name of a counter's, gauge's or info's sample.</summary>
    public byte[] Value { get; }

    /// <summary>The name of a histogram's buckets.</summary>
    public byte[] Bucket { get; }

    /// <summary>The name of a histogram's sum.</summary>
    public byte[] Sum { get; }

    /// <summary>The name of a histogram's count.</summary>
    public byte[] Count { get; }

    /// <summary>The name of the start time.</summary>
    public byte[] Created { get; }

    /// <summary>Returns the name of a family's samples; for a histogram, the name of the family.</summary>
    public static string Sample(MetricDescriptor descriptor) => descriptor switch
    {
        { IsVerbatim: true } => descriptor.Name,
        { Type: MetricType.Counter } => descriptor.Name + "_total",
        { Type: MetricType.Info } => descriptor.Name + "_info",
        _ => descriptor.Name,
    };

    /// <summary>Returns the help text. promtool rejects a metric without one.</summary>
    public static string Help(MetricDescriptor descriptor) =>
        string.IsNullOrWhiteSpace(descriptor.Help) ? "The tool has no description of this metric." : descriptor.Help;

    /// <summary>Reports whether the unit can be served. The name must end with it.</summary>
    public static bool HasUnit(MetricDescriptor descriptor) =>
        descriptor is { Unit.Length: > 0, Type: not MetricType.Info } && descriptor.Name.EndsWith("_" + descriptor.Unit, StringComparison.Ordinal);
}
