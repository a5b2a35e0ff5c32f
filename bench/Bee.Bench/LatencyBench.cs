using System.Diagnostics;
using System.Globalization;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Bench;

/// <summary>The time from an event to the call of an idle reader's sink.</summary>
internal static class LatencyBench
{
    private const int Events = 20;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        using var caller = bench.Start("caller");
        var live = bench.Object("live");
        using var session = BpfSession.Load(live, new BpfSessionOptions { Parameters = { ["target_pid"] = caller.Id } });
        using var reader = session.OpenReader(new EventReaderOptions());
        session.Attach();
        using var stop = new CancellationTokenSource();
        var sink = new LatencySink();
        var thread = new Thread(() => reader.Run(sink, stop.Token));
        thread.Start();
        for (var i = 0; i < Events; i++)
        {
            Thread.Sleep(100);
            LiveBench.Call(caller, 1);
        }

        Thread.Sleep(100);
        stop.Cancel();
        thread.Join();
        var first = sink.Latencies[0];
        var worst = sink.Latencies.Max();
        yield return new Row("first event seen after", "", Milliseconds(first), "", "<= 10 ms", sink.Latencies.Count == Events && first <= 10);
        yield return new Row("  (median and worst of 20)", "", Milliseconds(Report.Median(sink.Latencies)), Milliseconds(worst), "", null);
    }

    private static string Milliseconds(double value) => value.ToString("0.00", CultureInfo.InvariantCulture) + " ms";

    private sealed class LatencySink : IEventSink
    {
        public List<double> Latencies { get; } = [];

        public bool Event(BpfEvent e)
        {
            // Both clocks are CLOCK_MONOTONIC in nanoseconds; the event has the raw number.
            var now = Stopwatch.GetTimestamp();
            Latencies.Add((now - (long)(ulong)e.GetType().GetProperty("ts")!.GetValue(e)!) / 1e6);
            return true;
        }

        public void Lost(string map, ulong count) => throw new InvalidOperationException($"{count} lost");
    }
}
