namespace Bee.Telemetry.Exposition;

/// <summary>The formats that Prometheus scrapes.</summary>
public enum ExpositionFormat
{
    /// <summary>The text format 0.0.4.</summary>
    Text,
    /// <summary>OpenMetrics 1.0: text with units, infos and the start of each count.</summary>
    OpenMetrics,
    /// <summary>Messages <c>io.prometheus.client.MetricFamily</c>, each behind its length: the only format that has native histograms.</summary>
    Protobuf,
}
