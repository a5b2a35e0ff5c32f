using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Bee.Bench;

/// <summary>A million events through Invoke-BeeProgram into Out-Null, against a cmdlet that writes existing objects of the same type.</summary>
internal static class PipelineBench
{
    private const int Events = 1_000_000;
    private const string Name = "Invoke-BeeProgram | Out-Null";

    public static IEnumerable<Row> Run(Workbench bench)
    {
        if (Engine.Module is not { } module)
        {
            yield return Engine.NoModule(Name);
            yield break;
        }

        using var runspace = Engine.Open(new SessionStateCmdletEntry("Write-Premade", typeof(WritePremadeCommand), null));
        Engine.Run(runspace, $"Import-Module '{module}'");
        using var caller = bench.Start("caller");
        var run = $"Invoke-BeeProgram '{bench.Path("burst.o")}' -Parameter @{{ target_pid = {caller.Id} }} -MaxEvents ";
        WritePremadeCommand.Objects = [.. Fire(caller, () => Engine.Run(runspace, run + "1000")).Select(o => o.BaseObject)];
        var ceiling = new List<double>();
        var bee = new List<double>();
        for (var i = -2; i < Report.Runs; i++)
        {
            var engineTime = Time(() => Engine.Run(runspace, $"Write-Premade {Events} | Out-Null"));
            var startTime = Time(() => Fire(caller, () => Engine.Run(runspace, run + "1 | Out-Null")));
            var beeTime = Time(() => Fire(caller, () => Engine.Run(runspace, run + $"{Events} | Out-Null")));
            if (i >= 0)
            {
                ceiling.Add(Events * 1e9 / engineTime);
                bee.Add((Events - 1) * 1e9 / (beeTime - startTime));
            }
        }

        yield return Report.Rates(Name, Report.Median(ceiling), Report.Median(bee), 0.9);
    }

    private static long Time(Action what)
    {
        var start = CpuClock.Now();
        what();
        return CpuClock.Now() - start;
    }

    // The program starts at the first call that it sees, so repeat the call until it has.
    private static T Fire<T>(Process caller, Func<T> what)
    {
        using var done = new ManualResetEventSlim();
        var thread = new Thread(() =>
        {
            while (!done.Wait(5))
            {
                LiveBench.Call(caller, 1);
            }
        });
        thread.Start();
        try
        {
            return what();
        }
        finally
        {
            done.Set();
            thread.Join();
        }
    }
}

/// <summary>Writes existing objects.</summary>
[Cmdlet(VerbsCommunications.Write, "Premade")]
public sealed class WritePremadeCommand : Cmdlet
{
    /// <summary>The objects.</summary>
    internal static object[] Objects { get; set; } = [];

    /// <summary>The number of objects to write; starts over at the end of the list.</summary>
    [Parameter(Position = 0)]
    public int Count { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var objects = Objects;
        for (var i = 0; i < Count; i++)
        {
            WriteObject(objects[i % objects.Length]);
        }
    }
}
