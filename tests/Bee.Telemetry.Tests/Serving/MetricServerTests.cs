using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Bee.Registries;
using Bee.Telemetry.Metrics;
using Bee.Telemetry.Serving;
using Bee.Telemetry.Tests.Exposition;

namespace Bee.Telemetry.Tests.Serving;

public class MetricServerTests
{
    // Much longer than any step takes, so a timeout is a failure.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("127.0.0.1:0")]
    [InlineData("localhost:0")]
    [InlineData("[::1]:0")]
    [InlineData("0")]
    public void Start_listens_on_loopback_without_protection(string listen)
    {
        using var server = Start(new() { Listen = listen, Sources = One });

        Assert.True(IPAddress.IsLoopback(server.Endpoint.Address));
        Assert.NotEqual(0, server.Endpoint.Port);
        Assert.Contains("\nbee_x 1\n", RawClient.Get(server.Endpoint, "/metrics"));
        Assert.EndsWith("/metrics", server.Uri.ToString());
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:70000")]
    [InlineData("::1:9435")]
    [InlineData("[127.0.0.1]:9435")]
    [InlineData(":9435")]
    [InlineData("*:9435")]
    [InlineData("")]
    [InlineData("no such host:9435")]
    public void Start_refuses_an_invalid_address(string listen) => AssertFault(MetricServerFault.InvalidAddress, new() { Listen = listen, Sources = One });

    [Theory]
    [InlineData("0.0.0.0:0")]
    [InlineData("[::]:0")]
    public void Start_protects_other_addresses(string listen)
    {
        AssertFault(MetricServerFault.Unprotected, new() { Listen = listen, Sources = One });

        using var anonymous = Start(new() { Listen = listen, Sources = One, AllowAnonymous = true });
        Assert.Contains("\nbee_x 1\n", RawClient.Get(new(IPAddress.Loopback, anonymous.Endpoint.Port), "/metrics"));
        using var token = Start(new() { Listen = listen, Sources = One, BearerToken = "secret" });
        Assert.StartsWith("HTTP/1.1 401 ", RawClient.Get(new(IPAddress.Loopback, token.Endpoint.Port), "/metrics"));
    }

    [Fact]
    public void Start_refuses_a_taken_port_and_accepts_one_freed_with_open_connections()
    {
        var first = Start(new() { Sources = One });
        var options = new MetricServerOptions { Listen = first.Endpoint.ToString(), Sources = One };
        AssertFault(MetricServerFault.AddressTaken, options);

        for (var i = 0; i < 20; i++)
        {
            using var answered = new RawClient(first.Endpoint);
            using var waiting = new RawClient(first.Endpoint);
            answered.Send(RawClient.Request("/metrics"));
            Assert.StartsWith("HTTP/1.1 200 ", answered.ReadAnswer());
            // The server closes these connections first, and the kernel keeps them in TIME_WAIT.
            Assert.StartsWith("HTTP/1.1 200 ", RawClient.Get(first.Endpoint, "/"));

            first.Dispose();
            Assert.Equal("", answered.ReadToEnd());
            Assert.Equal("", waiting.ReadToEnd());
            first = Start(options);
        }

        first.Dispose();
        Assert.False(first.IsRunning);
        Assert.Throws<SocketException>(() => new RawClient(first.Endpoint));
    }

    [Fact]
    public void Start_refuses_an_address_of_another_machine() => AssertFault(MetricServerFault.AddressUnavailable, new() { Listen = "192.0.2.1:0", Sources = One, AllowAnonymous = true });

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("ä")]
    public void Start_refuses_a_token_that_no_header_can_have(string token) => AssertFault(MetricServerFault.InvalidToken, new() { Sources = One, BearerToken = token });

