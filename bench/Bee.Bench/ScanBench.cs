using System.Runtime.InteropServices;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;

namespace Bee.Bench;

/// <summary>
/// Drains a full ring of a million events without decoding: positions, lengths, and one field. Both sides are processes that live through all rounds. In the second row both sides map the ring again in
/// each round. The kernel populates all pages of a mapping, so the drain itself has no page faults.
/// </summary>
internal static class ScanBench
{
    public static IEnumerable<Row> Run(Workbench bench)
    {
        var file = bench.Object("fill");
        var offset = RecordType.ForEvent(file.Maps.Single(m => m.Name == "print_events")).Fields.Single(f => f.CName == "seq").Offset;
        using var session = BpfSession.Load(file, new BpfSessionOptions());
        var map = session.Maps.Single(m => m.Name == "print_events");
        var fill = session.Programs.Single(p => p.Name == "fill_ring");
        using var ring = RingBuffer.Open(map);
        using FloorProcess warm = bench.Serve("scan", bench.Path("fill.o")), cold = bench.Serve("cold", bench.Path("fill.o"));
        List<double> floor = [], bee = [], coldFloor = [], coldBee = [];
        for (var i = -Report.WarmUps; i < Report.Runs; i++)
        {
            double[] rates = [warm.Rate(), Drain(fill, () => ring, offset), cold.Rate(), Cold(fill, map, offset)];
            // The first rounds warm up.
            if (i >= 0)
            {
                floor.Add(rates[0]);
                bee.Add(rates[1]);
                coldFloor.Add(rates[2]);
                coldBee.Add(rates[3]);
            }
        }

        yield return Report.Rates("raw scan, 1 M events", Report.Median(floor), Report.Median(bee), 0.9);
        yield return Report.Rates("  (of a ring that is mapped for it)", Report.Median(coldFloor), Report.Median(coldBee), 0.9);
    }

    private static double Cold(BpfProgram fill, BpfMap map, int offset)
    {
        RingBuffer? ring = null;
        try
        {
            return Drain(fill, () => ring = RingBuffer.Open(map), offset);
        }
        finally
        {
            ring?.Dispose();
        }
    }

    private static double Drain(BpfProgram fill, Func<RingBuffer> open, int offset)
    {
        fill.TestRun();
        var sink = new SumSink(offset);
        var start = CpuClock.Now();
        open().Drain(ref sink);
        return sink.Count * 1e9 / (CpuClock.Now() - start);
    }

    internal struct SumSink(int offset) : IRecordSink
    {
        public ulong Sum;
        public long Count;

        public bool Record(ReadOnlySpan<byte> data)
        {
            Sum += MemoryMarshal.Read<ulong>(data[offset..]);
            Count++;
            return true;
        }
    }
}
