using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Toolchain.Tests;

/// <summary>
/// Maps by name prefix, as in BumbleBee: the output of such a source, run on this process. The headers and types of such sources are tested in
/// <see cref="SoloConventionTests"/>, histograms in <see cref="HistogramTests"/>, and images with the store.
/// </summary>
[Collection(Alone.Name)]
public class SoloRunTests
{
    private const int Times = 3;
    private const string LongName = "print_a_name_that_the_kernel_cuts";

    private static readonly string[] s_polled = ["print_hash", "counter_lru", "gauge_percpu", "counter_lrupercpu", "gauge_array", "counter_percpuarray", LongName];

    private static readonly string s_text = $$"""
        #include "vmlinux.h"
        #include "bpf/bpf_helpers.h"
        #include "bpf/bpf_core_read.h"
        #include "bpf/bpf_tracing.h"
        #include "solo_types.h"

        char __license[] SEC("license") = "Dual MIT/GPL";
        const volatile pid_t target_pid = 1;

        struct event_t { u32 pid; ipv4_addr from; ipv6_addr to; duration took; };
        #define EVENTS(map_type, name) struct { __uint(type, map_type); __uint(max_entries, 1 << 16); __type(value, struct event_t); } name SEC(".maps")
        #define ENTRIES(map_type, name) struct { __uint(type, map_type); __uint(max_entries, 16); __type(key, u32); __type(value, u64); } name SEC(".maps")
        EVENTS(BPF_MAP_TYPE_RINGBUF, print_ring);
        EVENTS(BPF_MAP_TYPE_RINGBUF, counter_ring);
        EVENTS(BPF_MAP_TYPE_RINGBUF, gauge_ring);
        EVENTS(BPF_MAP_TYPE_RINGBUF, other_ring);
        struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __type(key, u32); __type(value, struct event_t); } print_perf SEC(".maps");
        ENTRIES(BPF_MAP_TYPE_HASH, print_hash);
        ENTRIES(BPF_MAP_TYPE_LRU_HASH, counter_lru);
        ENTRIES(BPF_MAP_TYPE_PERCPU_HASH, gauge_percpu);
        ENTRIES(BPF_MAP_TYPE_LRU_PERCPU_HASH, counter_lrupercpu);
        ENTRIES(BPF_MAP_TYPE_ARRAY, gauge_array);
        ENTRIES(BPF_MAP_TYPE_PERCPU_ARRAY, counter_percpuarray);
        ENTRIES(BPF_MAP_TYPE_HASH, {{LongName}});
        ENTRIES(BPF_MAP_TYPE_HASH, state);

        static __always_inline void add(void *map)
        {
            u32 key = 1;
            u64 zero = 0, *value = bpf_map_lookup_elem(map, &key);
            if (!value) {
                bpf_map_update_elem(map, &key, &zero, BPF_ANY);
                value = bpf_map_lookup_elem(map, &key);
            }
            if (value)
                *value += 1;
        }

        SEC("raw_tp/sys_enter")
        int called(struct bpf_raw_tracepoint_args *ctx)
        {
            struct event_t event = { .from = 0x010200c0, .to = 0x0100007f, .took = 1500000 };

            event.pid = bpf_get_current_pid_tgid() >> 32;
            if (event.pid != target_pid || ctx->args[1] != 121)
                return 0;
            bpf_ringbuf_output(&print_ring, &event, sizeof(event), 0);
            bpf_ringbuf_output(&counter_ring, &event, sizeof(event), 0);
            bpf_ringbuf_output(&gauge_ring, &event, sizeof(event), 0);
            bpf_ringbuf_output(&other_ring, &event, sizeof(event), 0);
            bpf_perf_event_output(ctx, &print_perf, BPF_F_CURRENT_CPU, &event, sizeof(event));
            add(&print_hash); add(&counter_lru); add(&gauge_percpu); add(&counter_lrupercpu); add(&gauge_array); add(&counter_percpuarray); add(&{{LongName}});
            add(&state);
            return 0;
        }
        """;

    [KernelFact]
    public void Maps_are_streamed_by_their_names()
    {
        var file = Sources.Compile(s_text.Replace("!= 121", $"!= {(System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.X64 ? 121 : 155)}"));
        using var session = BpfSession.Load(file, new BpfSessionOptions { Parameters = { ["target_pid"] = Environment.ProcessId } });
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        session.Attach();
        for (var i = 0; i < Times; i++)
        {
            GetProcessGroup(Environment.ProcessId);
        }

        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.FromMilliseconds(300));

        var byMap = sink.Events.ToLookup(item => (string)Get(item, "MapName"));
        // Rings and perf buffers, whatever their prefix: each record is an event.
        foreach (var map in new[] { "print_ring", "counter_ring", "gauge_ring", "print_perf" })
        {
            Assert.Equal(Times, byMap[map].Count());
            var first = byMap[map].First();
            Assert.Equal((uint)Environment.ProcessId, Get(first, "pid"));
            // Its ipv6_addr has four bytes, and is read as IPv4.
            Assert.Equal(("192.0.2.1", "127.0.0.1", 1_500_000ul), (Get(first, "from"), Get(first, "to"), Get(first, "took")));
        }

        // The other maps yield entries with the map's current values. The name is the object's; the kernel truncates it to 15 characters.
        foreach (var map in s_polled)
        {
            var entry = Assert.Single(byMap[map]);
            Assert.Equal((1u, (ulong)Times), ((uint)Get(entry, "Key"), Convert.ToUInt64(Get(entry, "Value"))));
        }

        // Maps without a prefix are not streamed, but can be read.
        Assert.Empty(byMap["other_ring"]);
        Assert.Empty(byMap["state"]);
        Assert.Equal((ulong)Times, Convert.ToUInt64(Get(Assert.Single(session.Maps.Single(map => map.Name == "state").Entries()), "Value")));
    }

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "getpgid")]
    private static extern int GetProcessGroup(int pid);

    private static object Get(BpfEvent item, string property) => item.GetType().GetProperty(property)!.GetValue(item)!;
}
