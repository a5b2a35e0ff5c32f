using System.Globalization;

namespace Bee.Bench;

/// <summary>Import-Module in a fresh engine, against an empty binary module.</summary>
internal static class ImportBench
{
    private const string Name = "cold Import-Module vs empty module";
    private const double Most = 1.5;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        if (Engine.Module is not { } module)
        {
            yield return Engine.NoModule(Name);
            yield break;
        }

        var empty = new List<double>();
        var bee = new List<double>();
        for (var i = -1; i < Report.Runs; i++)
        {
            var (emptyTime, beeTime) = (Engine.Again("--import-once", Engine.EmptyModule), Engine.Again("--import-once", module));
            if (i >= 0)
            {
                empty.Add(emptyTime);
                bee.Add(beeTime);
            }
        }

        var ratio = Report.Median(bee) / Report.Median(empty);
        yield return new Row(Name, Engine.Milliseconds(Report.Median(empty)), Engine.Milliseconds(Report.Median(bee)), Report.Number(ratio), $"<= {Report.Number(Most)}", ratio <= Most);
    }

    /// <summary>The work of the child process. Prints milliseconds of CPU time.</summary>
    public static int Once(string module)
    {
        using var runspace = Engine.Open();
        // The engine's first script and first import are not a cost of the module.
        Engine.Run(runspace, "Get-Module | Out-Null; Import-Module Microsoft.PowerShell.Core -ErrorAction Ignore");
        var start = CpuClock.Now();
        Engine.Run(runspace, $"Import-Module '{module}'");
        Console.WriteLine(((CpuClock.Now() - start) / 1e6).ToString(CultureInfo.InvariantCulture));
        return 0;
    }
}
