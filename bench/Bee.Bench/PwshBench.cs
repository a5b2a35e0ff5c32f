using System.Diagnostics;

namespace Bee.Bench;

/// <summary>Whole processes of pwsh, against one that does nothing; and a million events through its pipeline.</summary>
internal static class PwshBench
{
    private const string Name = "pwsh";
    private const double MostForImport = 110, MostForAttach = 350, LeastOfCeiling = 0.95;
    private const int Events = 1_000_000, WarmUps = 2;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        if (Engine.Module is not { } module)
        {
            return [Engine.NoModule(Name)];
        }

        return Engine.Pwsh is { } pwsh
            ? [.. Processes(bench, pwsh, module), Pipeline(bench, pwsh, module)]
            : [new Row(Name, "", "", "", "needs artifacts/pwsh: build.sh", null)];
    }

    private static IEnumerable<Row> Processes(Workbench bench, string pwsh, string module)
    {
        var import = $"Import-Module '{module}'";
        // The program sees only the calls of this process, which makes none.
        var attach = $"{import}; Invoke-BeeProgram '{bench.Path("live.o")}' -Parameter @{{ target_pid = $PID }} -Duration 0";
        List<double> bare = [], imported = [], attached = [];
        for (var i = -1; i < Report.Runs; i++)
        {
            double[] times = [Whole(pwsh, "exit"), Whole(pwsh, import), Whole(pwsh, attach)];
            if (i >= 0)
            {
                bare.Add(times[0]);
                imported.Add(times[1]);
                attached.Add(times[2]);
            }
        }

        yield return Compared("pwsh, Import-Module, whole process", bare, imported, MostForImport);
        yield return Compared("pwsh, attach and detach, whole", bare, attached, MostForAttach);
    }

    private static Row Compared(string name, List<double> bare, List<double> bee, double most)
    {
        var more = Report.Median(bee) - Report.Median(bare);
        return new Row(name, Engine.Milliseconds(Report.Median(bare)), Engine.Milliseconds(Report.Median(bee)), $"{more:+0;-0} ms", $"<= +{most} ms", more <= most);
    }

    /// <summary>Measures a whole run of PowerShell in milliseconds.</summary>
    private static double Whole(string pwsh, string command)
    {
        var start = Stopwatch.GetTimestamp();
        Workbench.Run(pwsh, "-NoProfile", "-NonInteractive", "-Command", command);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static Row Pipeline(Workbench bench, string pwsh, string module)
    {
        using var caller = bench.Start("caller");
        using var done = new ManualResetEventSlim();
        // The program starts at the first call that it sees, so make calls all the time.
        var calls = new Thread(() =>
        {
            while (!done.Wait(5))
            {
                LiveBench.Call(caller, 1);
            }
        });
        calls.Start();
        string output;
        try
        {
            output = Workbench.Run(
                pwsh, "-NoProfile", "-NonInteractive", "-File", Path.Combine(AppContext.BaseDirectory, "pwsh", "pipeline.ps1"),
                module, bench.Path("burst.o"), $"{caller.Id}", $"{Events}", $"{WarmUps + Report.Runs}");
        }
        finally
        {
            done.Set();
            calls.Join();
        }

        var rounds = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(WarmUps).Select(Workbench.Numbers).ToArray();
        var ceiling = Report.Median(rounds.Select(round => Events * 1e9 / round[0]));
        var bee = Report.Median(rounds.Select(round => (Events - 1) * 1e9 / (round[2] - round[1])));
        return Report.Rates("pwsh, Invoke-BeeProgram | Out-Null", ceiling, bee, LeastOfCeiling);
    }
}
