using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Ebpf.Tests.Loading;

namespace Bee.Ebpf.Tests.Maps;

/// <summary>Global variables as maps, and as parameters.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class GlobalTests
{
    private static readonly Lazy<ObjectFile> s_file = new(() => Fixture.Compile("globals", """
        #include "fixture.h"
        struct hist { __u32 slots[8]; };
        int my_tgid = 0;
        int step = 2;
        char note[8] = "begin";
        __u64 hits;
        __u32 per_group[4];
        struct hist hist;
        struct hist hists[2];
        __u64 other SEC(".data.other") = 7;
        SEC("raw_tp/sys_enter") int on_call(__u64 *context)
        {
            __u32 group = hits & 3;
            if (!TARGETED || context[1] != 121 || my_tgid != target_pid)
                return 0;
            __sync_fetch_and_add(&hits, step);
            __sync_fetch_and_add(&per_group[group], 1);
            __sync_fetch_and_add(&hist.slots[group], 1);
            __sync_fetch_and_add(&hists[group & 1].slots[2], 1);
            other++;
            return 0;
        }
        """));

    [Fact]
    public void Sections_and_their_variables_are_described()
    {
        var file = s_file.Value;
        Assert.Equal(["target_pid", "step", "note"], file.Parameters.Select(parameter => parameter.Name).Where(name => name != "other"));
        Assert.Contains("my_tgid", file.Globals.Select(global => global.Name));
        var section = EntryType.ForMap(file.Maps.Single(map => map.Name == ".bss"));
        Assert.Equal(["hist", "hists", "hits", "my_tgid", "per_group"], section.Fields.Where(field => field.CName.Length > 0).Select(field => field.CName).Order());
        Assert.Equal((4u, 4u), (file.Maps.Single(map => map.Name == "per_group").MaxEntries, file.Maps.Single(map => map.Name == "per_group").ValueSize));
        Assert.Equal(["hist", "hists"], file.Maps.Where(map => map.Role == MapRole.Histogram).Select(map => map.Name).Order());
        // A global variable without an initial value becomes a parameter when metadata describes it.
        var described = file.WithMetadata(new ObjectMetadata { Parameters = new Dictionary<string, ParameterMetadata> { ["my_tgid"] = new() { Description = "Only this process" } } });
        Assert.Equal("my_tgid", described.Parameters[^1].Name);
        Assert.DoesNotContain(described.Globals, global => global.Name == "my_tgid");
    }

    [KernelFact]
    public void Globals_are_set_before_load_and_read_afterwards()
    {
        using var session = Started();
        Call(10);

        var bss = Assert.Single(Map(session, ".bss").Entries());
        Assert.Equal((Environment.ProcessId, 30ul), (bss.Get("my_tgid"), bss.Get("hits")));
        Assert.Equal(30ul, Assert.Single(Map(session, "hits").Entries()).Get("Value"));
        Assert.Equal("begin", Assert.Single(Map(session, ".data").Entries()).Get("note"));
        Assert.Equal(17ul, Assert.Single(Map(session, ".data.other").Entries()).Get("other"));
        Assert.Equal(10u, Map(session, "per_group").Entries().Aggregate(0u, (sum, entry) => sum + (uint)entry.Get("Value")!));
        Assert.Equal(10ul, Assert.Single(Map(session, "hist").Histograms()).Count);
        Assert.Equal([0u, 1u], Map(session, "hists").Histograms().Select(histogram => histogram.GetType().GetProperty("Key")!.GetValue(histogram)));
        Assert.Equal(MapFault.BadKey, Assert.Throws<BpfMapException>(() => Map(session, "per_group").Find(4)).Fault);
    }

    [KernelFact]
    public void A_write_changes_only_the_named_variables()
    {
        using var session = Started();
        Call(4);
        var writer = new MapWriter(Map(session, ".bss"));
        var entry = writer.Encode(Members(("hits", 0)));
        // Changes that the program makes between the read and the write remain.
        Call(1);
        writer.Write(entry);

        var bss = Assert.Single(writer.Map.Entries());
        Assert.Equal((0ul, Environment.ProcessId), (bss.Get("hits"), bss.Get("my_tgid")));
        Assert.Equal(5u, ((IEnumerable<uint>)bss.Get("per_group")!).Aggregate((a, b) => a + b));

        var group = new MapWriter(Map(session, "per_group"));
        group.Write(group.Encode(2, 77));
        var hits = new MapWriter(Map(session, "hits"));
        Assert.True(hits.NeedsNoKey);
        hits.Write(hits.Encode(null, 5));
        bss = Assert.Single(writer.Map.Entries());
        Assert.Equal((5ul, 77u), (bss.Get("hits"), ((IEnumerable<uint>)bss.Get("per_group")!).ElementAt(2)));
    }

    [KernelFact]
    public void Entries_beyond_the_variable_are_not_written()
    {
        using var session = Started();
        var group = new MapWriter(Map(session, "per_group"));
        foreach (var index in new[] { 4, 0x40000000, -1 })
        {
            Assert.Equal(MapFault.BadKey, Assert.Throws<BpfMapException>(() => group.Write(new EncodedEntry(BitConverter.GetBytes(index), new byte[4]))).Fault);
        }

        Assert.Equal(MapFault.BadValue, Assert.Throws<BpfMapException>(() => group.Write(new EncodedEntry(BitConverter.GetBytes(0), new byte[4096]))).Fault);
    }

    [KernelFact]
    public void A_write_of_constants_fails_and_names_the_parameters()
    {
        using var session = Started();
        var writer = new MapWriter(Map(session, ".rodata"));
        var fault = Assert.Throws<BpfMapException>(() => writer.Write(writer.Encode(Members(("target_pid", 1)))));

        Assert.Equal(MapFault.ReadOnly, fault.Fault);
        Assert.Contains("target_pid", fault.Remedy, StringComparison.Ordinal);
    }

    [KernelFact]
    public void A_selected_section_is_streamed_and_histograms_always_are()
    {
        using var session = Started();
        Call(3);
        var sink = new CollectingSink();
        using (var reader = session.OpenReader(new EventReaderOptions { Select = map => map.Name == ".bss" }))
        {
            reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
        }

        Assert.Equal(9ul, Assert.Single(sink.Events).Get("hits"));
        using (var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole }))
        {
            Assert.Equal(["hist", "hists"], reader.Streams.Select(stream => stream.Name).Order());
        }
    }

    [KernelFact]
    public void Pinned_globals_are_read_and_written()
    {
        var folder = PinPath.Resolve($"test-globals-{Environment.ProcessId}");
        using (var session = Started())
        {
            session.Pin(folder, new PinDetails { Name = "globals", Origin = "test", Started = DateTime.UtcNow });
        }

        try
        {
            Call(2);
            using var again = PinnedProgram.Open(folder).OpenSession();
            var writer = new MapWriter(Map(again, ".bss"));
            Assert.Equal(6ul, Assert.Single(Map(again, "hits").Entries()).Get("Value"));
            writer.Write(writer.Encode(Members(("hits", 1))));
            Assert.Equal(1ul, Assert.Single(Map(again, "hits").Entries()).Get("Value"));
        }
        finally
        {
            PinnedProgram.Open(folder).Remove(TimeSpan.FromSeconds(10));
        }
    }

    [Fact]
    public void Metadata_makes_a_variable_a_metric()
    {
        var said = new ObjectMetadata { Maps = new Dictionary<string, MapMetadata> { ["hits"] = new() { Kind = MapRole.Counter }, ["nothing"] = new() } };
        Assert.Equal(MapRole.Counter, s_file.Value.WithMetadata(said).Maps.Single(map => map.Name == "hits").Role);
        var larger = new ObjectMetadata { Maps = new Dictionary<string, MapMetadata> { ["per_group"] = new() { Entries = 1000 } } };
        Assert.Equal(4u, s_file.Value.WithMetadata(larger).Maps.Single(map => map.Name == "per_group").MaxEntries);
        Assert.Equal("maps/nothing", Assert.Single(Bee.Ebpf.Checks.MetadataCheck.Check(said, s_file.Value)).Place);
    }

    private static BpfSession Started()
    {
        var session = Calls.Load(s_file.Value, ("my_tgid", Environment.ProcessId), ("step", 3));
        session.Attach();
        return session;
    }

    private static BpfMap Map(BpfSession session, string name) => session.Maps.Single(map => map.Name == name);

    private static Dictionary<string, object?> Members(params (string Name, object? Value)[] members) => members.ToDictionary(member => member.Name, member => member.Value);

    private static void Call(int times)
    {
        for (var i = 0; i < times; i++)
        {
            Calls.GetProcessGroup(0);
        }
    }
}
