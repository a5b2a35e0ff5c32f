using System.Runtime.InteropServices;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Bench;

/// <summary>Draining a full ring of a million events without making objects: positions, lengths, and a field through the layout.</summary>
internal static class ScanBench
{
    public static IEnumerable<Row> Run(Workbench bench)
    {
        var file = bench.Object("fill");
        var offset = RecordType.ForEvent(file.Maps.Single(m => m.Name == "print_events")).Fields.Single(f => f.CName == "seq").Offset;
        using var session = BpfSession.Load(file, new BpfSessionOptions());
        using var ring = RingBuffer.Open(session.Maps.Single(m => m.Name == "print_events"));
        var fill = session.Programs.Single(p => p.Name == "fill_ring");
        var floor = new List<double>();
        var bee = new List<double>();
        for (var i = -Report.WarmUps; i < Report.Runs; i++)
        {
            var c = bench.Floor("scan", bench.Path("fill.o"));
            fill.Run([]);
            var sink = new SumSink(offset);
            var start = CpuClock.Now();
            ring.Drain(ref sink);
            var elapsed = CpuClock.Now() - start;
            // The first rounds warm up.
            if (i >= 0)
            {
                floor.Add(c[0] * 1e9 / c[1]);
                bee.Add(sink.Count * 1e9 / elapsed);
            }
        }

        yield return Report.Rates("raw scan, 1 M events", Report.Median(floor), Report.Median(bee), 0.9);
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
