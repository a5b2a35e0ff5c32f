using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Posix;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Programs whose target is a map: socket map programs, and iterators over entries.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class MapTargetTests
{
    // Adds the sockets of a connection to the map when they are connected (operations 4 and 5; 2 is AF_INET).
    private const string Sockets = """
        #include "fixture.h"
        struct { __uint(type, BPF_MAP_TYPE_SOCKMAP); __uint(max_entries, 2); __type(key, __u32); __type(value, __u32); } sockets SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, __u64); } gauge_seen SEC(".maps");
        static void seen(__u32 slot) { __u64 *count = bpf_map_lookup_elem(&gauge_seen, &slot); if (count) __sync_fetch_and_add(count, 1); }
        SEC("sockops") int p0(struct bpf_sock_ops *context)
        {
        	__u32 key = context->op - 4;
        	if (key < 2)
        		bpf_sock_map_update(context, &sockets, &key, BPF_ANY);
        	return 1;
        }
        SEC("sk_msg") int p1(struct sk_msg_md *context) { seen(0); return SK_PASS; }
        SEC("SECTION") int p2(struct __sk_buff *context) { seen(1); return SK_PASS; }
        """;

    private const string Talk = """
        use Socket qw(:all);
        socket(my $l, AF_INET, SOCK_STREAM, 0); bind($l, pack_sockaddr_in(4244, INADDR_LOOPBACK)) or die "bind: $!"; listen($l, 1);
        socket(my $c, AF_INET, SOCK_STREAM, 0); connect($c, pack_sockaddr_in(4244, INADDR_LOOPBACK)) or die "connect: $!"; accept(my $s, $l) or die "accept: $!";
        for (1..3) { syswrite($c, 'hello') or die "write: $!"; sysread($s, my $b, 5) == 5 or die "read: $!"; }
        """;

    // Two maps that the iterator can read, and one that it cannot.
    private const string Entries = """
        #include "fixture.h"
        struct bpf_iter_meta { struct seq_file *seq; } __attribute__((preserve_access_index));
        struct bpf_iter__bpf_map_elem { struct bpf_iter_meta *meta; void *map; void *key; void *value; } __attribute__((preserve_access_index));
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, __u32); __type(value, __u32); } one SEC(".maps");
        MORE
        struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, 8); __uint(map_flags, 1); __uint(key_size, 8); __uint(value_size, 8); } other SEC(".maps");
        SEC("iter/bpf_map_elem") int p0(struct bpf_iter__bpf_map_elem *context)
        {
        	__u32 *key = context->key;
        	if (key)
        		bpf_seq_write(context->meta->seq, "x\n", 2);
        	return 0;
        }
        """;

    private const string Two = "struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 3); __type(key, __u32); __type(value, __u32); } two SEC(\".maps\");";

    [NetworkTheory]
    [InlineData("sk_skb/stream_verdict")]
    [InlineData("sk_skb/verdict")]
    [InlineData("sk_skb/stream_verdict/main")]
    public void A_socket_map_runs_its_programs(string section)
    {
        using var world = new NetworkWorld();
        using var group = new OwnCgroup();
        Counting.Run(Fixture.Compile("sockets", Sockets.Replace("SECTION", section)), new BpfSessionOptions { Cgroup = group.Name }, session =>
        {
            Assert.All(session.Programs, program => Assert.Single(program.LinkIds));
            world.Run(group.Inside("perl", "-e", Talk));
            var counts = session.Counts();
            Assert.Equal(3ul, counts[0]);
            Assert.True(counts[1] > 0);
        });
    }

    [MapIteratorTheory]
    [InlineData("", null, 2)]
    [InlineData(Two, "two", 3)]
    [InlineData(Two, "one", 2)]
    public void An_iterator_reads_the_named_map(string more, string? target, int entries)
    {
        using var session = BpfSession.Load(Fixture.Compile("entries", Entries.Replace("MORE", more)), Options(target));
        var one = new MapWriter(session.Maps.Single(map => map.Name == "one"));
        foreach (var key in new[] { 1, 2 })
        {
            one.Write(one.Encode(key, 1));
        }

        using var reader = session.OpenReader(new EventReaderOptions { Select = _ => false });
        session.Attach();
        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None);

        Assert.Equal(entries, sink.Events.Count);
    }

    [KernelTheory]
    [InlineData(Two, null, LoadFault.NoPlace, "one, two")]
    [InlineData("", "tow", LoadFault.NoTarget, "does not exist")]
    [InlineData("", "other", LoadFault.NoTarget, "LpmTrie")]
    public void An_ambiguous_map_is_an_error(string more, string? target, LoadFault fault, string word)
    {
        var e = Assert.Throws<BpfLoadException>(() => BpfSession.Load(Fixture.Compile("entries", Entries.Replace("MORE", more)), Options(target)));

        Assert.Equal(fault, e.Fault);
        Assert.Contains(word, $"{e.Message} {e.Remedy}");
    }

    [KernelTheory]
    [InlineData("HASH", "", true)]
    [InlineData("LRU_HASH", "", true)]
    [InlineData("ARRAY", "__uint(map_flags, 0x1000);", true)]
    [InlineData("ARRAY", "", false)]
    public void An_inner_map_without_a_size_loads_if_the_kernel_ignores_the_size(string type, string more, bool loads)
    {
        var file = Fixture.Compile("inner", $$"""
            #include "fixture.h"
            struct inner { __uint(type, BPF_MAP_TYPE_{{type}}); {{more}} __type(key, __u32); __type(value, __u64); };
            struct { __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __uint(max_entries, 8); __type(key, __u32); __array(values, struct inner); } outer SEC(".maps");
            struct { __uint(type, BPF_MAP_TYPE_{{type}}); {{more}} __uint(max_entries, 16); __type(key, __u32); __type(value, __u64); } filled SEC(".maps");
            SEC("tracepoint/syscalls/sys_enter_getpgid") int p0(void *context) { __u32 key = 1; return bpf_map_lookup_elem(&outer, &key) != 0; }
            """);
        if (!loads)
        {
            var e = Assert.Throws<BpfLoadException>(() => BpfSession.Load(file, new BpfSessionOptions()));
            Assert.Equal(LoadFault.MapCreate, e.Fault);
            Assert.Contains("'outer'", e.Message);
            return;
        }

        using var session = BpfSession.Load(file, new BpfSessionOptions());
        var outer = new MapWriter(session.Maps.Single(map => map.Name == "outer"));
        outer.Write(outer.Encode(1, session.Maps.Single(map => map.Name == "filled").Id));
        Assert.Single(outer.Map.Entries());
    }

    /// <summary>A test that iterates over the entries of maps, which some kernels refuse.</summary>
    private sealed class MapIteratorTheoryAttribute : TheoryAttribute
    {
        private static readonly Lazy<string?> s_refusal = new(Refusal);

        public MapIteratorTheoryAttribute() => Skip = new KernelFactAttribute().Skip ?? s_refusal.Value;

        private static string? Refusal()
        {
            try
            {
                BpfSession.Load(Fixture.Compile("entries", Entries.Replace("MORE", "")), Options(null)).Dispose();
                return null;
            }
            catch (BpfLoadException e) when (e.Errno == Libc.EPERM)
            {
                return "this kernel refuses iterators over the entries of maps";
            }
        }
    }

    private static BpfSessionOptions Options(string? target) => new() { AttachTo = target is null ? [] : new Dictionary<string, string> { ["p0"] = target } };
}
