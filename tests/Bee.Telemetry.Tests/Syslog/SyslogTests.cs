using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;
using Bee.Ebpf.Metadata;
using Bee.Registries;
using Bee.Telemetry.Logs;
using Bee.Telemetry.Syslog;
using Bee.Telemetry.Tests.Logs;

namespace Bee.Telemetry.Tests.Syslog;

public sealed partial class SyslogTests
{
    private static readonly DateTime s_now = new(2026, 1, 2, 3, 4, 6, DateTimeKind.Utc);

    [Fact]
    public void Message_has_the_bytes_of_rfc_5424()
    {
        var record = new LogRecord
        {
            Sequence = 3,
            Time = s_now.AddTicks(1234567),
            Observed = s_now,
            Severity = LogSeverity.Warning,
            EventName = "tool.events",
            Tool = "to ol",
            Map = "events",
            Body = "a=ü",
            Attributes = [new("a=\"] ü", "\\\"]\u001b"), new("raw", new byte[] { 0, 255 }), new("none", null)],
        };
        var time = (s_now + TimeSpan.FromTicks(1234567)).ToLocalTime().ToString("yyyy-MM-ddTHH:mm:ss.ffffffzzz", System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal(
            $"<12>1 {time} my_host to_ol 77 events [meta sequenceId=\"3\"][bee@32473 event=\"tool.events\" a_____=\"\\\\\\\"\\]␛\" raw=\"00ff\"] \uFEFFa=ü",
            Encoding.UTF8.GetString(new SyslogMessage("my host", 77, 2048).Encode(record)));
    }

    [Fact]
    public void Message_of_an_event_parses_by_the_grammar_and_has_no_control_characters()
    {
        var message = Parse(new SyslogMessage("host", 77, 8192).Encode(LogRecords.Of(new SampleEvent(), new EventOrigin("opensnoop", MapMetadata.None), 1, s_now)));

        Assert.Equal("/tmp/a b␊␛[2J\"]\\=", message.Parameters["Path"]);
        Assert.Equal(("4242", "-1", "[1,2]", "010aff"), (message.Parameters["Pid"], message.Parameters["Inner.A"], message.Parameters["Inner.List"], message.Parameters["Bytes"]));
        Assert.DoesNotContain(message.Text, char.IsControl);
        Assert.Equal((14, "opensnoop", "print_opens"), (message.Priority, message.App, message.Id));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2147483647, 2147483647)]
    [InlineData(2147483648, 1)]
    public void Sequence_number_wraps_around_at_the_limit_of_the_rfc(long sequence, int expected) =>
        Assert.Equal($"{expected}", Parse(new SyslogMessage("h", 1, 2048).Encode(Record("x") with { Sequence = sequence })).Sequence);