    [Fact]
    public void A_token_protects_the_metrics_and_names_of_tools()
    {
        var source = new FixedSource { IsReady = false, NotReadyReason = "opensnoop is not attached." };
        using var server = Start(new() { Sources = () => [source], BearerToken = "secret" });

        Assert.StartsWith("HTTP/1.1 401 ", RawClient.Get(server.Endpoint, "/metrics"));
        Assert.Contains("\r\nWWW-Authenticate: Bearer\r\n", RawClient.Get(server.Endpoint, "/metrics", "Authorization: Bearer secret2"));
        Assert.StartsWith("HTTP/1.1 401 ", RawClient.Get(server.Endpoint, "/metrics", "Authorization: Basic secret"));
        Assert.StartsWith("HTTP/1.1 400 ", RawClient.Get(server.Endpoint, "/metrics", "Authorization: Bearer secret", "Authorization: Bearer secret"));
        Assert.StartsWith("HTTP/1.1 200 ", RawClient.Get(server.Endpoint, "/healthz"));
        Assert.EndsWith("\r\n\r\nnot ready\n", RawClient.Get(server.Endpoint, "/readyz"));
        Assert.EndsWith("\r\n\r\nopensnoop is not attached.\n", RawClient.Get(server.Endpoint, "/readyz", "Authorization: Bearer secret"));
        var scrape = RawClient.Get(server.Endpoint, "/metrics", "authorization: bearer secret");
        Assert.Contains("bee_scrape_rejected_total{reason=\"token\"} 3\n", scrape);
        Assert.DoesNotContain("secret", scrape);
    }

    [Fact]
    public async Task TLS_serves_scrapers_that_trust_the_certificate()
    {
        using var authority = new TestAuthority();
        using var server = Start(new() { Sources = One, CertificatePath = authority.ServerCertificate, KeyPath = authority.ServerKey });
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new() { TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust, RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authority.Certificate);
        using var client = new HttpClient(handler) { Timeout = s_patience };

        Assert.Equal("https", server.Uri.Scheme);
        Assert.Contains("\nbee_x 1\n", await client.GetStringAsync(server.Uri));
        // Sent on a second connection, after the server has closed the first.
        using (var request = new HttpRequestMessage(HttpMethod.Get, server.Uri) { Headers = { ConnectionClose = true } })
        using (var response = await client.SendAsync(request))
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        using var plain = new RawClient(server.Endpoint);
        plain.Send(RawClient.Request("/metrics"));
        Assert.DoesNotContain("HTTP", plain.ReadToEnd());
        // The server counts a connection after it has closed it.
        Wait.Until(() => server.Statistics.Rejected == 1);
        Assert.Contains("bee_scrape_rejected_total{reason=\"tls\"} 1\n", await client.GetStringAsync(server.Uri));
    }

    [Fact]
    public void Certificates_that_cannot_be_used_are_refused()
    {
        using var authority = new TestAuthority();
        AssertFault(MetricServerFault.InvalidCertificate, new() { Sources = One, CertificatePath = "/nonexistent.pem" });
        AssertFault(MetricServerFault.InvalidCertificate, new() { Sources = One, CertificatePath = authority.ServerCertificate });
        AssertFault(MetricServerFault.InvalidCertificate, new() { Sources = One, CertificatePath = authority.Certificate, KeyPath = authority.ServerKey });
        AssertFault(MetricServerFault.InvalidCertificate, new() { Sources = One, KeyPath = authority.ServerKey });
        AssertFault(MetricServerFault.InvalidCertificate, new() { Sources = One, CertificatePath = "/etc/hostname" });
    }

    [Fact]
    public void Paths_and_methods_other_than_the_served_ones_are_refused()
    {
        using var server = Start(new() { Sources = One });

        Assert.StartsWith("HTTP/1.1 404 ", RawClient.Get(server.Endpoint, "/other"));
        Assert.StartsWith("HTTP/1.1 200 ", RawClient.Get(server.Endpoint, "/metrics?x=1"));
        Assert.StartsWith("HTTP/1.1 200 ", RawClient.Get(server.Endpoint, "http://x/metrics"));
        Assert.Contains("/metrics", RawClient.Get(server.Endpoint, "/"));
        var post = Exchange(server, "POST /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 405 ", post);
        Assert.Contains("\r\nAllow: GET, HEAD\r\n", post);
        var head = Exchange(server, "HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", head);
        Assert.EndsWith("\r\n\r\n", head);
    }

