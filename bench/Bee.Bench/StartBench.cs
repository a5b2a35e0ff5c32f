using System.Diagnostics;
using System.Management.Automation.Runspaces;

namespace Bee.Bench;

/// <summary>Start-BeeProgram and Stop-BeeProgram with the names of containers, in a warm engine; against the same without names, in turns.</summary>
internal static class StartBench
{
    private const string Name = "start and stop with containers' names";
    private const double Most = 1.25;
    private const int Rounds = 8;

    // The recorder is closed, or even still loaded, after a session has stopped. Neither side pays for that of the round before.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);

    public static IEnumerable<Row> Run(Workbench bench)
    {
        if (Engine.Module is not { } module)
        {
            yield return Engine.NoModule(Name);
            yield break;
        }

        var runtime = Directory.CreateDirectory(bench.Path("runc")).FullName;
        using var runspace = Engine.Open();
        // A runtime without containers: the cost is that of looking for them.
        Engine.Run(runspace, $"Import-Module '{module}'; $env:BEE_CONTAINER_RUNTIME = 'runc:{runtime}'");
        var without = new List<double>();
        var with = new List<double>();
        for (var i = -2; i < Rounds; i++)
        {
            var (floor, bee) = (Once(runspace, bench, "-NoContainer"), Once(runspace, bench, ""));
            if (i >= 0)
            {
                without.Add(floor);
                with.Add(bee);
            }
        }

        Environment.SetEnvironmentVariable("BEE_CONTAINER_RUNTIME", null);
        var ratio = Report.Median(with) / Report.Median(without);
        yield return new Row(Name, Engine.Milliseconds(Report.Median(without)), Engine.Milliseconds(Report.Median(with)), Report.Number(ratio), $"<= {Report.Number(Most)}", ratio <= Most);
    }

    private static double Once(Runspace runspace, Workbench bench, string names)
    {
        Thread.Sleep(s_pause);
        var start = Stopwatch.GetTimestamp();
        Engine.Run(runspace, $"Start-BeeProgram '{bench.Path("live.o")}' -Parameter @{{ target_pid = {Environment.ProcessId} }} {names} | Stop-BeeProgram");
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