    [Theory]
    [InlineData(480)]
    [InlineData(2048)]
    public void Message_that_is_too_long_is_cut_between_characters_and_marked(int most)
    {
        var record = Record(new string('ü', 5000)) with { Attributes = [new("short", "x"), new("long", new string('y', 5000)), new("last", "z")] };

        var bytes = new SyslogMessage("h", 1, most).Encode(record);
        var message = Parse(bytes);

        Assert.InRange(bytes.Length, most - 2, most);
        Assert.Equal(("true", "x", "z"), (message.Parameters["truncated"], message.Parameters["short"], message.Parameters["last"]));
        Assert.DoesNotContain("long", message.Parameters.Keys);
        Assert.EndsWith("ü…", message.Text, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', message.Text);
    }

    [Fact]
    public void Message_with_too_long_text_is_marked_as_truncated()
    {
        var bytes = new SyslogMessage("h", 1, 2048).Encode(Record(new string('x', 5000)));
        Assert.Equal(2048, bytes.Length);
        Assert.Equal("true", Parse(bytes).Parameters["truncated"]);
        Assert.EndsWith("x…", Parse(bytes).Text, StringComparison.Ordinal);

        // Exact to the byte.
        var room = 2048 - new SyslogMessage("h", 1, 2048).Encode(Record("")).Length;
        Assert.DoesNotContain("truncated", Parse(new SyslogMessage("h", 1, 2048).Encode(Record(new string('x', room)))).Parameters.Keys);
        Assert.Contains("truncated", Parse(new SyslogMessage("h", 1, 2048).Encode(Record(new string('x', room + 1)))).Parameters.Keys);
    }

    [Fact]
    public async Task Datagram_is_a_message()
    {
        using var receiver = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var transport = new SyslogTransport(SyslogAddress.Parse($"127.0.0.1:{((IPEndPoint)receiver.Client.LocalEndPoint!).Port}"));

        Assert.Equal(SendResult.Delivered(2), await transport.SendAsync([Record("one"), Record("two")], default));
        Assert.Equal("one", Parse((await receiver.ReceiveAsync()).Buffer).Text);
        Assert.Equal("two", Parse((await receiver.ReceiveAsync()).Buffer).Text);
    }

    [Fact]
    public async Task Connection_has_messages_with_their_length_and_is_made_anew()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var transport = new SyslogTransport(SyslogAddress.Parse($"tcp://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}"));

        Assert.Equal(SendResult.Delivered(2), await transport.SendAsync([Record("one ü"), Record("two")], default));
        using (var first = await listener.AcceptTcpClientAsync())
        {
            var stream = first.GetStream();
            Assert.Equal("one ü", Parse(await Frame(stream)).Text);
            Assert.Equal("two", Parse(await Frame(stream)).Text);
        }

        // The receiver has closed the connection. The next batch must detect this before writing.
        Wait.Until(() => transport.IsClosed);
        Assert.Equal(SendResult.Delivered(1), await transport.SendAsync([Record("three")], default));
        using var second = await listener.AcceptTcpClientAsync();
        Assert.Equal("three", Parse(await Frame(second.GetStream())).Text);
    }

