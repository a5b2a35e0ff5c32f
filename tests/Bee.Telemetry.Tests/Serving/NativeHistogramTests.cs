using System.Text.Json;
using Bee.Registries;

namespace Bee.Telemetry.Tests.Serving;

/// <summary>Prometheus 3 scrapes a metrics server in each format, and is queried for the stored samples.</summary>
public class NativeHistogramTests
{
    [ToolFact(Tool.Prometheus3)]
    public void Prometheus_3_scrapes_text_OpenMetrics_and_protobuf_with_native_histograms()
    {
        using var server = Scraped.StartServer();
        using var prometheus = new PrometheusProcess(
            Tool.Prometheus3,
            Scraped.Job("text", server, "scrape_protocols: [PrometheusText0.0.4]") + Scraped.Job("openmetrics", server, "scrape_protocols: [OpenMetricsText1.0.0]")
                + Scraped.Job("classic", server, "scrape_protocols: [PrometheusProto]", "always_scrape_classic_histograms: true") + Scraped.Job("native", server, "scrape_protocols: [PrometheusProto]"),
            "--enable-feature=native-histograms");

        foreach (var job in (string[])["text", "openmetrics", "classic"])
        {
            Scraped.AssertScraped(prometheus, job);
        }

        var native = Assert.Single(Scraped.Select(prometheus, "native", "bee_test_size")).Histogram!.Value;
        Assert.Equal(("10", "51"), (native.GetProperty("count").GetString(), native.GetProperty("sum").GetString()));
        // Each bucket is [boundary rule, lower bound, upper bound, count]. The test ignores the boundary rule.
        Assert.Equal(
            [("-0.5", "0.5", "2"), ("0.5", "1", "1"), ("1", "2", "3"), ("4", "8", "4")],
            native.GetProperty("buckets").EnumerateArray().Select(bucket => (Text(bucket, 1), Text(bucket, 2), Text(bucket, 3))));
        Assert.Equal("0", Assert.Single(Scraped.Select(prometheus, "native", "bee_test_idle")).Histogram!.Value.GetProperty("count").GetString());
        Assert.Equal(
            [("-0", "0", "1"), ("0.0001220703125", "0.000244140625", "1"), ("0.00048828125", "0.0009765625", "2")],
            Assert.Single(Scraped.Select(prometheus, "native", "bee_test_tiny_seconds")).Histogram!.Value.GetProperty("buckets").EnumerateArray().Select(bucket => (Text(bucket, 1), Text(bucket, 2), Text(bucket, 3))));
        Assert.Equal("NaN", Assert.Single(Scraped.Select(prometheus, "native", "bee_test_unsummed")).Histogram!.Value.GetProperty("sum").GetString());
        Assert.Equal(10, Assert.Single(Scraped.Select(prometheus, "classic", "bee_test_unsummed_count")).Value);
        Assert.Empty(Scraped.Select(prometheus, "text", "bee_test_unsummed_sum", 0));

        static string Text(JsonElement bucket, int place) => bucket[place].GetString()!;
    }
}
