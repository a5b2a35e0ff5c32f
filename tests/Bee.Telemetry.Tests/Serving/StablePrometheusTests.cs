using Bee.Registries;
using Bee.Telemetry.Serving;
using Bee.Telemetry.Tests.Exposition;

namespace Bee.Telemetry.Tests.Serving;

/// <summary>Debian's stable Prometheus scrapes a metrics server, and is queried for the stored samples.</summary>
public class StablePrometheusTests
{
    [ToolFact(Tool.Prometheus)]
    public void Stable_Prometheus_scrapes_OpenMetrics()
    {
        using var server = Scraped.StartServer();
        using var authority = new TestAuthority();
        using var guarded = MetricServer.Start(new MetricServerOptions
        {
            Listen = "127.0.0.1:0",
            Sources = () => [new FixedSource(Sample.Gauge("bee_guarded", ([], 7)))],
            BearerToken = "secret",
            CertificatePath = authority.ServerCertificate,
            KeyPath = authority.ServerKey,
        });
        using var prometheus = new PrometheusProcess(
            Tool.Prometheus,
            Scraped.Job("openmetrics", server) + Scraped.Job("guarded", guarded, "scheme: https", $"tls_config: {{ ca_file: {authority.Certificate} }}", "authorization: { credentials: secret }"));

        Assert.Equal(7, Assert.Single(Scraped.Select(prometheus, "guarded", "bee_guarded")).Value);
        Scraped.AssertScraped(prometheus, "openmetrics");
        Assert.Empty(Scraped.Select(prometheus, "openmetrics", "bee_test_unsummed_count", 0));
        Assert.All(Scraped.Select(prometheus, "openmetrics", "bee_test_opens_created", 4), sample => Assert.Equal(1796032800.25, sample.Value));
    }
}