    [Fact]
    public async Task Connection_with_tls_is_made_anew_when_the_receiver_has_closed_it()
    {
        using var authority = new TestAuthority();
        using var certificate = X509Certificate2.CreateFromPemFile(authority.ServerCertificate, authority.ServerKey);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(authority.Certificate);
        using var transport = new SyslogTransport(SyslogAddress.Parse($"tls://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}")) { Trust = trust };

        foreach (var text in (string[])["one", "two"])
        {
            var received = Task.Run(async () =>
            {
                using var client = await listener.AcceptTcpClientAsync();
                await using var stream = new SslStream(client.GetStream());
                await stream.AuthenticateAsServerAsync(certificate);
                var message = await Frame(stream);
                await stream.ShutdownAsync();
                return message;
            });
            Assert.Equal(SendResult.Delivered(1), await transport.SendAsync([Record(text)], default));
            Assert.Equal(text, Parse(await received).Text);
            Wait.Until(() => transport.IsClosed);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Groups_that_were_written_are_settled_when_the_connection_breaks_or_the_time_is_over(bool isOver)
    {
        using var end = new CancellationTokenSource();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Server.ReceiveBufferSize = 1 << 16;
        listener.Start();
        using var transport = new SyslogTransport(SyslogAddress.Parse($"tcp://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        LogRecord[] batch = [.. Enumerable.Range(0, 1500).Select(_ => Record(new string('x', 8000)))];

        // More than the kernel's buffers hold. The receiver reads a part, and then stops or resets the connection.
        var sending = transport.SendAsync(batch, end.Token);
        using (var client = await listener.AcceptTcpClientAsync())
        {
            await client.GetStream().ReadExactlyAsync(new byte[100_000]);
            if (isOver)
            {
                end.Cancel();
                await sending;
            }

            client.LingerState = new LingerOption(true, 0);
        }

        var result = await sending;
        Assert.InRange(result.Settled, 10, batch.Length - 1);
        Assert.Equal(0, result.Refused);
        Assert.NotNull(result.Reason);
    }

    [Fact]
    public async Task Receiver_that_does_not_listen_is_tried_again_later()
    {
        using var held = new TcpListener(IPAddress.Loopback, 0);
        held.Start();
        var port = ((IPEndPoint)held.LocalEndpoint).Port;
        held.Stop();
        using var transport = new SyslogTransport(SyslogAddress.Parse($"tcp://127.0.0.1:{port}"));

        var result = await transport.SendAsync([Record("one")], default);

        Assert.Equal((0, 0), (result.Settled, result.Refused));
        Assert.Contains($"tcp://127.0.0.1:{port}", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificate_that_is_not_trusted_gets_no_message()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var received = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            await using var stream = new SslStream(client.GetStream());
            await stream.AuthenticateAsServerAsync(made);
            return await stream.ReadAsync(new byte[100]);
        });
        using var transport = new SyslogTransport(SyslogAddress.Parse($"tls://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}"));

        var result = await transport.SendAsync([Record("one")], default);

        Assert.Equal(0, result.Settled);
        try
        {
            Assert.Equal(0, await received);
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException)
        {
            // The handshake ended before the server had read.
        }
    }

    [Theory]
    [InlineData("logs", "udp://logs:514")]
    [InlineData("logs:1514", "udp://logs:1514")]
    [InlineData("udp://192.0.2.1", "udp://192.0.2.1:514")]
    [InlineData("TCP://logs.example.com:601/", "tcp://logs.example.com:601")]
    [InlineData("tls://logs", "tls://logs:6514")]
    [InlineData("[2001:db8::1]:1514", "udp://[2001:db8::1]:1514")]
    [InlineData("2001:db8::1", "udp://[2001:db8::1]:514")]
    public void Address_has_a_scheme_host_and_port(string text, string expected) => Assert.Equal(expected, SyslogAddress.Parse(text).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("http://logs")]
    [InlineData("logs:0")]
    [InlineData("logs:65536")]
    [InlineData("logs:x")]
    [InlineData("logs:")]
    [InlineData("a b")]
    [InlineData("[::1")]
    [InlineData("[::1]x")]
    [InlineData("tcp://")]
    public void Text_that_is_not_an_address_is_an_error(string text) => Assert.Equal(LogFault.InvalidAddress, Assert.Throws<LogException>(() => SyslogAddress.Parse(text)).Fault);

    [Theory]
    [InlineData("tls://user:sesame@logs")]
    [InlineData("user:sesame@logs:6514")]
    [InlineData("tls://sesame%40logs:x")]
    public void Error_of_an_address_does_not_repeat_a_login(string text) =>
        Assert.DoesNotContain("sesame", Assert.Throws<LogException>(() => SyslogAddress.Parse(text)).Message, StringComparison.Ordinal);

    private static LogRecord Record(string body) => new() { Sequence = 1, Observed = s_now, EventName = "e", Body = body };

    // Octet counting, read byte by byte.
    private static async Task<byte[]> Frame(Stream stream)
    {
        var length = 0;
        for (var letter = new byte[1]; await stream.ReadAsync(letter) == 1 && letter[0] != ' ';)
        {
            Assert.InRange(letter[0], (byte)'0', (byte)'9');
            length = (length * 10) + letter[0] - '0';
        }

        var message = new byte[length];
        await stream.ReadExactlyAsync(message);
        return message;
    }

    // Written from the ABNF of RFC 5424, 6, independently of the encoder.
    private static Message Parse(byte[] bytes)
    {
        var match = Grammar().Match(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes));
        Assert.True(match.Success, Encoding.UTF8.GetString(bytes));
        var parameters = match.Groups["name"].Captures.Zip(match.Groups["value"].Captures).ToDictionary(pair => pair.First.Value, pair => Regex.Replace(pair.Second.Value, """\\([\\"\]])""", "$1"));
        Assert.True(DateTimeOffset.TryParse(match.Groups["time"].Value, out _));
        return new Message(int.Parse(match.Groups["pri"].Value, System.Globalization.CultureInfo.InvariantCulture), match.Groups["app"].Value, match.Groups["id"].Value, match.Groups["seq"].Value, parameters, match.Groups["msg"].Value);
    }

    [GeneratedRegex("""
        ^<(?<pri>[0-9]{1,3})>1\ (?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}[+-]\d\d:\d\d)\ (?<host>[!-~]{1,255})\ (?<app>[!-~]{1,48})\ (?<proc>[!-~]{1,128})\ (?<id>[!-~]{1,32})\ 
        \[meta\ sequenceId="(?<seq>[0-9]{1,10})"\]
        \[bee@32473(\ (?<name>[!#-<>-\\^-~]{1,32})="(?<value>(\\["\\\]]|[^"\\\]])*)")*\]
        \ \uFEFF(?<msg>.*)$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex Grammar();

    private sealed record Message(int Priority, string App, string Id, string Sequence, IReadOnlyDictionary<string, string> Parameters, string Text);
}
