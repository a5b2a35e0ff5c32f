using System.Diagnostics;
using Bee.Ebpf;
using Bee.Ebpf.Events;

namespace Bee.Bench;

/// <summary>Reads the events of a million calls that another process makes back to back, from a ring of 16 MiB.</summary>
internal static class EventRate
{
    /// <summary>The number of calls.</summary>
    public const int Calls = 1_000_000;

    /// <summary>Measures the events per second, from the first call until <paramref name="end"/> returns.</summary>
    /// <param name="bench">The workbench.</param>
    /// <param name="sink">Wraps the counting sink.</param>
    /// <param name="end">The work after the last event that belongs to the reading.</param>
    /// <param name="lost">The number of lost events.</param>
    public static double Measure(Workbench bench, Func<IEventSink, IEventSink> sink, Action end, out ulong lost)
    {
        using var caller = bench.Start("caller");
        var live = bench.Object("live");
        using var session = BpfSession.Load(live, new BpfSessionOptions { Parameters = { ["target_pid"] = caller.Id } });
        using var reader = session.OpenReader(new EventReaderOptions());
        session.Attach();
        using var stop = new CancellationTokenSource();
        var counter = new CountingSink();
        var last = sink(counter);
        var thread = new Thread(() => reader.Run(last, stop.Token));
        thread.Start();
        Thread.Sleep(50);
        var start = Stopwatch.GetTimestamp();
        LiveBench.Call(caller, Calls);
        stop.Cancel();
        thread.Join();
        end();
        var rate = Calls / Stopwatch.GetElapsedTime(start).TotalSeconds;
        lost = counter.LostCount;
        return counter.Count + (long)lost == Calls ? rate : throw new InvalidOperationException($"{counter.Count} events were read and {lost} lost.");
    }
}
