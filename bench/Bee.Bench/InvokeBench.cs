using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Bee.Ebpf.Records;

namespace Bee.Bench;

/// <summary>From Invoke-BeeProgram on an object file to the attached program, in an engine that has just imported the module; against the whole run of bpftool.</summary>
internal static partial class InvokeBench
{
    private const string Name = "Invoke-BeeProgram to attached, cold";
    private const double MostMore = 150;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        if (Engine.Module is not { } module)
        {
            yield return Engine.NoModule(Name);
            yield break;
        }

        if (!Workbench.Has("bpftool"))
        {
            yield return new Row(Name, "", "", "", "needs bpftool", null);
            yield break;
        }

        var floor = new List<double>();
        var bee = new List<double>();
        for (var i = -1; i < Report.Runs; i++)
        {
            var (floorTime, beeTime) = (AttachBench.Bpftool(bench), Engine.Again("--invoke-once", module, bench.Path("live.o")));
            if (i >= 0)
            {
                floor.Add(floorTime);
                bee.Add(beeTime);
            }
        }

        var more = Report.Median(bee) - Report.Median(floor);
        yield return new Row(Name, Engine.Milliseconds(Report.Median(floor)), Engine.Milliseconds(Report.Median(bee)), $"{more:+0;-0} ms", $"<= +{MostMore} ms", more <= MostMore);
    }

    /// <summary>The work of the child process. Prints milliseconds until the program saw the first call of the process.</summary>
    public static int Once(string module, string path)
    {
        using var runspace = Engine.Open();
        Engine.Run(runspace, $"Import-Module '{module}'");
        using var done = new ManualResetEventSlim();
        var calls = new Thread(() =>
        {
            while (!done.Wait(1))
            {
                GetProcessGroup(0);
            }
        });
        calls.Start();
        var start = Stopwatch.GetTimestamp();
        var seen = Engine.Run(runspace, $"Invoke-BeeProgram '{path}' -Parameter @{{ target_pid = {Environment.ProcessId} }} -MaxEvents 1");
        done.Set();
        calls.Join();
        // Both clocks are CLOCK_MONOTONIC in nanoseconds.
        var first = (long)(ulong)((BpfEvent)seen[0].BaseObject).GetType().GetProperty("ts")!.GetValue(seen[0].BaseObject)!;
        Console.WriteLine(((first - start) / 1e6).ToString(CultureInfo.InvariantCulture));
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "getpgid")]
    private static partial int GetProcessGroup(int pid);
}
