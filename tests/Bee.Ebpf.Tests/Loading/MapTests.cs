using Bee.Ebpf.Events;
using Bee.Ebpf.Maps;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public class MapTests
{
    private const int Keys = 10_000;

    [KernelFact]
    public void Batches_and_single_lookups_give_the_same_entries()
    {
        using var session = Counted(Keys);
        var map = session.Maps.Single(m => m.Name == "counter_by_argument");
        var batches = Read(map.Scan());
        var walk = map.Scan();
        walk.AvoidBatches();

        Assert.Equal(Keys, batches.Count);
        Assert.Equal(batches.Order(), Read(walk).Order());
        Assert.Equal(Keys, map.Count());
        Assert.Equal(Enumerable.Range(0, Keys).Select(i => -i).Order(), map.Entries().Select(e => (int)e.Get("argument")!).Order());
    }

    [KernelFact]
    public void Arrays_return_every_slot_and_per_CPU_maps_the_total()
    {
        using var session = Counted(100);
        var entries = session.Maps.Single(m => m.Name == "gauge_slots").Entries().ToArray();

        Assert.Equal(4, entries.Length);
        Assert.Equal([0ul, 100, 0, 0], entries.Select(e => (ulong)e.Get("Value")!));
    }

    [KernelFact]
    public void A_polled_map_returns_all_entries_then_changes_then_a_last_poll()
    {
        using var session = Counted(3);
        using var reader = session.OpenReader(new EventReaderOptions { Interval = TimeSpan.FromMilliseconds(50), Select = m => m.Name == "counter_by_argument" });
        using var stop = new CancellationTokenSource();
        var rounds = 0;
        var sink = new CollectingSink
        {
            OnEvent = e =>
            {
                // The third entry ends the first poll. A later poll, or the last one, finds the changes made here.
                if (++rounds == 3)
                {
                    Calls.GetProcessGroup(-1);
                }
                else if (rounds == 4)
                {
                    Calls.GetProcessGroup(-2);
                    stop.Cancel();
                }

                return true;
            },
        };
        reader.Run(sink, stop.Token, TimeSpan.FromSeconds(10));

        Assert.Equal(5, sink.Count);
        Assert.Equal(3, sink.Events.Take(3).Select(e => e.Get("argument")).Distinct().Count());
        Assert.Equal((-1, 2ul), (sink.Events[3].Get("argument"), sink.Events[3].Get("Value")));
        Assert.Equal((-2, 2ul), (sink.Events[4].Get("argument"), sink.Events[4].Get("Value")));
    }

    [KernelFact]
    public void AllEntries_returns_all_entries_at_every_interval()
    {
        const int Rounds = 4, Slots = 4;
        using var session = Counted(3);
        using var reader = session.OpenReader(new EventReaderOptions { Interval = TimeSpan.FromMilliseconds(20), AllEntries = true, Select = m => m.Name == "gauge_slots" });
        var seen = 0;
        var sink = new CollectingSink { OnEvent = _ => ++seen < Rounds * Slots };
        reader.Run(sink, CancellationToken.None);

        Assert.Equal(Enumerable.Repeat(Enumerable.Range(0, Slots).Select(i => (uint)i), Rounds).SelectMany(slots => slots), sink.Events.Select(e => (uint)e.Get("Key")!));
    }

    [KernelFact]
    public void Unwritten_slots_of_an_array_are_not_streamed()
    {
        using var session = Counted(3);
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "gauge_slots" });
        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);

        Assert.Equal(1u, Assert.Single(sink.Events).Get("Key"));
    }

    [KernelFact]
    public void Entries_of_any_size_are_read()
    {
        // The first batch may be too small for a hash bucket. The kernel then returns ENOSPC, and the scan doubles its buffers.
        var file = Fixture.Compile("large", """
            #include "fixture.h"
            struct large { __u64 number; char filler[30000]; };
            struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 300); __type(key, __u32); __type(value, struct large); } gauge_large SEC(".maps");
            struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, struct large); } source SEC(".maps");
            SEC("syscall") int fill(void *context)
            {
                __u32 zero = 0;
                struct large *large = bpf_map_lookup_elem(&source, &zero);
                if (!large)
                    return 1;
                for (__u32 i = 0; i < 300; i++) {
                    large->number = i;
                    bpf_map_update_elem(&gauge_large, &i, large, BPF_ANY);
                }
                return 0;
            }
            """);
        using var session = BpfSession.Load(file, new BpfSessionOptions());
        session.Programs.Single().TestRun();
        var numbers = session.Maps.Single(m => m.Name == "gauge_large").Entries().Select(e => (ulong)e.Get("number")!).Order();

        Assert.Equal(Enumerable.Range(0, 300).Select(i => (ulong)i), numbers);
    }

    [KernelFact]
    public void Entries_throws_for_maps_that_have_none()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        var ring = session.Maps.Single(m => m.Name == "print_calls_of_getpgid");

        Assert.False(ring.CanRead);
        Assert.Null(ring.Count());
        Assert.Throws<NotSupportedException>(() => ring.Entries());
    }

    [KernelFact]
    public void A_map_of_a_closed_session_cannot_be_read()
    {
        var session = Calls.Load(Fixture.Object("calls"));
        var map = session.Maps.Single(m => m.Name == "counter_by_argument");
        session.Dispose();

        Assert.Throws<ObjectDisposedException>(() => map.Count());
        Assert.Throws<ObjectDisposedException>(() => map.Entries().Count());
    }

    private static BpfSession Counted(int keys)
    {
        var session = Calls.Load(Fixture.Object("calls"), ("quiet", 1));
        session.Attach();
        for (var i = 0; i < keys; i++)
        {
            Calls.GetProcessGroup(-i);
        }

        return session;
    }

    private static List<string> Read(MapScan scan)
    {
        var entries = new List<string>();
        while (scan.Next())
        {
            for (var i = 0; i < scan.Count; i++)
            {
                entries.Add(Convert.ToHexString(scan.Key(i)) + "=" + Convert.ToHexString(scan.Value(i)));
            }
        }

        return entries;
    }
}