    [Theory]
    [InlineData("\x16\x03\x01\x02", 400)]
    [InlineData("GET /metrics HTTP/1.1\nHost: x\n\n", 400)]
    [InlineData("GET\r\n\r\n", 400)]
    [InlineData("GET metrics HTTP/1.1\r\nHost: x\r\n\r\n", 400)]
    [InlineData("G(T /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 400)]
    [InlineData("GET /metrics HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400)]
    [InlineData("GET /metrics HTTP/1.1\r\nHost : x\r\n\r\n", 400)]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400)]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400)]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na", 413)]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 413)]
    [InlineData("GET /metrics HTTP/2.0\r\nHost: x\r\n\r\n", 505)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)]
    public void Bad_requests_are_answered_and_end_the_connection(string request, int status)
    {
        using var server = Start(new() { Sources = One });

        var answer = Exchange(server, request);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer);
        Assert.Contains("\r\nConnection: close\r\n", answer);
        Assert.Contains("bee_scrape_rejected_total{reason=\"request\"} 1\n", RawClient.Get(server.Endpoint, "/metrics"));
    }

    [Fact]
    public void Heads_beyond_the_limit_are_refused()
    {
        using var server = Start(new() { Sources = One, MaxHeaderBytes = 2048 });

        Assert.StartsWith("HTTP/1.1 200 ", RawClient.Get(server.Endpoint, "/healthz", "X: " + new string('a', 1900)));
        // Much more than the limit. The client gets the answer although the server does not read the whole request.
        Assert.StartsWith("HTTP/1.1 431 ", RawClient.Get(server.Endpoint, "/healthz", "X: " + new string('a', 100_000)));
    }

    [Fact]
    public void Requests_in_one_packet_are_answered_in_their_order_up_to_the_first_bad_one()
    {
        using var server = Start(new() { Sources = One });

        var answers = Exchange(server, RawClient.Request("/healthz") + "\r\n" + RawClient.Request("/other") + "garbage\r\n\r\n" + RawClient.Request("/healthz"));

        Assert.Equal(["200", "404", "400"], answers.Split("HTTP/1.1 ").Skip(1).Select(answer => answer[..3]));
    }

    [Fact]
    public void Connections_stay_open_by_the_rules_of_their_version()
    {
        using var server = Start(new() { Sources = One });
        using var client = new RawClient(server.Endpoint);

        client.Send(RawClient.Request("/healthz"));
        Assert.Contains("\r\nConnection: keep-alive\r\n", client.ReadAnswer());
        client.Send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        Assert.Contains("\r\nConnection: keep-alive\r\n", client.ReadAnswer());
        client.Send("GET /healthz HTTP/1.0\r\n\r\n");
        Assert.Contains("\r\nConnection: close\r\n", client.ReadToEnd());
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET /metrics HT")]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: x\r\n")]
    public void Clients_that_do_not_finish_a_request_are_disconnected(string beginning)
    {
        using var server = Start(new() { Sources = One, HeaderTimeout = TimeSpan.FromMilliseconds(100) });

        Assert.Equal("", Exchange(server, beginning));
        Wait.Until(() => server.Statistics.Connections == 0);
        Assert.Equal(1, server.Statistics.Rejected);
    }

    [Fact]
    public void Idle_connections_are_closed()
    {
        using var server = Start(new() { Sources = One, IdleTimeout = TimeSpan.FromMilliseconds(100) });
        using var client = new RawClient(server.Endpoint);
        client.Send(RawClient.Request("/healthz"));
        client.ReadAnswer();

        Assert.Equal("", client.ReadToEnd());
        Wait.Until(() => server.Statistics.Connections == 0);
        Assert.Equal(0, server.Statistics.Rejected);
    }

    [Fact]
    public void A_scraper_that_does_not_read_does_not_delay_others_and_is_disconnected()
    {
        // More than the buffers of both sockets hold.
        var large = Sample.Gauge("bee_large", [.. Enumerable.Range(0, 400).Select(i => (new[] { i + new string('x', 65536) }, 1.0))]);
        using var server = Start(new() { Sources = () => [new FixedSource(large)], WriteTimeout = TimeSpan.FromSeconds(1) });
        using var slow = new RawClient(server.Endpoint);
        slow.Send(RawClient.Request("/metrics"));
        Wait.Until(() => server.Statistics.Scrapes == 1);

        Assert.StartsWith("HTTP/1.1 200 ", RawClient.Get(server.Endpoint, "/healthz"));
        Wait.Until(() => server.Statistics.Rejected == 1);
        Assert.True(slow.ReadToEnd().Length < 400 * 65536);
    }

    [Fact]
    public async Task Two_scrapers_are_served_at_once()
    {
        // Each collection waits for the other.
        using var both = new Barrier(2);
        var source = new FixedSource(cancellationToken => both.SignalAndWait(s_patience, cancellationToken) ? [Sample.Gauge("bee_x", ([], 1))] : []);
        using var server = Start(new() { Sources = () => [source] });

        var first = Task.Factory.StartNew(() => RawClient.Get(server.Endpoint, "/metrics"), TaskCreationOptions.LongRunning);
        var second = RawClient.Get(server.Endpoint, "/metrics");

        Assert.Contains("\nbee_x 1\n", await first);
        Assert.Contains("\nbee_x 1\n", second);
    }

    [Fact]
    public void Clients_that_go_away_leave_no_connection_behind()
    {
        using var server = Start(new() { Sources = One, MaxConnections = 1000 });
        string[] beginnings = ["", "GET /met", RawClient.Request("/metrics"), RawClient.Request("/metrics") + RawClient.Request("/metrics"), "\0"];

        Parallel.For(0, 200, i =>
        {
            using var client = new RawClient(server.Endpoint);
            client.Send(beginnings[i % beginnings.Length]);
        });

        Wait.Until(() => server.Statistics.Connections == 0);
        Assert.StartsWith("HTTP/1.1 200 ", RawClient.Get(server.Endpoint, "/metrics"));
    }

    [Fact]
    public void A_source_that_fails_is_left_out()
    {
        var broken = new FixedSource(_ => throw new InvalidOperationException("broken"));
        using var server = Start(new() { Sources = () => [broken, new FixedSource(Sample.Gauge("bee_x", ([], 1)))] });

        var scrape = RawClient.Get(server.Endpoint, "/metrics");

        Assert.Contains("\nbee_x 1\n", scrape);
        Assert.Contains("\nbee_scrape_errors_total 1\n", scrape);
        Assert.Contains("\r\nDate: ", scrape);
        Assert.Equal(1, server.Statistics.Errors);
    }

    [Fact]
    public void A_source_that_takes_too_long_is_cancelled()
    {
        var slow = new FixedSource(cancellationToken => cancellationToken.WaitHandle.WaitOne(s_patience) ? throw new OperationCanceledException(cancellationToken) : []);
        using var server = Start(new() { Sources = () => [slow, new FixedSource(Sample.Gauge("bee_x", ([], 1)))], ScrapeTimeout = TimeSpan.FromMilliseconds(50) });

        Assert.Contains("\nbee_scrape_errors_total 1\n", RawClient.Get(server.Endpoint, "/metrics"));
    }

    [Fact]
    public void Sources_that_do_not_go_together_are_counted()
    {
        using var server = Start(new() { Sources = () => [new FixedSource(Sample.Gauge("bee_x", ([], 1))), new FixedSource(Sample.Counter("bee_x", ([], 2)))] });

        var scrape = RawClient.Get(server.Endpoint, "/metrics");

        Assert.Contains("\nbee_x 1\n", scrape);
        Assert.DoesNotContain("bee_x_total", scrape);
        Assert.Contains("\nbee_scrape_conflicts_total 1\n", RawClient.Get(server.Endpoint, "/metrics"));
    }

    [Fact]
    public void Readiness_names_the_source_that_is_not_ready()
    {
        IReadOnlyList<IMetricSource> sources = [];
        using var server = Start(new() { Sources = () => sources });
        Assert.StartsWith("HTTP/1.1 503 ", RawClient.Get(server.Endpoint, "/readyz"));

        var second = new FixedSource { IsReady = false, NotReadyReason = "opensnoop is not attached." };
        sources = [new FixedSource(), second];
        var waiting = RawClient.Get(server.Endpoint, "/readyz");
        Assert.StartsWith("HTTP/1.1 503 ", waiting);
        Assert.EndsWith("\r\n\r\nopensnoop is not attached.\n", waiting);

        second.IsReady = true;
        Assert.EndsWith("\r\n\r\nok\n", RawClient.Get(server.Endpoint, "/readyz"));
        Assert.EndsWith("\r\n\r\nok\n", RawClient.Get(server.Endpoint, "/healthz"));
    }

    [Fact]
    public void A_connection_beyond_the_limit_ends_the_one_that_waits_longest()
    {
        using var server = Start(new() { Sources = One, MaxConnections = 2 });
        using var first = new RawClient(server.Endpoint);
        Wait.Until(() => server.Statistics.Connections == 1);
        using var second = new RawClient(server.Endpoint);
        Wait.Until(() => server.Statistics.Connections == 2);

        Assert.StartsWith("HTTP/1.1 200 ", RawClient.Get(server.Endpoint, "/healthz"));
        Assert.Equal("", first.ReadToEnd());
        second.Send(RawClient.Request("/healthz"));
        Assert.StartsWith("HTTP/1.1 200 ", second.ReadAnswer());
        Wait.Until(() => server.Statistics.Rejected == 1);
    }

    [Fact]
    public void Connections_that_are_answered_are_not_ended_for_others()
    {
        using var entered = new ManualResetEventSlim();
        using var released = new ManualResetEventSlim();
        var source = new FixedSource(cancellationToken =>
        {
            entered.Set();
            released.Wait(s_patience, cancellationToken);
            return [Sample.Gauge("bee_x", ([], 1))];
        });
        using var server = Start(new() { Sources = () => [source], MaxConnections = 1 });
        using var scraper = new RawClient(server.Endpoint);
        scraper.Send(RawClient.Request("/metrics"));
        Assert.True(entered.Wait(s_patience));

        using var refused = new RawClient(server.Endpoint);
        Assert.Equal("", refused.ReadToEnd());
        released.Set();
        Assert.Contains("\nbee_x 1\n", scraper.ReadAnswer());
    }

    [Fact]
    public void Stop_in_the_middle_of_a_scrape_ends_it_and_frees_the_port()
    {
        using var entered = new ManualResetEventSlim();
        var source = new FixedSource(cancellationToken =>
        {
            entered.Set();
            cancellationToken.WaitHandle.WaitOne(s_patience);
            return [];
        });
        var server = Start(new() { Sources = () => [source], ScrapeTimeout = s_patience });
        using var scraper = new RawClient(server.Endpoint);
        scraper.Send(RawClient.Request("/metrics"));
        Assert.True(entered.Wait(s_patience));

        server.Dispose();
        server.Dispose();

        Assert.Equal("", scraper.ReadToEnd());
        using var again = Start(new() { Listen = server.Endpoint.ToString(), Sources = One });
        Assert.StartsWith("HTTP/1.1 200 ", RawClient.Get(again.Endpoint, "/healthz"));
    }

    [Fact]
    public async Task Formats_and_gzip_are_negotiated()
    {
        using var server = Start(new() { Sources = One });
        using var client = new HttpClient { Timeout = s_patience };
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Uri);
        request.Headers.TryAddWithoutValidation("Accept", "application/openmetrics-text;version=1.0.0");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");

        using var response = await client.SendAsync(request);

        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        await using var gzip = new GZipStream(await response.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip, Encoding.UTF8);
        Assert.EndsWith("\n# EOF\n", await reader.ReadToEndAsync());
        Assert.Contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n", RawClient.Get(server.Endpoint, "/metrics"));
        Assert.Equal(2, server.Statistics.Scrapes);
    }

    private static IReadOnlyList<IMetricSource> One() => [new FixedSource(Sample.Gauge("bee_x", ([], 1)))];

    private static MetricServer Start(MetricServerOptions options) => MetricServer.Start(options.Listen == MetricServerOptions.DefaultListen ? options with { Listen = "127.0.0.1:0" } : options);

    private static void AssertFault(MetricServerFault fault, MetricServerOptions options)
    {
        var exception = Assert.Throws<MetricServerException>(() => Start(options));

        Assert.Equal(fault, exception.Fault);
        Assert.EndsWith(".", exception.Message);
        Assert.EndsWith(".", exception.Remedy);
    }

    private static string Exchange(MetricServer server, string text)
    {
        using var client = new RawClient(server.Endpoint);
        client.Send(text);
        return client.ReadToEnd();
    }
}
