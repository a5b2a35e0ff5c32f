using System.Runtime.CompilerServices;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Bench;

/// <summary>
/// Reads a full ring of a million events as structs, with foreach in place and with await foreach; against Bee's own raw scan. All three sum one field, take turns in one process, and are warmed up alike.
/// </summary>
internal static class StreamBench
{
    private const int Events = 1_000_000;

    public static IEnumerable<Row> Run(Workbench bench)
    {
        var file = bench.Object("fill");
        var offset = RecordType.ForEvent(file.Maps.Single(m => m.Name == "print_events")).Fields.Single(f => f.CName == "seq").Offset;
        using BpfSession rawSession = BpfSession.Load(file, new BpfSessionOptions()), session = BpfSession.Load(file, new BpfSessionOptions());
        using var ring = RingBuffer.Open(rawSession.Map("print_events"));
        var events = session.Events<Event>("print_events");
        List<double> raw = [], typed = [], awaited = [];
        for (var i = -Report.WarmUps; i < Report.Runs; i++)
        {
            var start = Fill(rawSession);
            var sink = new ScanBench.SumSink(offset);
            ring.Drain(ref sink);
            Keep(raw, i, sink.Sum, start);
            start = Fill(session);
            Keep(typed, i, InPlace(events), start);
            start = Fill(session);
            Keep(awaited, i, Awaited(events).GetAwaiter().GetResult(), start);
        }

        yield return Report.Rates("typed struct stream vs raw scan", Report.Median(raw), Report.Median(typed), 0.8);
        yield return new Row("  (with await foreach)", Report.Millions(Report.Median(raw)), Report.Millions(Report.Median(awaited)), Report.Number(Report.Median(awaited) / Report.Median(raw)), "", null);
    }

    private static long Fill(BpfSession session)
    {
        session.Program("fill_ring").TestRun();
        return CpuClock.Now();
    }

    private static ulong InPlace(EventStream<Event> events)
    {
        ulong sum = 0;
        var count = 0;
        foreach (ref readonly var e in events.Read())
        {
            sum += e.Seq;
            if (++count == Events)
            {
                break;
            }
        }

        return sum;
    }

    private static async Task<ulong> Awaited(EventStream<Event> events)
    {
        ulong sum = 0;
        var count = 0;
        await foreach (var e in events.ReadAsync())
        {
            sum += e.Seq;
            if (++count == Events)
            {
                break;
            }
        }

        return sum;
    }

    private static void Keep(List<double> rates, int round, ulong sum, long start)
    {
        var rate = Events * 1e9 / (CpuClock.Now() - start);
        if (sum != (ulong)Events * (Events - 1) / 2)
        {
            throw new InvalidOperationException($"The sum is {sum}.");
        }

        // The first rounds warm up.
        if (round >= 0)
        {
            rates.Add(rate);
        }
    }

    [InlineArray(16)]
    private struct Comm
    {
        private byte _first;
    }

    private readonly record struct Event(uint Pid, uint Uid, ulong Ts, ulong Seq, uint Saddr, uint Daddr, ushort Sport, ushort Dport, [field: BpfField("comm")] Comm Command);
}
