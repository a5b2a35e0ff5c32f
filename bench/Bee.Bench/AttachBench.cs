using System.Diagnostics;
using System.Globalization;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;

namespace Bee.Bench;

/// <summary>From an object file to attached programs in a fresh process, against the whole run of bpftool.</summary>
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

    /// <summary>Measures a run of bpftool that loads the same program, in milliseconds.</summary>
    public static double Bpftool(Workbench bench)
    {
        var pins = $"/sys/fs/bpf/bee-bench-{Environment.ProcessId}";
        var start = Stopwatch.GetTimestamp();
        Workbench.Run("bpftool", "prog", "loadall", bench.Path("untyped.o"), pins);
        var elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        Directory.Delete(pins, recursive: true);
        return elapsed;
    }

    /// <summary>The work of the child process. Prints milliseconds.</summary>
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
