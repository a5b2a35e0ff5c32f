using System.Globalization;
using System.Net;
using Bee.Telemetry.Otlp;

namespace Bee.Bench;

/// <summary>
/// Reads the events of a million calls of another process while 10,000 series are exported every 100 ms to a receiver in this process; against the same reader without an export.
/// </summary>
internal static class OtlpBench
{
    public static IEnumerable<Row> Run(Workbench bench)
    {
        var plain = new List<double>();
        var exported = new List<double>();
        ulong lost = 0;
        using var receiver = new Receiver();
        for (var i = -2; i < Report.Runs; i++)
        {
            var plainRate = Rate(bench, null, out _);
            var exportedRate = Rate(bench, receiver, out var runLost);
            if (i >= 0)
            {
                plain.Add(plainRate);
                exported.Add(exportedRate);
                lost += runLost;
            }
        }

        yield return Report.Rates("read while exported by OTLP", Report.Median(plain), Report.Median(exported), 0.5);
        yield return new Row("  (events lost of 5 M)", "", "", lost.ToString(CultureInfo.InvariantCulture), "0", lost == 0);
        yield return new Row("  (bytes an export, with gzip)", "", "", receiver.Bytes.ToString(CultureInfo.InvariantCulture), "", null);
    }

    private static double Rate(Workbench bench, Receiver? receiver, out ulong lost)
    {
        using var pusher = receiver is null ? null : new MetricPusher(
            new OtlpOptions { Endpoint = receiver.Address, Interval = TimeSpan.FromMilliseconds(100) },
            () => [ScrapeBench.TenThousand]);
        pusher?.Start();
        var rate = EventRate.Measure(bench, counter => counter, static () => { }, out lost);
        pusher?.Complete(TimeSpan.FromSeconds(30), CancellationToken.None);
        return pusher?.Report() is { } report ? throw new InvalidOperationException(report) : rate;
    }

    // Accepts every request.
    private sealed class Receiver : IDisposable
    {
        private readonly HttpListener _listener = new();

        public Receiver()
        {
            Address = new Uri($"http://127.0.0.1:{FreePort()}/");
            _listener.Prefixes.Add(Address.AbsoluteUri);
            _listener.Start();
            _ = AcceptAsync();
        }

        public Uri Address { get; }

        public long Bytes { get; private set; }

        public void Dispose() => _listener.Close();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    var context = await _listener.GetContextAsync();
                    await context.Request.InputStream.CopyToAsync(Stream.Null);
                    Bytes = context.Request.ContentLength64;
                    context.Response.Close();
                }
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                // The end of the request.
            }
        }

        private static int FreePort()
        {
            using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            return ((IPEndPoint)probe.LocalEndpoint).Port;
        }
    }
}
