using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Bench;

/// <summary>
/// Drains a full ring of a million events into objects, whose fields can all be read; against C that reads each event in place, and against C that copies each event, as it must to pass it on.
/// </summary>
internal static class DecodeBench
{
    // The most that a name may add to an event, in nanoseconds.
    private const double MostOfName = 1000;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        using var session = BpfSession.Load(bench.Object("fill"), new BpfSessionOptions());
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "print_events" });
        using var naming = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "print_events", Containers = new ManyContainers() });
        var fill = session.Programs.Single(p => p.Name == "fill_ring");
        using FloorProcess scan = bench.Serve("scan", bench.Path("fill.o")), copy = bench.Serve("copy", bench.Path("fill.o"));
        var floor = new List<double>();
        var copies = new List<double>();
        var bee = new List<double>();
        var named = new List<double>();
        for (var i = -Report.WarmUps; i < Report.Runs; i++)
        {
            var (inPlace, copied) = (scan.Rate(), copy.Rate());
            fill.TestRun();
            var sink = new CountingSink(keep: 1_000_000);
            var start = CpuClock.Now();
            reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
            var elapsed = CpuClock.Now() - start;
            Check(sink);
            fill.TestRun();
            var names = new CountingSink(keep: 1_000_000);
            start = CpuClock.Now();
            naming.Run(names, CancellationToken.None, TimeSpan.Zero);
            var elapsedWithNames = CpuClock.Now() - start;
            if (names.Kept?["container"] is not "container-39")
            {
                throw new InvalidOperationException($"The last event has no name: {names.Kept}.");
            }

            if (i >= 0)
            {
                named.Add(names.Count * 1e9 / elapsedWithNames);
                floor.Add(inPlace);
                copies.Add(copied);
                bee.Add(sink.Count * 1e9 / elapsed);
            }
        }

        yield return Report.Rates("decoded into objects, 1 M events", Report.Median(floor), Report.Median(bee), 0.3, ", aim 0.5");
        var withCopies = Report.Median(copies);
        yield return new Row("  (against C with a copy of each)", Report.Millions(withCopies), Report.Millions(Report.Median(bee)), Report.Number(Report.Median(bee) / withCopies), "", null);
        var added = (1 / Report.Median(named) - 1 / Report.Median(bee)) * 1e9;
        yield return new Row("  (with names of containers)", Report.Millions(Report.Median(bee)), Report.Millions(Report.Median(named)), $"+{added:0} ns", $"<= {MostOfName:0} ns", added <= MostOfName);
    }

    // Each process is in one of 1,000 containers; the names of a container are looked up in a table, as in the cache of a session.
    private sealed class ManyContainers : IContainerResolver
    {
        private readonly Dictionary<int, ContainerNames> _known =
            Enumerable.Range(0, 1000).ToDictionary(i => i, i => new ContainerNames { Id = $"{i}", Container = $"container-{i % 64}" });

        public ContainerNames? Find(in ContainerKey key) => _known.GetValueOrDefault(key.ProcessId % 1000);
    }

    private static void Check(CountingSink sink)
    {
        var values = sink.Kept!.GetType().GetProperties().Where(p => p.Name != "MapName" && p.GetIndexParameters().Length == 0).ToDictionary(p => p.Name, p => p.GetValue(sink.Kept));
        if (sink.Count != 1_000_000 || values.Count != 9 || values["comm"] is not "some-command" || values["seq"] is not 999_999ul || values["saddr"] is not "127.0.0.1")
        {
            throw new InvalidOperationException($"{sink.Count} events came, and the last is {sink.Kept}.");
        }
    }
}
