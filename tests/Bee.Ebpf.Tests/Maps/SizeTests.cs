using Bee.Ebpf.Checks;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Tests.Loading;

namespace Bee.Ebpf.Tests.Maps;

/// <summary>Sizes of maps that the object leaves to the loader.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class SizeTests
{
    private static readonly Lazy<ObjectFile> s_file = new(() => Fixture.Compile("sizes", """
        #include "fixture.h"
        struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u32); __type(value, __u64); } start SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(key_size, sizeof(__u32)); } stacks SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, __u64); } of_task SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
        SEC("raw_tp/sys_enter") int on_call(void *context)
        {
            __u32 key = 0;
            return bpf_map_lookup_elem(&start, &key) ? bpf_get_stackid(context, &stacks, 0) : TARGETED;
        }
        """));

    [Fact]
    public void A_stack_map_without_a_declared_depth_has_the_default() =>
        Assert.Equal(127u * 8, s_file.Value.Maps.Single(map => map.Name == "stacks").ValueSize);

    [KernelFact]
    public void A_map_without_a_size_is_refused_before_anything_is_loaded()
    {
        var fault = Assert.Throws<BpfLoadException>(() => BpfSession.Load(s_file.Value, new BpfSessionOptions()));

        Assert.Equal(LoadFault.MapSize, fault.Fault);
        Assert.Contains("start (Hash), stacks (StackTrace)", fault.Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_size_in_the_options_overrides_metadata()
    {
        var said = new Dictionary<string, MapMetadata> { ["start"] = new() { Entries = 10 }, ["stacks"] = new() { Entries = 20 } };
        var file = s_file.Value.WithMetadata(new ObjectMetadata { Maps = said });
        using var session = BpfSession.Load(file, new BpfSessionOptions { MapSizes = new Dictionary<string, uint> { ["stacks"] = 64, ["ring"] = 1 << 16 } });

        Assert.Equal([10u, 64u, 1u << 16], new[] { "start", "stacks", "ring" }.Select(name => KernelObject.FactsOfMap(session.Maps.Single(map => map.Name == name).Fd)!.Value.MaxEntries));
    }

    [KernelTheory]
    [InlineData("ring", 5000u, "power of two")]
    [InlineData("of_task", 10u, "no number of entries")]
    [InlineData("start", 0u, "at least one entry")]
    [InlineData(".rodata", 1u, "global variables")]
    [InlineData("stat", 1u, "no map 'stat'")]
    public void A_size_that_is_invalid_for_the_map_is_refused(string map, uint entries, string why)
    {
        var fault = Assert.Throws<BpfLoadException>(() => BpfSession.Load(s_file.Value, new BpfSessionOptions { MapSizes = new Dictionary<string, uint> { [map] = entries } }));

        Assert.Equal(LoadFault.MapSize, fault.Fault);
        Assert.Contains(why, fault.Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public void The_check_finds_maps_without_a_size_and_helpers_of_other_types()
    {
        var file = Fixture.Compile("refused", """
            #include "fixture.h"
            struct inner { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u32); __type(value, __u64); };
            struct { __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __uint(max_entries, 4); __type(key, __u32); __array(values, struct inner); } outer SEC(".maps");
            struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u32); __type(value, __u64); } start SEC(".maps");
            struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(max_entries, 4); __uint(key_size, 4); } stacks SEC(".maps");
            SEC("xdp") int packet(struct xdp_md *context)
            {
                __u32 key = 0;
                return bpf_get_stackid(context, &stacks, 0) < 0 || bpf_map_lookup_elem(&start, &key) || bpf_map_lookup_elem(&outer, &key) ? XDP_PASS : XDP_DROP;
            }
            """);
        var failed = CompatibilityCheck.Run(file, TargetKernel.Running()).Where(result => result.State == CheckState.Failed).Select(result => $"{result.Name} {result.Target}");

        Assert.Equal(["Helpers bpf_get_stackid", "MapSizes outer", "MapSizes start"], failed.Order());
    }

    [Fact]
    public void An_invalid_size_in_metadata_is_reported()
    {
        var said = new ObjectMetadata { Maps = new Dictionary<string, MapMetadata> { ["ring"] = new() { Entries = 5000 } } };

        Assert.Equal("maps/ring/entries", Assert.Single(MetadataCheck.Check(said, s_file.Value)).Place);
        Assert.Equal(4096u, s_file.Value.WithMetadata(said).Maps.Single(map => map.Name == "ring").MaxEntries);
    }
}
