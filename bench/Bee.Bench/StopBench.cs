using System.Diagnostics;
using Bee.Ebpf;

namespace Bee.Bench;

/// <summary>The time that a session with fifty links takes to detach, against C that destroys the same links in sequence.</summary>
/// <remarks>Elapsed time, not CPU time: detaching waits until every CPU has left the programs.</remarks>
internal static class StopBench
{
    private const string Name = "stop with 50 links";
    private const int Links = 50;
    private const double Target = 0.8;

    // System calls that are rare on an idle machine, so that the links cost nothing meanwhile.
    private static readonly string[] s_seldom = ["mq_", "xattr", "key", "module", "swap", "acct", "quota", "io_", "mount", "landlock", "fanotify", "inotify", "sched_"];

    public static IEnumerable<Row> Run(Workbench bench)
    {
        var names = new[] { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" }
            .Select(root => root + "/events/syscalls").Where(Directory.Exists).Take(1).SelectMany(Directory.EnumerateDirectories).Select(f => Path.GetFileName(f))
            .Where(n => n.StartsWith("sys_enter_", StringComparison.Ordinal) && s_seldom.Any(s => n.Contains(s, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal).Take(Links).ToArray();
        if (names.Length < Links)
        {
            yield return new Row(Name, "", "", "", "needs tracefs", null);
            yield break;
        }

        var options = new BpfSessionOptions { AttachTo = new Dictionary<string, string> { ["nothing"] = string.Join(',', names.Select(n => "syscalls/" + n)) } };
        var floor = new List<double>();
        var bee = new List<double>();
        for (var i = -1; i < Report.Runs; i++)
        {
            var floorTime = bench.Floor(["stop", bench.Path("stop.o"), .. names])[1] / 1e6;
            var session = BpfSession.Load(bench.Object("stop"), options);
            session.Attach();
            var start = Stopwatch.GetTimestamp();
            session.Dispose();
            var beeTime = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (i >= 0)
            {
                floor.Add(floorTime);
                bee.Add(beeTime);
            }
        }

        var ratio = Report.Median(bee) / Report.Median(floor);
        yield return new Row(Name, Engine.Milliseconds(Report.Median(floor)), Engine.Milliseconds(Report.Median(bee)), Report.Number(ratio), $"<= {Report.Number(Target)}", ratio <= Target);
    }
}
