namespace Bee.Telemetry.Collection;

/// <summary>How the metrics of maps are named.</summary>
public enum MetricNaming
{
    /// <summary>By Prometheus' rules: <c>bee_TOOL_MAP_UNIT</c>.</summary>
    Bee,
    /// <summary>As BumbleBee does: <c>ebpf_solo_io_MAP</c>, with the fields' names and the tool's own units.</summary>
    BumbleBee,
}
