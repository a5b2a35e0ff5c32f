using Bee.Ebpf.Events;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Ebpf.Tests.Records;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Names of containers on the objects of every kind of source, and the filter by them. The resolver is given, so no container runs.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class ContainerReaderTests
{
    // Each call sends a record of the cgroups 7 and 8 to each map.
    private const string Source = """
        #include "fixture.h"
        typedef __u64 cgroup_id;
        struct event { cgroup_id cgroup; __u32 n; };
        struct slot { cgroup_id cgroup; __u32 slot; __u32 pad; };
        struct timing { cgroup_id cgroup; __u64 le; };
        struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct event); } print_ring SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __type(key, __u32); __type(value, struct event); } print_perf SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, cgroup_id); __type(value, __u64); } counter_calls SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, struct slot); __type(value, __u64); } hist_slots SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct timing); } hist_timings SEC(".maps");
        SEC("tracepoint/syscalls/sys_enter_getpgid")
        int on_getpgid(void *context)
        {
        	if (!TARGETED)
        		return 0;
        	for (int i = 0; i < 2; i++) {
        		struct event event = { 7 + i, 5 };
        		struct slot slot = { 7 + i, 3 };
        		struct timing timing = { 7 + i, 100 };
        		__u64 one = 1;
        		bpf_ringbuf_output(&print_ring, &event, sizeof(event), 0);
        		bpf_perf_event_output(context, &print_perf, BPF_F_CURRENT_CPU, &event, sizeof(event));
        		bpf_map_update_elem(&counter_calls, &event.cgroup, &one, BPF_ANY);
        		bpf_map_update_elem(&hist_slots, &slot, &one, BPF_ANY);
        		bpf_ringbuf_output(&hist_timings, &timing, sizeof(timing), 0);
        	}
        	return 0;
        }
        """;

    private static readonly Lazy<ObjectFile> s_file = new(() => Fixture.Compile("containers", Source));

    [KernelFact]
    public void Objects_of_every_source_have_the_names_of_their_container()
    {
        var (events, streams) = Run(null);

        Assert.Equal(
            ["counter_calls 7 web", "counter_calls 8 ", "hist_slots 7 web", "hist_slots 8 ", "hist_timings 7 web", "hist_timings 8 ", "print_perf 7 web", "print_perf 8 ", "print_ring 7 web", "print_ring 8 "],
            events);
        Assert.All(streams, stream => Assert.Equal(0, stream.Filtered));
    }

    [KernelFact]
    public void A_filter_applies_to_every_source_and_is_counted()
    {
        var (events, streams) = Run(names => names is not null);

        Assert.Equal(["counter_calls 7 web", "hist_slots 7 web", "hist_timings 7 web", "print_perf 7 web", "print_ring 7 web"], events);
        Assert.All(streams, stream => Assert.InRange(stream.Filtered, 1, long.MaxValue));
    }

    [KernelFact]
    public void Entries_of_a_map_are_named_and_written_back()
    {
        using var session = Calls.Load(s_file.Value);
        using var reader = session.OpenReader(new EventReaderOptions { Select = map => map.Name == "print_ring", Containers = new FakeContainers { [7] = ContainerProgram.Names("web") } });
        var map = session.Maps.Single(map => map.Name == "counter_calls");
        map.Update(7, 5);

        var entry = Assert.Single(map.Entries());
        var writer = new MapWriter(map);
        var encoded = writer.Encode(entry);
        writer.Write(encoded with { Value = [9, 0, 0, 0, 0, 0, 0, 0] });

        Assert.Equal("web", entry.Get("container"));
        Assert.Equal(entry.RawKey.ToArray(), encoded.Key);
        Assert.Equal(entry.RawValue.ToArray(), encoded.Value);
        Assert.Equal((9ul, "web"), (map.Find(7)!.Get("Value"), map.Find(7)!.Get("container")));
        // An entry that was read without names has the same bytes.
        Assert.Equal(encoded.Key, writer.EncodeKeyOf(EntryType.ForMap(map.Description).Decode(entry.RawKey, entry.RawValue)));
        writer.Remove(writer.EncodeKeyOf(entry));
        Assert.Empty(map.Entries());
    }

    [KernelFact]
    public void Records_of_an_iterator_have_names_by_their_process()
    {
        using var session = Calls.Load(Fixture.Object("iterators"));
        var resolver = new FakeContainers { OfProcess = process => process == Environment.ProcessId ? ContainerProgram.Names("self") : null };
        using var reader = session.OpenReader(new EventReaderOptions { Select = _ => false, Containers = resolver });
        var sink = new CollectingSink();

        reader.Run(sink, CancellationToken.None);

        Assert.Contains(sink.Events, e => e is not IteratorLine && (string?)e.Get("container") == "self");
    }

    private static (string[] Events, IReadOnlyList<RecordStream> Streams) Run(Func<ContainerNames?, bool>? filter)
    {
        using var session = Calls.Load(s_file.Value);
        using var reader = session.OpenReader(new EventReaderOptions
        {
            Select = EventReaderOptions.WithRole,
            Containers = new FakeContainers { [7] = ContainerProgram.Names("web"), IsCounting = false },
            ContainerFilter = filter,
        });
        session.Attach();
        var sink = new CollectingSink();
        Calls.GetProcessGroup(0);
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
        return ([.. sink.Events.Select(e => $"{e.Get("MapName")} {(e.GetType().GetProperty("cgroup") is null ? e.Get("Key") : e.Get("cgroup"))} {e.Get("container")}").Order(StringComparer.Ordinal)], reader.Streams);
    }
}
