using System.Diagnostics;
using Bee.Deployments;

namespace Bee.Bench;

/// <summary>From <c>podman run</c> to the first event of a tool, against a container of the same image in which PowerShell starts and exits.</summary>
internal static class ContainerBench
{
    private const string Name = "podman run to the first event";
    private const double Most = 2.0;
    private static readonly string[] s_rights = ["BPF", "PERFMON"];

    public static IEnumerable<Row> Run(Workbench bench)
    {
        if (Requirements.Podman is { } obstacle)
        {
            yield return new Row(Name, "", "", obstacle, "", null);
            yield break;
        }

        var shell = new List<double>();
        var first = new List<double>();
        using (var engine = new Deployments.Engine())
        using (var load = new OpenLoad())
        {
            for (var i = -1; i < Report.Runs; i++)
            {
                var start = Stopwatch.GetTimestamp();
                var run = engine.Run("opensnoop", [], [], ["--entrypoint", """["/usr/share/dotnet/dotnet", "/opt/powershell/pwsh.dll", "-NoProfile", "-NonInteractive", "-Command", "1"]"""]);
                var shellTime = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                start = Stopwatch.GetTimestamp();
                using var tool = engine.Start("opensnoop", s_rights, ["--parameter", $"target_pid={load.Id}", "--max-events", "1"]);
                var line = tool.StandardOutput.ReadLine();
                var toolTime = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                tool.WaitForExit();
                if (run.ExitCode != 0 || line is null)
                {
                    throw new InvalidOperationException($"The containers do not run: {run.Messages}{tool.StandardError.ReadToEnd()}");
                }

                if (i >= 0)
                {
                    shell.Add(shellTime);
                    first.Add(toolTime);
                }
            }
        }

        var ratio = Report.Median(first) / Report.Median(shell);
        yield return new Row(Name, Engine.Milliseconds(Report.Median(shell)), Engine.Milliseconds(Report.Median(first)), Report.Number(ratio), $"<= {Report.Number(Most)}", ratio <= Most);
    }
}
