using System.Globalization;

namespace Bee.Bench;

/// <summary>Get-BeeImage on a store of 1,000 images, in an engine that has just imported the module.</summary>
internal static class ListBench
{
    private const int Images = 1000;
    private const string Name = "Get-BeeImage, 1,000 images, cold";
    private const double Most = 300;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        if (Engine.Module is not { } module)
        {
            yield return Engine.NoModule(Name);
            yield break;
        }

        var store = TransferSample.Store(bench.Path("store"), Images);
        var bee = new List<double>();
        for (var i = -1; i < Report.Runs; i++)
        {
            var time = Engine.Again("--list-once", module, store);
            if (i >= 0)
            {
                bee.Add(time);
            }
        }

        var median = Report.Median(bee);
        yield return new Row(Name, "", Engine.Milliseconds(median), "", $"<= {Most} ms", median <= Most);
    }

    /// <summary>The work of the child process. Prints milliseconds of CPU time.</summary>
    public static int Once(string module, string store)
    {
        using var runspace = Engine.Open();
        Engine.Run(runspace, $"Import-Module '{module}'");
        var start = CpuClock.Now();
        var count = Engine.Run(runspace, $"Get-BeeImage -Store '{store}'").Count;
        var elapsed = (CpuClock.Now() - start) / 1e6;
        Console.WriteLine(elapsed.ToString(CultureInfo.InvariantCulture));
        return count == Images ? 0 : 1;
    }
}
