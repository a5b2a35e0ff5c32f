using System.Globalization;
using Bee.Registries;
using Bee.Telemetry.Otlp;
using Bee.Telemetry.Serving;
using Bee.Telemetry.Tests.Exposition;
using Bee.Telemetry.Tests.Serving;

namespace Bee.Telemetry.Tests.Otlp;

/// <summary>VictoriaMetrics receives the same metrics by OTLP and by scraping, and must store them identically.</summary>
public class VictoriaMetricsTests
{
    [LongToolFact(Tool.VictoriaMetrics)]
    public void A_receiver_stores_the_same_series_by_OTLP_as_by_a_scrape()
    {
        // BumbleBee's counters lack _total, which receivers add, and VictoriaMetrics stores no labels of 64 KiB.
        var source = new FixedSource([.. Sample.Everything().Where(family => !family.Descriptor.IsVerbatim)
            .Select(family => family with { Series = [.. family.Series.Where(series => series.LabelValues.All(value => value.Length < 1000))] })]);
        using var server = MetricServer.Start(new MetricServerOptions { Listen = "127.0.0.1:0", Sources = () => [source] });
        using var receiver = PrometheusProcess.VictoriaMetrics(Scraped.Job("scrape", server));
        Push(receiver, source);
        receiver.Query("bee_test_opens_total{job=\"scrape\"}", 3);
        receiver.Query("bee_test_opens_total{service_name=\"otlp\"}", 3);
        Assert.Equal(Series(receiver, "job=\"scrape\""), Series(receiver, "service_name=\"otlp\""));
    }

    private static void Push(PrometheusProcess receiver, FixedSource source)
    {
        using var pusher = new MetricPusher(
            new OtlpOptions
            {
                Endpoint = new Uri(receiver.Address, "opentelemetry/v1/metrics"),
                Interval = TimeSpan.FromHours(1),
                Resource = [new("service.name", "otlp")],
            },
            () => [source]);
        pusher.Start();
        pusher.Push(CancellationToken.None);
        pusher.Complete(TimeSpan.FromSeconds(60), CancellationToken.None);
        Assert.Null(pusher.Report());
        Assert.True(pusher.Counts.Delivered > 0, pusher.LastFault);
    }

    // The test's metrics as text, without those of the server and the exporter, and without the labels that Prometheus adds.
    private static string[] Series(PrometheusProcess receiver, string selector) =>
    [
        .. receiver.Query($"{{__name__=~\"bee_test_.+\",{selector}}}")
            .Select(sample => $"{sample.Name} {string.Join(',', sample.Labels.Where(label => label.Key != "service_name").OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={(label.Key == "le" ? Bound(label.Value) : label.Value)}"))} {sample.Value.ToString("R", CultureInfo.InvariantCulture)}")
            .Order(StringComparer.Ordinal),
    ];

    private static string Bound(string text) => text == "+Inf" ? text : double.Parse(text, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture);
}
