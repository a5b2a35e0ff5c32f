using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Tests.Metrics;

public class MetricNamesTests
{
    [Theory]
    [InlineData("opensnoop", "counter_opens", MetricType.Counter, null, "bee_opensnoop_opens")]
    [InlineData("tcp-rtt", "hist_latency_us", MetricType.Histogram, "us", "bee_tcp_rtt_latency_seconds")]
    [InlineData("x", "counter_bytes_total", MetricType.Counter, "bytes", "bee_x_bytes")]
    [InlineData("x", "gauge_cpu_percent", MetricType.Gauge, "percent", "bee_x_cpu_ratio")]
    [InlineData("x", "hist_sizes", MetricType.Histogram, "KiB", "bee_x_sizes_bytes")]
    [InlineData("x", "gauge_open_count", MetricType.Gauge, null, "bee_x_open_counts")]
    [InlineData("x", "gauge_total", MetricType.Gauge, null, "bee_x_totals")]
    [InlineData("x", "counter_", MetricType.Counter, null, "bee_x_value")]
    [InlineData("x", "bytesSent", MetricType.Counter, null, "bee_x_bytes_sent")]
    [InlineData("x", "counter_by_ns_and_days", MetricType.Counter, null, "bee_x_byns_and_day")]
    [InlineData("x", "gauge_milliseconds", MetricType.Gauge, null, "bee_x_millisecond")]
    [InlineData("x", "counter_packets", MetricType.Counter, "packets", "bee_x_packets")]
    [InlineData("counter", "hist_a_histogram", MetricType.Histogram, null, "beecounter_a")]
    [InlineData("größe", "gauge_a", MetricType.Gauge, null, "bee_gr_e_a")]
    public void Family_follows_the_rules_of_Prometheus(string tool, string map, MetricType type, string? unit, string name) =>
        Assert.Equal(name, MetricNames.Family(tool, map, type, MetricUnits.Find(unit)));

    [Fact]
    public void BumbleBee_keeps_the_name_of_the_map() => Assert.Equal("ebpf_solo_io_events_hash", MetricNames.BumbleBee("events_hash"));

    [Fact]
    public void Labels_are_names_that_formats_accept_and_differ()
    {
        var labels = MetricNames.Labels(["comm", "le", "quantile", "__name__", "bytesSent", "a.b", "a-b", "4", "", "name"]);

        Assert.Equal(["comm", "key_le", "key_quantile", "name", "bytes_sent", "a_b", "a_b_2", "_4", "label", "name_2"], labels);
        Assert.True(MetricNames.AreLabels(labels));
    }

    [Theory]
    [InlineData("le")]
    [InlineData("__a")]
    [InlineData("a b")]
    [InlineData("")]
    [InlineData("ä")]
    public void Labels_that_formats_refuse_are_found(string name) => Assert.False(MetricNames.AreLabels([name]));

    [Theory]
    [InlineData("ns", 1023, "seconds", 1.023e-6)]
    [InlineData("us", 3, "seconds", 3e-6)]
    [InlineData("MS", 3, "seconds", 3e-3)]
    [InlineData("KiB", 2, "bytes", 2048)]
    [InlineData("percent", 7, "ratio", 0.07)]
    [InlineData("pages", 7, "pages", 7)]
    [InlineData(null, 7, null, 7)]
    [InlineData("-", 7, null, 7)]
    public void Units_become_base_units(string? unit, double value, string? name, double converted)
    {
        var found = MetricUnits.Find(unit);

        Assert.Equal((name, converted), (found.Name, found.ToBase(value)));
    }

    [Theory]
    [InlineData("hist_latency_us", "seconds")]
    [InlineData("counter_read_bytes_total", "bytes")]
    [InlineData("counter_opens", null)]
    [InlineData("gauge_of_s", null)]
    [InlineData("bytes", null)]
    public void Units_are_read_from_the_names_of_maps(string map, string? unit) => Assert.Equal(unit, MetricUnits.OfName(map).Name);
}
