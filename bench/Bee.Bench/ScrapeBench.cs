using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Bee.Ebpf;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;
using Bee.Telemetry.Serving;

namespace Bee.Bench;

/// <summary>A scrape of 10,000 series: encodes them, and answers a request for them. scrape.c has the same series.</summary>
internal static class ScrapeBench
{
    private const double Limit = 50;

    // A round takes a few milliseconds, so run more rounds until the runtime has recompiled hot methods.
    private const int WarmUps = 10 * Report.WarmUps;

    /// <summary>The series as a metric source.</summary>
    public static IMetricSource TenThousand { get; } = new Source(Families());

    public static IEnumerable<Row> Run(Workbench bench)
    {
        Workbench.Run("gcc", "-O2", Workbench.Source("scrape.c"), "-o", bench.Path("scrape"));
        var families = Families();
        var floor = new List<double>();
        var times = Enum.GetValues<ExpositionFormat>().ToDictionary(format => format, _ => new List<double>());
        for (var i = -WarmUps; i < Report.Runs; i++)
        {
            var c = i < 0 ? [] : Workbench.Numbers(Workbench.Run(bench.Path("scrape")));
            foreach (var (format, list) in times)
            {
                using var buffer = new ExpositionBuffer();
                var start = CpuClock.Now();
                MetricEncoder.Encode(MergedFamilies.Merge(families).Families, format, buffer);
                var elapsed = CpuClock.Now() - start;
                if (i >= 0 && format == ExpositionFormat.Text && buffer.Written.Span.Count((byte)'\n') != c[0])
                {
                    throw new InvalidOperationException("Both sides must write the same lines.");
                }

                if (i >= 0)
                {
                    list.Add(elapsed / 1e6);
                }
            }

            if (i >= 0)
            {
                floor.Add(c[1] / 1e6);
            }
        }

        var text = Report.Median(times[ExpositionFormat.Text]);
        var snprintf = Report.Median(floor);
        yield return new Row("scrape, 10,000 series, text vs snprintf", Time(snprintf), Time(text), Report.Number(text / snprintf), "<= 1.00", text <= snprintf && text <= Limit);
        foreach (var format in (ExpositionFormat[])[ExpositionFormat.OpenMetrics, ExpositionFormat.Protobuf])
        {
            var time = Report.Median(times[format]);
            yield return new Row($"  (encoded as {format})", "", Time(time), "", $"<= {Limit} ms", time <= Limit);
        }

        var collected = Report.Median(Collected(bench));
        yield return new Row("  (read from a hash map, as text)", "", Time(collected), "", $"<= {Limit} ms", collected <= Limit);
        var answered = Report.Median(Answered(families));
        yield return new Row("  (answered by HTTP with gzip)", "", Time(answered), "", $"<= {Limit} ms", answered <= Limit);
    }

    // From the entries in the kernel, with a key of five fields, to the text.
    private static List<double> Collected(Workbench bench)
    {
        using var session = BpfSession.Load(bench.Object("series"), new BpfSessionOptions());
        session.Programs.Single(program => program.Name == "fill_hash").TestRun();
        var metrics = new SessionMetrics(new SessionMeter(session, []), new SessionMetricsOptions { Tool = "bench", SeriesLimit = 20_000 });
        var times = new List<double>();
        for (var i = -WarmUps; i < Report.Runs; i++)
        {
            using var buffer = new ExpositionBuffer();
            var start = CpuClock.Now();
            MetricEncoder.Encode(MergedFamilies.Merge(metrics.Collect(CancellationToken.None)).Families, ExpositionFormat.Text, buffer);
            if (i >= 0)
            {
                times.Add((CpuClock.Now() - start) / 1e6);
            }

            if (buffer.Written.Span.Count((byte)'\n') < 10_000)
            {
                throw new InvalidOperationException("The scrape must have 10,000 series.");
            }
        }

        return times;
    }

    // The CPU time of both sides; the client only counts bytes.
    private static List<double> Answered(MetricFamily[] families)
    {
        var source = new Source(families);
        using var server = MetricServer.Start(new MetricServerOptions { Listen = "127.0.0.1:0", Sources = () => [source] });
        var request = "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"u8.ToArray();
        var bytes = new byte[1 << 20];
        var times = new List<double>();
        for (var i = -WarmUps; i < Report.Runs; i++)
        {
            var start = CpuClock.Now();
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(server.Endpoint);
            socket.Send(request);
            var total = 0;
            for (int read; (read = socket.Receive(bytes)) > 0; total += read)
            {
                if (total == 0 && !Encoding.ASCII.GetString(bytes, 0, 15).StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
                {
                    throw new InvalidOperationException("The scrape failed.");
                }
            }

            if (i >= 0)
            {
                times.Add((CpuClock.Now() - start) / 1e6);
            }
        }

        return times;
    }

    private static MetricFamily[] Families()
    {
        string[] comms = [.. Enumerable.Range(0, 5000).Select(i => $"worker-{i}")];
        var bounds = Enumerable.Range(0, 27).Select(k => (1 << k) / 1e9).ToArray();
        return
        [
            new(new("bee_bench_opens", MetricType.Counter, null, "Files opened.", ["comm", "path"]),
                [.. comms.Select((comm, i) => new MetricSeries([comm, $"/usr/lib/x86_64-linux-gnu/lib{i}.so"], i * 1000.0) { Created = DateTime.UtcNow })]),
            new(new("bee_bench_load_ratio", MetricType.Gauge, "ratio", "Load.", ["comm"]), [.. comms.Take(2000).Select((comm, i) => new MetricSeries([comm], i / 7.0))]),
            new(new("bee_bench_latency_seconds", MetricType.Histogram, "seconds", "Latency.", ["comm"]), [.. comms.Take(100).Select((comm, i) =>
            {
                var histogram = new MetricHistogram(bounds, [.. Enumerable.Range(0, 28).Select(k => k < 27 ? (ulong)(i * k) : 0)], i / 3.0);
                return new MetricSeries([comm], histogram.Count) { Created = DateTime.UtcNow, Histogram = histogram };
            })]),
        ];
    }

    private static string Time(double milliseconds) => milliseconds.ToString("0.00", CultureInfo.InvariantCulture) + " ms";

    private sealed class Source(MetricFamily[] families) : IMetricSource
    {
        public bool IsReady => true;

        public IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken) => families;
    }
}
