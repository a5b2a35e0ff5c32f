using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Exposition;

/// <summary>Writes metrics in the formats of Prometheus.</summary>
public static class MetricEncoder
{
    /// <summary>Appends families.</summary>
    /// <param name="families">The families, as <see cref="MergedFamilies.Merge"/> gives them: names and labels are not checked again.</param>
    /// <param name="format">The format.</param>
    /// <param name="buffer">Where the bytes go.</param>
    public static void Encode(IReadOnlyList<MetricFamily> families, ExpositionFormat format, ExpositionBuffer buffer)
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
