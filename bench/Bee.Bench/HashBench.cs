using Bee.Ebpf;

namespace Bee.Bench;

/// <summary>Reads a hash map of 100,000 entries with a struct key into objects.</summary>
internal static class HashBench
{
    public static IEnumerable<Row> Run(Workbench bench)
    {
        using var session = BpfSession.Load(bench.Object("fill"), new BpfSessionOptions());
        session.Programs.Single(p => p.Name == "fill_hash").TestRun();
        var map = session.Maps.Single(m => m.Name == "counter_flows");
        using var c = bench.Serve("hash", bench.Path("fill.o"));
        var floor = new List<double>();
        var bee = new List<double>();
        for (var i = -Report.WarmUps; i < Report.Runs; i++)
        {
            var rate = c.Rate();
            var start = CpuClock.Now();
            var count = map.Entries().LongCount();
            var elapsed = CpuClock.Now() - start;
            if (i >= 0)
            {
                floor.Add(rate);
                bee.Add(count * 1e9 / elapsed);
            }
        }

        yield return Report.Rates("hash map, 100,000 entries", Report.Median(floor), Report.Median(bee), 0.5);
    }
}
