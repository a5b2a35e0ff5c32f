using System.Diagnostics;
using System.Globalization;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;

namespace Bee.Bench;

/// <summary>Measures reading a million events from a 16 MiB ring buffer into a capture, compared with the same reader without a capture.</summary>
internal static class CaptureBench
{
    public static IEnumerable<Row> Run(Workbench bench)
    {
        var plain = new List<double>();
        var captured = new List<double>();
        var imported = new List<double>();
        ulong lost = 0;
        long bytes = 0;
        for (var i = -2; i < Report.Runs; i++)
        {
            var plainRate = Rate(bench, null, out _, out _);
            var capturedRate = Rate(bench, bench.Path("bench.beecap"), out var runLost, out bytes);
            var start = Stopwatch.GetTimestamp();
            var sink = new CountingSink();
            using (var reader = CaptureReader.Open(bench.Path("bench.beecap")))
            {
                reader.Read(sink, CancellationToken.None);
            }

            if (i >= 0)
            {
                plain.Add(plainRate);
                captured.Add(capturedRate);
                imported.Add(sink.Count / Stopwatch.GetElapsedTime(start).TotalSeconds);
                lost += runLost;
            }
        }

        yield return Report.Rates("captured vs counted", Report.Median(plain), Report.Median(captured), 0.5);
        yield return new Row("  (events a second, of calls and end)", "", Report.Millions(Report.Median(captured)), "", ">= 1 M/s", Report.Median(captured) >= 1e6);
        yield return new Row("  (events lost of 5 M)", "", "", lost.ToString(CultureInfo.InvariantCulture), "0", lost == 0);
        yield return new Row("  (bytes an event in the file)", "48 B", Report.Number(bytes / (double)EventRate.Calls) + " B", "", "", null);
        yield return new Row("  (read again)", "", Report.Millions(Report.Median(imported)), "", "", null);
    }

    // From the first call to the last event, or to the end of the file.
    private static double Rate(Workbench bench, string? path, out ulong lost, out long bytes)
    {
        using var writer = path is null ? null : CaptureWriter.Create(new CaptureOptions(path) { Replace = true });
        long written = 0;
        var rate = EventRate.Measure(bench, counter => writer is null ? counter : new Sink(writer, counter), () => written = writer?.Complete().Bytes ?? 0, out lost);
        bytes = written;
        return rate;
    }

    private sealed class Sink(CaptureWriter writer, IEventSink next) : IEventSink
    {
        public bool Event(BpfEvent e)
        {
            writer.Write(e);
            return next.Event(e);
        }

        public void Lost(string map, ulong count)
        {
            writer.WriteLost(map, count);
            next.Lost(map, count);
        }
    }
}
