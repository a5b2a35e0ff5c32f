using System.Diagnostics;
using System.Globalization;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;

namespace Bee.Bench;

/// <summary>From an object file to attached programs, in a process that has just started, compared with bpftool as a whole.</summary>
internal static class AttachBench
{
    private const string Name = "library, file to attached, cold";
    private const double MostMore = 150;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        if (!Workbench.Has("bpftool"))
        {
            yield return new Row(Name, "", "", "", "needs bpftool", null);
            yield break;
        }

        var floor = new List<double>();
        var bee = new List<double>();
        for (var i = -1; i < Report.Runs; i++)
        {
            var (floorTime, beeTime) = (Bpftool(bench), Engine.Again("--attach-once", bench.Path("live.o")));
            if (i >= 0)
            {
                floor.Add(floorTime);
                bee.Add(beeTime);
            }
        }

        var more = Report.Median(bee) - Report.Median(floor);
        yield return new Row(Name, Engine.Milliseconds(Report.Median(floor)), Engine.Milliseconds(Report.Median(bee)), $"{more:+0;-0} ms", $"<= +{MostMore} ms", more <= MostMore);
    }

    /// <summary>How many milliseconds bpftool takes to load the same program, from its start to its end.</summary>
    public static double Bpftool(Workbench bench)
    {
        var pins = $"/sys/fs/bpf/bee-bench-{Environment.ProcessId}";
        var start = Stopwatch.GetTimestamp();
        Workbench.Run("bpftool", "prog", "loadall", bench.Path("untyped.o"), pins);
        var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Directory.Delete(pins, recursive: true);
        return elapsed;
    }

    /// <summary>What the started process does: prints milliseconds.</summary>
    public static int Once(string path)
    {
        var start = Stopwatch.GetTimestamp();
        using var session = BpfSession.Load(ObjectFile.Read(path), new BpfSessionOptions());
        using var reader = session.OpenReader(new EventReaderOptions());
        session.Attach();
        Console.WriteLine(Stopwatch.GetElapsedTime(start).TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        return 0;
    }
}
