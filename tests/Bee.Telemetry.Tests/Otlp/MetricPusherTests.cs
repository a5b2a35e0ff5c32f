using System.Text;
using Bee.Registries;
using Bee.Telemetry.Otlp;
using Bee.Telemetry.Tests.Exposition;
using Bee.Telemetry.Tests.Serving;

namespace Bee.Telemetry.Tests.Otlp;

/// <summary>Exports to a receiver that misbehaves. Each export has one data point of the test and five of the exporter.</summary>
public class MetricPusherTests
{
    private const int Own = 5;
    private static readonly TimeSpan s_within = TimeSpan.FromSeconds(60);

    [Fact]
    public void Exports_go_with_headers_and_gzip()
    {
        using var receiver = new Receiver();
        using var pusher = Start(receiver.Options(headers: ("Authorization", "Bearer sesame")));
        pusher.Push(CancellationToken.None);
        pusher.Complete(s_within, CancellationToken.None);

        var request = Assert.Single(receiver.Requests);
        Assert.Equal(("/v1/any", "application/json", "gzip", "Bearer sesame"), (request.Target, request.Headers["Content-Type"], request.Headers["Content-Encoding"], request.Headers["Authorization"]));
        Assert.StartsWith("Bee-OTLP-Exporter/", request.Headers["User-Agent"], StringComparison.Ordinal);
        Assert.Equal(7, Point(request));
        Assert.Equal(new OtlpCounts(Own + 1, 0, 0, 0), pusher.Counts);
        Assert.Null(pusher.Report());
    }

