using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;

namespace Bee.Toolchain.Tests;

/// <summary>The types, maps and parameters of bee.h as Bee sees them.</summary>
public class HeaderTests
{
    [CompileFact]
    public void Types_with_meaning_keep_their_names_and_sizes()
    {
        var file = Sources.Compile("""
            #include "bee.h"
            BEE_LICENSE("GPL");
            struct all {
                ipv4_addr a; ipv6_addr b; mac_addr c; net_port d; be16 e; be32 f; be64 g; duration h; ktime i; boottime j;
                syscall_nr k; errno_value l; signal_nr m; byte_size n; uid_t o; gid_t p; __be16 q; __be32 r; __be64 s;
            };
            BEE_RING(print_all, struct all, 4096);
            SEC("raw_tp/sys_enter") int f(void *ctx) { return 0; }
            """);

        var type = Assert.IsType<BtfStruct>(Assert.Single(file.Maps, map => map.Name == "print_all").Value);
        (string, int)[] expected =
        [
            ("ipv4_addr", 4), ("ipv6_addr", 16), ("mac_addr", 6), ("net_port", 2), ("be16", 2), ("be32", 4), ("be64", 8), ("duration", 8), ("ktime", 8),
            ("boottime", 8), ("syscall_nr", 4), ("errno_value", 4), ("signal_nr", 4), ("byte_size", 8), ("uid_t", 4), ("gid_t", 4), ("__be16", 2), ("__be32", 4), ("__be64", 8),
        ];
        Assert.Equal(expected, type.Members.Select(member => (member.Type.Name, member.Type.Size)));
    }

    [CompileFact]
    public void Each_map_macro_makes_its_map()
    {
        var file = Sources.Compile("""
            #include "bee.h"
            BEE_LICENSE("GPL");
            struct pair { u32 a; u32 b; };
            struct number { u64 n; };
            BEE_HASH(counter_a, struct pair, struct number, 10);
            BEE_LRU_HASH(gauge_b, struct pair, u64, 20);
            BEE_PERCPU_HASH(c, u32, u64, 30);
            BEE_LRU_PERCPU_HASH(d, u32, u64, 40);
            BEE_ARRAY(hist_e, u64, 50);
            BEE_PERCPU_ARRAY(f, struct number, 60);
            BEE_LPM(networks, struct pair, u64, 70);
            BEE_RING(print_g, struct number, 8192);
            BEE_PERF(print_h, struct number);
            SEC("raw_tp/sys_enter") int p(void *ctx) { return 0; }
            """);

        (string, MapType, MapRole, uint)[] expected =
        [
            ("counter_a", MapType.Hash, MapRole.Counter, 10), ("gauge_b", MapType.LruHash, MapRole.Gauge, 20), ("c", MapType.PerCpuHash, MapRole.None, 30),
            ("d", MapType.LruPerCpuHash, MapRole.None, 40), ("hist_e", MapType.Array, MapRole.Histogram, 50), ("f", MapType.PerCpuArray, MapRole.None, 60),
            ("networks", MapType.LpmTrie, MapRole.None, 70), ("print_g", MapType.RingBuffer, MapRole.Print, 8192), ("print_h", MapType.PerfEventArray, MapRole.Print, 0),
        ];
        Assert.Equal(expected.Order(), file.Maps.Where(map => !map.IsInternal && map.Name != "bee_lost").Select(map => (map.Name, map.Type, map.Role, map.MaxEntries)).Order());
        Assert.All(file.Maps.Where(map => map.IsEventStream), map => Assert.Equal("number", map.Value?.Name));
    }

    [CompileFact]
    public void Parameters_have_name_type_and_default()
    {
        var file = Sources.Compile("""
            #include "bee.h"
            BEE_LICENSE("GPL");
            BEE_PARAM(pid_t, target_pid, 0);
            BEE_PARAM(bool, verbose, true);
            BEE_PARAM(u64, least, 1000);
            SEC("raw_tp/sys_enter") int f(void *ctx) { return verbose && bee_targeted_child(target_pid) && least ? 1 : 0; }
            """);

        Assert.Equal(["least", "target_pid", "verbose"], file.Parameters.Select(parameter => parameter.Name).Order());
        Assert.Equal(1000UL, BitConverter.ToUInt64(file.Parameters.Single(parameter => parameter.Name == "least").Default.Span));
        Assert.Equal("GPL", file.License);
    }

    [CompileFact]
    public void A_source_may_bring_vmlinux_h_itself_and_in_any_order() => Sources.Compile("""
        #include <bpf/bpf_endian.h>
        #include "vmlinux.h"
        #include "bee.h"
        #include <vmlinux.h>
        BEE_LICENSE("GPL");
        SEC("raw_tp/sys_enter") int f(void *ctx) { return 0; }
        """);
}
