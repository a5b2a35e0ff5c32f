using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;

namespace Bee.Toolchain.Tests;

/// <summary>Histograms that bee.h counts, and those that sources in BumbleBee's style send.</summary>
public class HistogramTests
{
    private const string Counting = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        struct who { char comm[8]; };
        BEE_HISTOGRAM(hist_wait_ns, struct who, 16);
        BEE_LRU_HISTOGRAM(hist_recent, u32, 16);
        BEE_SINGLE_HISTOGRAM(hist_sizes_bytes);
        BEE_HISTOGRAM(hist_linear, u32, 16);
        static const u64 values[] = { 0, 1, 2, 3, 4, 1023, 1024, 4294967295, 4294967296, 18446744073709551615ull };
        SEC("syscall")
        int fill(void *context)
        {
            struct who who = { .comm = "me" };
            u32 key = 0;
            for (int i = 0; i < 10; i++) {
                bee_observe_log2(&hist_wait_ns, &who, values[i]);
                bee_observe_log2(&hist_recent, &key, values[i]);
                bee_observe_log2(&hist_sizes_bytes, &key, values[i] & 0xffff);
                bee_observe_linear(&hist_linear, &key, values[i], 2, 500);
            }
            return 0;
        }
        """;

    [KernelFact]
    public void Bee_h_counts_in_slots_that_the_verifier_takes()
    {
        var linear = new MapMetadata { Scale = new HistogramScale { Spacing = HistogramSpacing.Linear, Start = 2, Step = 500 } };
        var file = Sources.Compile(Counting, "-Wextra", "-Wno-unused-parameter")
            .WithMetadata(new ObjectMetadata { Maps = new Dictionary<string, MapMetadata> { ["hist_linear"] = linear } });
        using var session = BpfSession.Load(file, new BpfSessionOptions());
        session.Programs.Single().TestRun();
        Histogram Read(string map) => Assert.Single(session.Maps.Single(item => item.Name == map).Histograms());

        var waits = Read("hist_wait_ns");
        Assert.Equal(("me", "ns", 10ul), (Get(waits, "comm"), waits.Unit, waits.Count));
        // 0 and 1; 2 and 3; 4; 1023; 1024; 2^32 - 1; 2^32; 2^64 - 1.
        Assert.Equal(["0:2", "2:2", "4:1", "512:1", "1024:1", "2147483648:1", "4294967296:1", "9223372036854775808:1"], Filled(waits));
        Assert.Equal(Filled(waits), Filled(Read("hist_recent")));

        var sizes = Read("hist_sizes_bytes");
        // The values truncated to 16 bits: 0, 1, 2, 3, 4, 1023, 1024, 65535, 0, 65535.
        Assert.Equal(["0:3", "2:2", "4:1", "512:1", "1024:1", "32768:2"], Filled(sizes));
        Assert.Equal(("bytes", 133127d), (sizes.Unit, sizes.Sum));

        var steps = Read("hist_linear").Buckets;
        // Below 502; from 1002 on; beyond 64 slots.
        Assert.Equal([(null, 502d, 5ul), (1002, 1502, 2), (31502, null, 3)], steps.Where(bucket => bucket.Count > 0).Select(bucket => (bucket.From, bucket.To, bucket.Count)));
    }

    /// <summary>A hist_ ring of BumbleBee: the field le is the value, all others are labels.</summary>
    [KernelFact]
    public void A_ring_in_BumbleBees_style_gives_histograms()
    {
        var file = Sources.Compile("""
            #include "vmlinux.h"
            #include "bpf/bpf_helpers.h"
            #include "solo_types.h"
            char __license[] SEC("license") = "Dual MIT/GPL";
            struct event { char fname[32]; char op; u64 le; };
            struct {
                __uint(type, BPF_MAP_TYPE_RINGBUF);
                __uint(max_entries, 1 << 24);
                __type(value, struct event);
            } hist_file_op_time_us SEC(".maps");
            SEC("syscall")
            int send(void *context)
            {
                struct event *room;
                for (int i = 0; i < 4; i++) {
                    struct event event = { .fname = "file", .op = i < 3 ? 'r' : 'w', .le = 10 * i };
                    room = bpf_ringbuf_reserve(&hist_file_op_time_us, sizeof(event), 0);
                    if (!room)
                        return 0;
                    memcpy(room, &event, sizeof(event));
                    bpf_ringbuf_submit(room, 0);
                }
                return 0;
            }
            """);
        var map = Assert.Single(file.Maps, item => item.Role == MapRole.Histogram);
        // Its own buckets, as its option --hist-buckets sets them.
        var words = new MapMetadata { Buckets = [0, 10, 20, 50] };
        using var session = BpfSession.Load(
            file.WithMetadata(new ObjectMetadata { Maps = new Dictionary<string, MapMetadata> { [map.Name] = words } }), new BpfSessionOptions());
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        session.Programs.Single().TestRun();
        var histograms = ExampleRunTests.Read(reader).Cast<Histogram>().ToList();

        Assert.Equal(["fname op"], histograms.Select(item => string.Join(' ', item.GetHistogramType()!.Labels.Select(label => label.Name))).Distinct());
        Assert.Equal([("r", "0:1 10:1 20:1"), ("w", "50:1")], histograms.Select(item => (((char)Convert.ToByte(Get(item, "op"))).ToString(), string.Join(' ', item.Buckets.Where(bucket => bucket.Count > 0).Select(bucket => $"{bucket.To}:{bucket.Count}")))));
        Assert.All(histograms, item => Assert.Equal("us", item.Unit));
    }

    private static IEnumerable<string> Filled(Histogram histogram) => histogram.Buckets.Where(bucket => bucket.Count > 0).Select(bucket => $"{(ulong)bucket.From!.Value}:{bucket.Count}");

    private static object Get(BpfEvent item, string property) => item.GetType().GetProperty(property)!.GetValue(item)!;
}
