using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public class LossTests
{
    private const int Calls = 4000;

    [KernelFact]
    public void Losses_of_a_full_ring_are_reported_if_the_program_counts_them()
    {
        var (sink, stream) = Overflow("print_ring");

        Assert.True(sink.Count is > 0 and < Calls);
        Assert.Equal((ulong)(Calls - sink.Count), sink.Losses["print_ring"]);
        Assert.Equal(sink.Losses["print_ring"], stream.Lost);
        Assert.True(stream.HighWater > 0.9);
    }

    [KernelFact]
    public void The_loss_count_of_a_ring_is_read_and_does_not_stream()
    {
        var file = Fixture.Compile("gadget", """
            #include "fixture.h"

            struct event {
                __u64 number;
                __u64 filler[31];
            };

            struct {
                __uint(type, BPF_MAP_TYPE_RINGBUF);
                __uint(max_entries, 4096);
                __type(value, struct event);
            } print_ring SEC(".maps"), print_quiet SEC(".maps");

            struct {
                __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
                __uint(max_entries, 1);
                __type(key, __u32);
                __type(value, __u64);
            } print_ring_lost_samples SEC(".maps");

            SEC("tracepoint/syscalls/sys_enter_getpgid")
            int on_getpgid(void *context)
            {
                struct event event = {};
                __u32 zero = 0;
                if (TARGETED && bpf_ringbuf_output(&print_ring, &event, sizeof(event), 0)) {
                    __u64 *count = bpf_map_lookup_elem(&print_ring_lost_samples, &zero);
                    if (count)
                        *count += 1;
                }
                return bpf_ringbuf_query(&print_quiet, 0) < 0;
            }
            """);
        using var session = Loading.Calls.Load(file);
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        session.Attach();
        for (var i = 0; i < Calls; i++)
        {
            Loading.Calls.GetProcessGroup(-1);
        }

        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
        Assert.Equal(["print_ring", "print_quiet"], reader.Streams.Select(stream => stream.Name));
        Assert.True(sink.Count is > 0 and < Calls);
        Assert.Equal((ulong)(Calls - sink.Count), reader.Streams[0].Lost);
        Assert.Equal(reader.Streams[0].Lost, sink.Losses["print_ring"]);
        // The losses of the other ring are unknown, and it was empty.
        Assert.Equal((null, 0.0), (reader.Streams[1].Lost, reader.Streams[1].HighWater));
    }

    [KernelFact]
    public void Perf_buffers_report_their_losses()
    {
        var (sink, stream) = Overflow("print_perf");

        Assert.True(sink.Count is > 0 and < Calls);
        Assert.Equal((ulong)(Calls - sink.Count), sink.Losses["print_perf"]);
        Assert.Equal(sink.Losses["print_perf"], stream.Lost);
    }

    [KernelFact]
    public void Perf_buffers_return_events_that_wrap_around()
    {
        using var session = Loading.Calls.Load(Fixture.Object("losses"));
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "print_perf" });
        session.Attach();
        var numbers = new List<ulong>();
        for (var round = 0; round < 20; round++)
        {
            for (var i = 0; i < 300; i++)
            {
                Loading.Calls.GetProcessGroup(-1);
            }

            var sink = new CollectingSink();
            reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
            Assert.Empty(sink.Losses);
            numbers.AddRange(sink.Events.Select(e => (ulong)e.Get("number")!));
        }

        Assert.Equal(Enumerable.Range(0, 20 * 300).Select(i => (ulong)i), numbers.Order());
    }

    [KernelFact]
    public void A_perf_buffer_accepts_new_events_while_old_ones_are_read()
    {
        // About 960 fit into the buffer of one CPU.
        const int Many = 700;
        using var session = Loading.Calls.Load(Fixture.Object("losses"));
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == "print_perf" });
        session.Attach();
        var seen = 0;
        void Call(int times)
        {
            for (var i = 0; i < times; i++)
            {
                Loading.Calls.GetProcessGroup(-1);
            }
        }

        // A sink that blocks at the last event of the first batch.
        var sink = new CollectingSink
        {
            OnEvent = _ =>
            {
                if (++seen == Many)
                {
                    Call(Many);
                }

                return true;
            },
        };
        Call(Many);
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);

        Assert.Empty(sink.Losses);
        Assert.Equal(2 * Many, sink.Count);
    }

    [KernelFact]
    public void Records_that_are_too_short_become_truncated_events()
    {
        using var session = Loading.Calls.Load(Fixture.Object("losses"), ("short_records", 1));
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        session.Attach();
        Loading.Calls.GetProcessGroup(-1);
        Loading.Calls.GetProcessGroup(-1);
        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);

        Assert.Equal(4, sink.Count);
        Assert.All(sink.Events, e => Assert.Equal((true, true), (e is TruncatedEvent { Truncated: true }, e.Get("number") is ulong)));
        // One sentence for each map.
        Assert.Equal(["print_perf", "print_ring"], sink.Notices.Select(notice => notice.Split(':')[0]).Order());
    }

    private static (CollectingSink Sink, RecordStream Stream) Overflow(string map)
    {
        using var session = Loading.Calls.Load(Fixture.Object("losses"));
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == map });
        session.Attach();
        for (var i = 0; i < Calls; i++)
        {
            Loading.Calls.GetProcessGroup(-1);
        }

        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
        return (sink, Assert.Single(reader.Streams));
    }
}
