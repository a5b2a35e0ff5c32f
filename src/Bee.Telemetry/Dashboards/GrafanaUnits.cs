using Bee.Telemetry.Collection;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Dashboards;

/// <summary>Maps units of metrics to Grafana's names (grafana/grafana, <c>packages/grafana-data/src/valueFormats/categories.ts</c>).</summary>
internal static class GrafanaUnits
{
    /// <summary>Returns the unit of a metric's values.</summary>
    public static string Of(DescribedMetric metric) => metric.Descriptor.Unit is { } unit ? OfBase(unit) : OfTool(metric.ToolUnit);

    /// <summary>Returns the unit of a counter's rate.</summary>
    public static string OfRate(DescribedMetric metric) => Of(metric) switch
    {
        "short" => "ops",
        "bytes" => "binBps",
        // Seconds per second, for instance of CPU time.
        "s" => "suffix: s/s",
        var unit when unit.StartsWith("suffix:", StringComparison.Ordinal) => unit + "/s",
        var unit => $"suffix: {unit}/s",
    };

    private static string OfBase(string unit) => unit switch
    {
        "seconds" => "s",
        "bytes" => "bytes",
        "ratio" => "percentunit",
        "celsius" => "celsius",
        "volts" => "volt",
        "amperes" => "amp",
        "joules" => "joule",
        "meters" => "lengthm",
        "grams" => "massg",
        _ => $"suffix: {unit.Replace('_', ' ')}",
    };

    // For metrics that are served in the tool's own unit.
    private static string OfTool(string? unit) => MetricUnits.Find(unit) switch
    {
        { Name: null } => "short",
        { Name: "seconds", Divisor: 1e9 } => "ns",
        { Name: "seconds", Divisor: 1e6 } => "µs",
        { Name: "seconds", Divisor: 1e3 } => "ms",
        { Name: "seconds", Factor: 60 } => "m",
        { Name: "seconds", Factor: 3600 } => "h",
        { Name: "seconds", Factor: 86_400 } => "d",
        { Name: "bytes", Factor: 1024 } => "kbytes",
        { Name: "bytes", Factor: 1024 * 1024 } => "mbytes",
        { Name: "bytes", Factor: 1000 } => "deckbytes",
        { Name: "bytes", Divisor: 8 } => "bits",
        { Name: "ratio", Divisor: 100 } => "percent",
        { Factor: 1, Divisor: 1, Name: { } name } => OfBase(name),
        _ => $"suffix: {unit}",
    };
}
