using Bee.Ebpf.Btf;
using Bee.Ebpf.Metadata;
using Bee.Toolchain.Compiling;
using Bee.Toolchain.Diagnostics;

namespace Bee.Toolchain.Tests;

/// <summary>The conventions that sources for BumbleBee rely on, each in a source of our own.</summary>
public class SoloConventionTests
{
    private const string Start = """
        #include "vmlinux.h"
        #include "solo_types.h"
        #include "bpf/bpf_helpers.h"
        #include "bpf/bpf_core_read.h"
        #include "bpf/bpf_tracing.h"

        """;

    [CompileTheory]
    [InlineData("#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n#include <bpf/bpf_core_read.h>\n#include <bpf/bpf_tracing.h>\n#include \"solo_types.h\"\n")]
    [InlineData("#include \"vmlinux.h\"\n#include \"bpf/bpf_helpers.h\"\n#include <solo_types.h>\n")]
    [InlineData(Start)]
    public void Headers_are_found_under_each_name_and_in_each_order(string includes) =>
        Sources.Compile(includes + "ipv4_addr a; ipv6_addr b; duration c; char LICENSE[] SEC(\"license\") = \"Dual MIT/GPL\";\nSEC(\"raw_tp/sys_enter\") int f(void *ctx) { return 0; }\n");

    [CompileFact]
    public void Its_types_have_its_sizes()
    {
        var file = Sources.Compile(Start + """
            char __license[] SEC("license") = "Dual MIT/GPL";
            struct pair { ipv4_addr from; ipv6_addr to; duration took; } __attribute__((packed));
            struct {
                __uint(type, BPF_MAP_TYPE_RINGBUF);
                __uint(max_entries, 1 << 24);
                __type(value, struct pair);
            } print_pairs SEC(".maps");
            SEC("raw_tp/sys_enter") int f(void *ctx) { return 0; }
            """);

        var map = Assert.Single(file.Maps, item => item.Name == "print_pairs");
        Assert.Equal(MapRole.Print, map.Role);
        Assert.Equal([("ipv4_addr", 4), ("ipv6_addr", 4), ("duration", 8)], Assert.IsType<BtfStruct>(map.Value).Members.Select(member => (member.Type.Name, member.Type.Size)));
    }

    [CompileFact]
    public void Names_of_maps_say_what_becomes_of_them()
    {
        var maps = string.Concat(new[] { "print_a", "counter_b", "gauge_c", "hist_d", "state" }.Select(name => $$"""
            struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8192); __type(key, u32); __type(value, u64); } {{name}} SEC(".maps");

            """));
        var file = Sources.Compile(Start + maps + "char __license[] SEC(\"license\") = \"GPL\";\nSEC(\"kprobe/tcp_v4_connect\") int BPF_KPROBE(f, struct sock *sk) { return 0; }\n");

        Assert.Equal([MapRole.Print, MapRole.Counter, MapRole.Gauge, MapRole.Histogram, MapRole.None], file.Maps.OrderBy(map => map.Name == "state" ? "z" : map.Name[^1..]).Select(map => map.Role));
        Assert.Equal("tcp_v4_connect", Assert.Single(file.Programs).AttachTo);
    }

    [CompileFact]
    public void Maps_may_say_sizes_instead_of_types() => Sources.Compile(Start + """
        char LICENSE[] SEC("license") = "GPL";
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __uint(key_size, sizeof(u64)); __uint(value_size, sizeof(u32)); } plain SEC(".maps");
        SEC("raw_tp/sys_enter") int f(void *ctx) { return 0; }
        """);

    [CompileFact]
    public void Memory_is_copied_without_declaring_memcpy_and_the_trace_pipe_is_written()
    {
        var file = Sources.Compile(Start + """
            char LICENSE[] SEC("license") = "GPL";
            struct event { u32 pid; char comm[16]; };
            struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct event); } counter_events SEC(".maps");
            SEC("tracepoint/syscalls/sys_enter_openat")
            int opened(struct trace_event_raw_sys_enter *ctx)
            {
                struct event event = { .pid = bpf_get_current_pid_tgid() >> 32 }, *room;
                room = bpf_ringbuf_reserve(&counter_events, sizeof(event), 0);
                if (!room)
                    return 0;
                memcpy(room, &event, sizeof(event));
                bpf_printk("pid %u", event.pid);
                bpf_ringbuf_submit(room, 0);
                return 0;
            }
            """);

        // All calls became instructions: a call of an undefined function would show as another undefined symbol.
        Assert.True(file.Bytes.Span.IndexOf("\0memcpy\0"u8) < 0);
    }

    /// <summary>It is an error since clang 16; such sources were written when it was a warning.</summary>
    [CompileFact]
    public void An_argument_of_a_system_call_may_stand_for_a_pointer()
    {
        using var folder = new TemporaryFolder();
        var result = Compiler.Compile(
            new CompileRequest
            {
                Source = folder.Write("tool.c", Start + """
                    char __license[] SEC("license") = "GPL";
                    struct { __uint(max_entries, 1 << 24); __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, u32); __type(value, char[64]); } print_names SEC(".maps");
                    SEC("tracepoint/syscalls/sys_enter_openat")
                    int opened(struct trace_event_raw_sys_enter* ctx)
                    {
                        char name[64] = {};
                        u32 key = 0;
                        bpf_probe_read_user_str(&name, sizeof(name), ctx->args[1]);
                        bpf_map_update_elem(&print_names, &key, &name, 0);
                        return 0;
                    }
                    """),
            },
            CancellationToken.None);

        Assert.True(result.Success, string.Join("\n", result.Diagnostics));
        Assert.Equal((DiagnosticSeverity.Warning, "-Wint-conversion"), (result.Diagnostics[0].Severity, result.Diagnostics[0].Option));
    }

    [CompileFact]
    public void A_header_beside_the_source_is_found()
    {
        using var folder = new TemporaryFolder();
        folder.Write("tool.h", "struct event { u32 pid; };\n");
        Sources.CompileFile(folder.Write("tool.c", "#include <vmlinux.h>\n#include <bpf/bpf_helpers.h>\n#include \"tool.h\"\nchar LICENSE[] SEC(\"license\") = \"GPL\";\nSEC(\"raw_tp/sys_enter\") int f(void *ctx) { return sizeof(struct event); }\n"));
    }
}
