using System.Globalization;
using Bee.Ebpf;
using Bee.Ebpf.Events;

namespace Bee.Bench;

/// <summary>The growth of private memory while ten million events are read.</summary>
internal static class MemoryBench
{
    private const double MostGrowth = 16;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        using var session = BpfSession.Load(bench.Object("fill"), new BpfSessionOptions());
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "print_events" });
        var fill = session.Programs.Single(p => p.Name == "fill_ring");
        var sink = new CountingSink();
        var resident = new List<double>();
        for (var million = 0; million < 10; million++)
        {
            fill.TestRun();
            reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
            resident.Add(Resident());
        }

        var growth = resident.Skip(1).Max() - resident[0];
        yield return new Row("memory, 10 M events after the 1st M", $"{resident[0]:0} MiB", $"{resident[^1]:0} MiB", growth.ToString("+0.0;-0.0", CultureInfo.InvariantCulture) + " MiB", $"<= +{MostGrowth} MiB", growth <= MostGrowth && sink.Count == 10_000_000);
    }

    // Private memory only: the pages of the ring are shared with the kernel.
    private static double Resident()
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("RssAnon:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