    [Fact]
    public void Sources_are_read_at_each_interval()
    {
        using var receiver = new Receiver();
        var options = receiver.Options();
        using var pusher = Start(new OtlpOptions { Endpoint = options.Endpoint, Protocol = options.Protocol, Interval = TimeSpan.FromMilliseconds(20) });
        receiver.Wait(3);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public void A_request_that_is_put_off_is_sent_again(int status)
    {
        using var receiver = Receiver.Answering(new HttpAnswer(status), new HttpAnswer(200));
        using var pusher = Start(receiver.Options());
        pusher.Push(CancellationToken.None);
        receiver.Wait(2);
        pusher.Complete(s_within, CancellationToken.None);

        Assert.Equal(receiver.Requests[0].Body, receiver.Requests[1].Body);
        Assert.Equal((Own + 1, 0), (pusher.Counts.Delivered, pusher.Counts.Missing));
        Assert.Equal(1, Value(pusher, "bee_otlp_failed_requests"));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(413)]
    [InlineData(500)]
    public void A_request_that_is_refused_is_dropped_and_counted(int status)
    {
        using var receiver = Receiver.Answering(HttpAnswer.Json(status, """{"code":3,"message":"no such tenant\u001b[31m\nnext"}"""), new HttpAnswer(200));
        using var pusher = Start(receiver.Options());
        pusher.Push(CancellationToken.None);
        pusher.Push(CancellationToken.None);
        pusher.Complete(s_within, CancellationToken.None);

        Assert.Equal(2, receiver.Requests.Count);
        Assert.Equal(new OtlpCounts(Own + 1, Own + 1, 0, 0), pusher.Counts);
        Assert.Contains($"6 refused. It answered {status} ", pusher.Report(), StringComparison.Ordinal);
        Assert.EndsWith(": no such tenant\ufffd[31m\ufffdnext.", pusher.Report(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_answer_of_a_receiver_is_hidden_if_it_contains_a_secret()
    {
        using var receiver = Receiver.Answering(HttpAnswer.Json(401, """{"message":"the token sesame is wrong"}"""));
        using var pusher = Start(receiver.Options(headers: ("Authorization", "Bearer sesame")));
        pusher.Push(CancellationToken.None);
        pusher.Complete(s_within, CancellationToken.None);
        Assert.EndsWith("It answered 401 (Unauthorized).", pusher.Report(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user:sesame", "the password sesame is wrong")]
    [InlineData("user:sesame", "user is unknown")]
    [InlineData("token-of-user:", "token-of-user is unknown")]
    public void The_answer_of_a_receiver_is_hidden_if_it_contains_a_decoded_login(string login, string said)
    {
        using var receiver = Receiver.Answering(HttpAnswer.Json(401, $$"""{"message":"{{said}}"}"""));
        using var pusher = Start(receiver.Options(headers: ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(login)))));
        pusher.Push(CancellationToken.None);
        pusher.Complete(s_within, CancellationToken.None);
        Assert.EndsWith("It answered 401 (Unauthorized).", pusher.Report(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_answer_of_a_receiver_is_hidden_if_the_address_has_a_query()
    {
        using var receiver = Receiver.Answering(HttpAnswer.Json(401, """{"message":"the key k/y is wrong"}"""));
        var options = receiver.Options();
        using var pusher = Start(new OtlpOptions { Endpoint = new Uri(options.Endpoint, "?key=k%2fy"), Interval = options.Interval });
        pusher.Push(CancellationToken.None);
        pusher.Complete(s_within, CancellationToken.None);
        Assert.EndsWith("It answered 401 (Unauthorized).", pusher.Report(), StringComparison.Ordinal);
    }

    [Fact]
    public void Retry_After_in_seconds_and_as_a_date_is_kept()
    {
        using var seconds = Receiver.Answering(new HttpAnswer(429).With("Retry-After", "3600"), new HttpAnswer(200));
        using var date = Receiver.Answering(new HttpAnswer(503).With("Retry-After", DateTime.UtcNow.AddHours(1).ToString("R")), new HttpAnswer(200));
        foreach (var receiver in (Receiver[])[seconds, date])
        {
            using var pusher = Start(receiver.Options());
            pusher.Push(CancellationToken.None);
            receiver.Wait();

            // Even the last flush waits for the requested pause.
            pusher.Complete(TimeSpan.FromMilliseconds(300), CancellationToken.None);
            Assert.Single(receiver.Requests);
            Assert.Equal(Own + 1, pusher.Counts.Undelivered);
        }

        using var soon = Receiver.Answering(new HttpAnswer(429).With("Retry-After", "0"), new HttpAnswer(200));
        using var again = Start(soon.Options());
        again.Push(CancellationToken.None);
        again.Complete(s_within, CancellationToken.None);
        Assert.Equal(Own + 1, again.Counts.Delivered);
    }

    [Theory]
    [InlineData("application/json", """{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"too old"}}""")]
    [InlineData("application/x-protobuf", "\n\u000b\u0008\u0002\u0012\u0007too old")]
    public void A_partial_success_is_counted(string type, string body)
    {
        using var receiver = Receiver.Answering(HttpAnswer.Json(200, body, type));
        using var pusher = Start(receiver.Options());
        pusher.Push(CancellationToken.None);
        pusher.Complete(s_within, CancellationToken.None);
        Assert.Equal(new OtlpCounts(Own - 1, 2, 0, 0), pusher.Counts);
        Assert.EndsWith("2 refused. It rejected a part: too old.", pusher.Report(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json", """{"partialSuccess":{"rejectedDataPoints":[]}""")]
    [InlineData("application/json", "[1]")]
    [InlineData("application/json", """{"partialSuccess":{"rejectedDataPoints":"-5"}}""")]
    [InlineData("application/x-protobuf", "\n\u00ff")]
    [InlineData("application/x-protobuf", "\u000b\u000b\u000b")]
    [InlineData("text/html", "<html>")]
    public void An_empty_answer_counts_as_success(string type, string body)
    {
        using var receiver = Receiver.Answering(HttpAnswer.Json(200, body, type));
        using var pusher = Start(receiver.Options());
        pusher.Push(CancellationToken.None);
        pusher.Complete(s_within, CancellationToken.None);
        Assert.Equal(new OtlpCounts(Own + 1, 0, 0, 0), pusher.Counts);
    }

    [Fact]
    public void A_redirect_is_not_followed()
    {
        using var other = new Receiver();
        using var receiver = Receiver.Answering(new HttpAnswer(307).With("Location", other.Address.AbsoluteUri));
        using var pusher = Start(receiver.Options(headers: ("Authorization", "Bearer sesame")));
        pusher.Push(CancellationToken.None);
        pusher.Complete(s_within, CancellationToken.None);
        Assert.Empty(other.Requests);
        Assert.Equal(Own + 1, pusher.Counts.Refused);
        Assert.EndsWith("It answered with a redirect (307), which is not followed.", pusher.Report(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_connection_is_tried_again()
    {
        using var receiver = new Receiver(async (number, exchange) =>
        {
            if (number == 1)
            {
                exchange.Cut();
            }

            await exchange.SendAsync(new HttpAnswer(200));
        });
        using var pusher = Start(receiver.Options());
        pusher.Push(CancellationToken.None);
        receiver.Wait(2);
        pusher.Complete(s_within, CancellationToken.None);
        Assert.Equal(Own + 1, pusher.Counts.Delivered);
    }

    [Fact]
    public void A_huge_answer_is_not_read()
    {
        using var receiver = new Receiver(async (_, exchange) =>
        {
            await exchange.SendHeadAsync(HttpAnswer.Json(400, "").With("Content-Length", "1000000000000"));
            try
            {
                while (true)
                {
                    await exchange.WriteAsync(new byte[1 << 20]);
                }
            }
            catch (IOException)
            {
                // The client has closed the connection.
            }
        });
        using var pusher = Start(receiver.Options());
        pusher.Push(CancellationToken.None);
        pusher.Complete(s_within, CancellationToken.None);
        Assert.Equal(Own + 1, pusher.Counts.Refused);
    }

    [Fact]
    public void While_the_receiver_is_down_a_bounded_number_of_exports_waits_and_the_oldest_are_dropped()
    {
        var value = 0.0;
        var open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var receiver = new Receiver(async (_, exchange) =>
        {
            await open.Task;
            await exchange.SendAsync(new HttpAnswer(200));
        });
        using var pusher = new MetricPusher(receiver.Options(), () => [new FixedSource(_ => [Sample.Gauge("bee_test", ([], value++))])]);
        pusher.Start();
        pusher.Push(CancellationToken.None);
        receiver.Wait();
        for (var i = 0; i < MetricPusher.MostWaiting + 3; i++)
        {
            pusher.Push(CancellationToken.None);
        }

        Assert.Equal(3 * (Own + 1), pusher.Counts.Dropped);
        open.SetResult();
        pusher.Complete(s_within, CancellationToken.None);

        // The export that was being sent, and the newest one.
        Assert.Equal([0, .. Enumerable.Range(4, MetricPusher.MostWaiting).Select(i => (double)i)], receiver.Requests.Select(Point));
        Assert.Equal(new OtlpCounts((MetricPusher.MostWaiting + 1) * (Own + 1), 0, 3 * (Own + 1), 0), pusher.Counts);
        Assert.Contains("18 data points of metrics did not reach", pusher.Report(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_flush_tries_once_more_and_counts_undelivered_points()
    {
        Uri address;
        using (var gone = new Receiver())
        {
            address = gone.Address;
        }

        using var pusher = Start(new OtlpOptions { Endpoint = address, Interval = TimeSpan.FromHours(1) });
        pusher.Push(CancellationToken.None);
        pusher.Push(CancellationToken.None);
        pusher.Complete(s_within, CancellationToken.None);
        Assert.Equal(new OtlpCounts(0, 0, 0, 2 * (Own + 1)), pusher.Counts);
        Assert.Contains("12 unsent at the end. Nothing listens there.", pusher.Report(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_flush_ends_when_it_is_cancelled()
    {
        using var receiver = new Receiver((_, exchange) => exchange.WaitForClientAsync());
        using var pusher = Start(receiver.Options());
        pusher.Push(CancellationToken.None);
        using var impatience = new CancellationTokenSource();
        receiver.Wait();
        impatience.Cancel();
        pusher.Complete(s_within, impatience.Token);
        Assert.Equal(Own + 1, pusher.Counts.Undelivered);
    }

    [Fact]
    public async Task The_last_flush_can_be_cancelled_while_it_ends()
    {
        using var receiver = new Receiver();
        for (var i = 0; i < 50; i++)
        {
            using var pusher = Start(receiver.Options());
            using var impatience = new CancellationTokenSource();
            var cancel = Task.Run(impatience.Cancel, CancellationToken.None);
            pusher.Complete(s_within, impatience.Token);
            await cancel;
        }
    }

    [Fact]
    public void An_export_that_cannot_be_encoded_is_counted_and_the_next_one_is_sent()
    {
        var isDamaged = true;
        using var receiver = new Receiver();
        using var pusher = new MetricPusher(receiver.Options(), () => [new FixedSource(isDamaged ? [null!] : [Sample.Gauge("bee_test", ([], 7))])]);
        pusher.Start();
        pusher.Push(CancellationToken.None);
        isDamaged = false;
        pusher.Push(CancellationToken.None);
        pusher.Complete(s_within, CancellationToken.None);

        Assert.Equal(7, Point(Assert.Single(receiver.Requests)));
        Assert.Equal(1, Value(pusher, "bee_otlp_read_errors"));
        Assert.StartsWith("1 export of metrics did not reach ", pusher.Report(), StringComparison.Ordinal);
        Assert.Contains("An export could not be encoded (NullReferenceException: ", pusher.Report(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_silent_receiver_is_given_up_after_the_timeout()
    {
        using var receiver = new Receiver((number, exchange) => number == 1 ? exchange.WaitForClientAsync() : exchange.SendAsync(new HttpAnswer(200)));
        var options = receiver.Options();
        using var pusher = Start(new OtlpOptions { Endpoint = options.Endpoint, Timeout = TimeSpan.FromMilliseconds(50), Interval = options.Interval });
        pusher.Push(CancellationToken.None);
        receiver.Wait(2);
        pusher.Complete(s_within, CancellationToken.None);
        Assert.Equal((Own + 1, "It did not answer within 0.05 s."), (pusher.Counts.Delivered, pusher.LastFault));
    }

    [Fact]
    public void A_source_that_fails_leaves_the_others()
    {
        using var receiver = new Receiver();
        using var pusher = new MetricPusher(receiver.Options(), () => [new FixedSource(_ => throw new InvalidOperationException()), new FixedSource(Sample.Gauge("bee_test", ([], 7)))]);
        pusher.Start();
        pusher.Push(CancellationToken.None);
        pusher.Complete(s_within, CancellationToken.None);
        Assert.Equal(7, Point(Assert.Single(receiver.Requests)));
        Assert.Equal(1, Value(pusher, "bee_otlp_read_errors"));
    }

    [Fact]
    public void Certificates_are_checked_against_the_authorities_that_are_named()
    {
        using var authority = new TestAuthority();
        using var receiver = new Receiver(authority: authority);
        var options = receiver.Options();
        OtlpOptions With(string? certificate) => new() { Endpoint = options.Endpoint, CertificatePath = certificate, Interval = options.Interval };

        using var trusting = Start(With(authority.Certificate));
        trusting.Push(CancellationToken.None);
        trusting.Complete(s_within, CancellationToken.None);
        Assert.Equal(Own + 1, trusting.Counts.Delivered);

        using var wary = Start(With(null));
        wary.Push(CancellationToken.None);
        wary.Complete(s_within, CancellationToken.None);
        Assert.Equal(Own + 1, wary.Counts.Undelivered);
        Assert.StartsWith("Its certificate is not trusted", wary.LastFault, StringComparison.Ordinal);
        Assert.Single(receiver.Requests);

        Assert.Equal(OtlpFault.InvalidCertificate, Assert.Throws<OtlpException>(() => Start(With("/nonexistent.pem"))).Fault);
        Assert.Equal(OtlpFault.InvalidCertificate, Assert.Throws<OtlpException>(() => Start(With("/etc/hostname"))).Fault);
        var damaged = Path.GetTempFileName();
        File.WriteAllText(damaged, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        Assert.Equal(OtlpFault.InvalidCertificate, Assert.Throws<OtlpException>(() => Start(With(damaged))).Fault);
        File.Delete(damaged);
    }

    private static MetricPusher Start(OtlpOptions options)
    {
        var pusher = new MetricPusher(options, () => [new FixedSource(Sample.Gauge("bee_test", ([], 7)))]);
        pusher.Start();
        return pusher;
    }

    private static double Point(Received request) => request.Json.GetProperty("resourceMetrics")[0].GetProperty("scopeMetrics")[0].GetProperty("metrics").EnumerateArray()
        .Single(metric => metric.GetProperty("name").GetString() == "bee_test").GetProperty("gauge").GetProperty("dataPoints")[0].GetProperty("asDouble").GetDouble();

    private static double Value(MetricPusher pusher, string name) =>
        pusher.Metrics.Collect(CancellationToken.None).Single(family => family.Descriptor.Name == name).Series[0].Value;
}
