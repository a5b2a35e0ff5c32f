using System.Diagnostics;
using System.Globalization;
using Bee.Ebpf;

namespace Bee.Bench;

/// <summary>From an object file to attached programs, in a process that has just started, compared with bpftool as a whole.</summary>
internal static class AttachBench
{
    private const double MostMore = 150;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        var floor = new List<double>();
        var bee = new List<double>();
        var pins = $"/sys/fs/bpf/bee-bench-{Environment.ProcessId}";
        for (var i = 0; i < Report.Runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            Workbench.Run("bpftool", "prog", "loadall", bench.Path("untyped.o"), pins);
            floor.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Directory.Delete(pins, recursive: true);
            bee.Add(double.Parse(Workbench.Run(Environment.ProcessPath!, Arguments(bench.Path("live.o"))), CultureInfo.InvariantCulture));
        }

        var more = Report.Median(bee) - Report.Median(floor);
        yield return new Row("file to attached, cold, vs bpftool", Milliseconds(Report.Median(floor)), Milliseconds(Report.Median(bee)), $"{more:+0;-0} ms", $"<= +{MostMore} ms", more <= MostMore);
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

    // Started as "dotnet Bee.Bench.dll" or by its own executable.
    private static string[] Arguments(string path) => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [typeof(AttachBench).Assembly.Location, "--attach-once", path]
        : ["--attach-once", path];

    private static string Milliseconds(double value) => value.ToString("0", CultureInfo.InvariantCulture) + " ms";
}
