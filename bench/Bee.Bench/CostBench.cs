using System.Diagnostics;
using System.Globalization;
using Bee.Ebpf;
using Bee.Ebpf.Programs;

namespace Bee.Bench;

/// <summary>
/// The cost of the kernel's statistics for each run of a program, measured by getpgid calls of a process that the program ignores; and the cost of a window of an overhead limit for the watching process.
/// </summary>
internal static class CostBench
{
    private const int Calls = 200_000;
    private const int Rounds = 31;
    private const int Windows = 1000;
    private const double Target = 150;
    private const double WindowTarget = 1000;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        using var caller = bench.Start("caller");
        var live = bench.Object("live");
        using var session = BpfSession.Load(live, new BpfSessionOptions { Parameters = { ["target_pid"] = int.MaxValue } });
        session.Attach();
        var without = new List<double>();
        var with = new List<double>();
        for (var i = -1; i < Rounds; i++)
        {
            // Short turns, so that other load on the machine affects both sides.
            var bare = LiveBench.Call(caller, Calls);
            using var lease = StatisticsLease.Acquire();
            var counted = LiveBench.Call(caller, Calls);
            if (i >= 0)
            {
                without.Add(bare);
                with.Add(counted);
            }
        }

        var added = Report.Median(with.Zip(without, (counted, bare) => counted - bare));
        yield return new Row("cost of statistics, a run", Time(Report.Median(without), "ns"), Time(Report.Median(with), "ns"), $"{added:+0;-0} ns", $"<= +{Target} ns", added <= Target);

        var sampler = new ProgramSampler(session.Programs);
        var limit = new OverheadLimit(1);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < Windows; i++)
        {
            _ = limit.Add(sampler.Sample());
        }

        var window = Stopwatch.GetElapsedTime(start).TotalMicroseconds / Windows;
        yield return new Row("  (a limit, each second)", "", Time(window, "us"), "", $"<= {WindowTarget} us", window <= WindowTarget);
    }

    private static string Time(double value, string unit) => $"{value.ToString("0", CultureInfo.InvariantCulture)} {unit}";
}
