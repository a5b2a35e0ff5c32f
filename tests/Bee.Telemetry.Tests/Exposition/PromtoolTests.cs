using Bee.Registries;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;
using Bee.Telemetry.Serving;

namespace Bee.Telemetry.Tests.Exposition;

public class PromtoolTests
{
    [ToolFact(Tool.Promtool)]
    public void Promtool_finds_nothing_in_metrics_of_all_types_and_in_those_of_the_server() =>
        Assert.Equal("", Promtool.Check(Sample.Bytes(ExpositionFormat.Text, [.. Sample.Everything().Where(family => !family.Descriptor.IsVerbatim), .. new ServerMetrics().Collect(default)])));

    [ToolFact(Tool.Promtool)]
    public void Promtool_finds_nothing_in_names_that_are_made_of_the_names_of_maps()
    {
        string[] maps =
        [
            "counter_ns", "gauge_s", "hist_latency_ms", "counter_open_count", "gauge_open_count", "gauge_total", "counter_total", "gauge_a_sum", "gauge_x_bucket", "hist_gauge_histogram",
            "counter_of_summary", "gauge_days", "gauge_milliseconds", "gauge_kilobytes_x", "counter_bits_per_packet", "camelCase", "gauge_MB", "counter", "gauge_", "x_info", "x_created", "_", "fahrenheit",
        ];
        MetricType[] types = [MetricType.Counter, MetricType.Gauge, MetricType.Histogram];
        var families = maps.SelectMany((map, i) => types.SelectMany(type => new[] { MetricUnits.OfName(map), MetricUnits.Find("KiB"), MetricUnit.None }.Select((unit, k) =>
            new MetricFamily(
                new(MetricNames.Family($"tool{i}x{k}y{(int)type}", map, type, unit), type, unit.Name, "Help.", MetricNames.Labels(["le", "quantile", "camelCase"])),
                [new(["a", "b", "c"], 1) { Histogram = type == MetricType.Histogram ? Sample.PowersOfTwo() : null }])))).ToArray();

        Assert.Empty(MergedFamilies.Merge(families).LeftOut);
        Assert.Equal("", Promtool.Check(Sample.Bytes(ExpositionFormat.Text, families)));
    }

    [ToolFact(Tool.Promtool)]
    public void Promtool_reads_verbatim_names()
    {
        var found = Promtool.Check(Sample.Bytes(ExpositionFormat.Text, [Sample.Everything()[^1]]));

        Assert.Contains("counter metrics should have \"_total\" suffix", found);
        Assert.StartsWith("exit code 3:", found);
    }
}
