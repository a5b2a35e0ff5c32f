using System.Diagnostics;
using System.Globalization;
using Bee.Ebpf;
using Bee.Ebpf.Events;

namespace Bee.Bench;

/// <summary>The cost of each of a million calls for the calling process, while the events are read from a ring of 16 MiB by Bee, and by readers in C.</summary>
internal static class LiveBench
{
    private const int Calls = 1_000_000;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        var bare = new List<double>();
        var nap = new List<double>();
        var epoll = new List<double>();
        var bee = new List<double>();
        ulong lost = 0;
        for (var i = -1; i < Report.Runs; i++)
        {
            var bareTime = Bare(bench);
            var napTime = UnderC(bench, "live");
            var epollTime = UnderC(bench, "epoll");
            var (beeTime, beeLost) = UnderBee(bench);
            if (i >= 0)
            {
                bare.Add(bareTime);
                nap.Add(napTime);
                epoll.Add(epollTime);
                bee.Add(beeTime);
                lost += beeLost;
            }
        }

        var (floor, mine) = (Report.Median(nap), Report.Median(bee));
        yield return new Row("live, cost a call vs napping C", Nanoseconds(floor), Nanoseconds(mine), Report.Number(mine / floor), "<= 1.30", mine / floor <= 1.3);
        yield return new Row("live, events lost of 5 M", "", "", lost.ToString(CultureInfo.InvariantCulture), "0", lost == 0);
        yield return new Row("  (a call without any tracing)", Nanoseconds(Report.Median(bare)), "", "", "", null);
        yield return new Row("  (a call under C in epoll)", Nanoseconds(Report.Median(epoll)), "", "", "", null);
    }

    private static double Bare(Workbench bench)
    {
        using var caller = bench.Start("caller");
        return Call(caller, Calls);
    }

    private static double UnderC(Workbench bench, string mode)
    {
        using var caller = bench.Start("caller");
        using var reader = bench.Start("floor", mode, bench.Path("live.o"), caller.Id.ToString(CultureInfo.InvariantCulture));
        reader.StandardOutput.ReadLine();
        var cost = Call(caller, Calls);
        reader.StandardInput.Close();
        var numbers = Workbench.Numbers(reader.StandardOutput.ReadToEnd());
        reader.WaitForExit();
        return numbers[0] + numbers[1] == Calls ? cost : throw new InvalidOperationException($"The reader in C saw {numbers[0]} events and lost {numbers[1]}.");
    }

    private static (double Cost, ulong Lost) UnderBee(Workbench bench)
    {
        using var caller = bench.Start("caller");
        var live = bench.Object("live");
        using var session = BpfSession.Load(live, new BpfSessionOptions { Parameters = { ["target_pid"] = caller.Id } });
        using var reader = session.OpenReader(new EventReaderOptions());
        session.Attach();
        using var stop = new CancellationTokenSource();
        var sink = new CountingSink();
        var thread = new Thread(() => reader.Run(sink, stop.Token));
        thread.Start();
        Thread.Sleep(50);
        var cost = Call(caller, Calls);
        stop.Cancel();
        thread.Join();
        return sink.Count + (long)sink.LostCount == Calls ? (cost, sink.LostCount) : throw new InvalidOperationException($"Bee saw {sink.Count} events and lost {sink.LostCount}.");
    }

    /// <summary>Makes the process start its calls, and returns the nanoseconds of each.</summary>
    public static double Call(Process caller, int calls)
    {
        caller.StandardInput.WriteLine(calls);
        caller.StandardInput.Flush();
        return double.Parse(caller.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture) / calls;
    }

    private static string Nanoseconds(double value) => value.ToString("0", CultureInfo.InvariantCulture) + " ns";
}
