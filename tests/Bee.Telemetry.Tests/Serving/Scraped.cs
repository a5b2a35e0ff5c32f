using Bee.Telemetry.Serving;
using Bee.Telemetry.Tests.Exposition;

namespace Bee.Telemetry.Tests.Serving;

/// <summary>A server with metrics of each kind, and the samples that Prometheus must store.</summary>
internal static class Scraped
{
    private static readonly string[] s_characters = [.. Enumerable.Range(1, 0x2FF).Append(0x2028).Append(0xFEFF).Append(0xFFFE).Append(0x10FFFF).Select(char.ConvertFromUtf32)];

    public static MetricServer StartServer()
    {
        var source = new FixedSource([.. Sample.Everything(), Sample.Gauge("bee_test_characters", [.. s_characters.Select((character, i) => (new[] { character }, (double)i))])]);
        return MetricServer.Start(new MetricServerOptions { Listen = "127.0.0.1:0", Sources = () => [source] });
    }

    public static string Job(string name, MetricServer server, params string[] settings) =>
        $"- job_name: {name}\n{string.Concat(settings.Select(setting => $"  {setting}\n"))}  static_configs:\n  - targets: ['{server.Endpoint}']\n";

    public static IReadOnlyList<PrometheusSample> Select(PrometheusProcess prometheus, string job, string name, int count = 1) =>
        prometheus.Query($"{{__name__=\"{name}\",job=\"{job}\"}}", count);

    // The samples that all formats have in common, with the same names and bucket labels.
    public static void AssertScraped(PrometheusProcess prometheus, string job)
    {
        Assert.Equal(1, Assert.Single(prometheus.Query($"up{{job=\"{job}\"}} == 1")).Value);

        Assert.Equal(
            new (string?, string?, double)[] { ("bash", "/etc/hosts", 3), ("q\"uo\\te\nline", null, 4), ("ä€😀\u202e", new string('x', 65536), 7), ("\ufffdlone", "nul\ufffd", 11) }.OrderBy(row => row.Item3),
            Select(prometheus, job, "bee_test_opens_total", 4).Select(sample => (sample.Labels.GetValueOrDefault("label0"), sample.Labels.GetValueOrDefault("label1"), sample.Value)).OrderBy(row => row.Value));

        // All characters are preserved.
        Assert.Equal(
            s_characters.Select((character, i) => (character, (double)i)),
            Select(prometheus, job, "bee_test_characters", s_characters.Length).Select(sample => (sample.Labels["label0"], sample.Value)).OrderBy(row => row.Value));
        Assert.Equal(-1.5e-7, Assert.Single(Select(prometheus, job, "bee_test_temperature")).Value);
        Assert.Equal(
            [("+Inf", 10), ("0.001", 3), ("1.0", 6), ("1e-06", 1)],
            Select(prometheus, job, "bee_test_latency_seconds_bucket", 8).Where(sample => sample.Labels["label0"] == "a").Select(sample => (sample.Labels["le"], sample.Value)).OrderBy(row => row.Item1, StringComparer.Ordinal));
        Assert.Equal([0, 12.5], Select(prometheus, job, "bee_test_latency_seconds_sum", 2).Select(sample => sample.Value).Order());
        Assert.Equal([0, 10], Select(prometheus, job, "bee_test_latency_seconds_count", 2).Select(sample => sample.Value).Order());
        Assert.Equal(["+Inf", "0.0", "1.0", "16.0", "2.0", "4.0", "8.0"], Select(prometheus, job, "bee_test_size_bucket", 7).Select(sample => sample.Labels["le"]).Order(StringComparer.Ordinal));
        Assert.Equal("1.0", Assert.Single(Select(prometheus, job, "bee_test_build_info")).Labels["version"]);
        Assert.Equal(("a", "b"), Assert.Single(Select(prometheus, job, "ebpf_solo_io_events")).Labels is var labels ? (labels["key_le"], labels["name"]) : default);
        Assert.Equal(5, Select(prometheus, job, "bee_scrape_rejected_total", 5).Count);
    }
}
