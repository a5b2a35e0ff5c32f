using System.Buffers.Binary;
using System.Reflection;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using CollectingSink = Bee.Ebpf.Tests.Loading.CollectingSink;

namespace Bee.Ebpf.Tests.Records;

/// <summary>Names of containers on events, entries and histograms, decoded from bytes.</summary>
public sealed class ContainerTests(ContainerProgram c) : IClassFixture<ContainerProgram>
{
    private const byte Web = 7, Database = 8;

    [ClangFact]
    public void Key_fields_are_found_by_their_types_and_names()
    {
        Assert.Equal(new ContainerKey(1, 2, 3), Read("full", [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]));
        Assert.Equal(new ContainerKey(0, 0x1_0000_0002, 0), Read("wide", [2, 0, 0, 0, 1, 0, 0, 0]));
        Assert.Equal(new ContainerKey(0, 0, 5), Read("pid", [5, 0, 0, 0]));
        Assert.Equal(new ContainerKey(0, 0x0403_0201_0000_0000, 0x0807_0605), Read("gadget", [9, 9, 9, 9, 9, 9, 9, 9, .. new byte[16], 5, 6, 7, 8, 7, 7, 7, 7, 0, 0, 0, 0, 1, 2, 3, 4]));
        Assert.Equal(new ContainerKey(0, 0x0403_0201_0000_0000, 0x0807_0605), Read("other_gadget", [9, 9, 9, 9, 9, 9, 9, 9, .. new byte[16], 5, 6, 7, 8, 7, 7, 7, 7, 0, 0, 0, 0, 1, 2, 3, 4]));
        Assert.Null(c.Event("nowhere").Where);
        Assert.Equal((FieldMeaning.CgroupId, FieldMeaning.MountNamespaceId, typeof(ulong), typeof(uint)), c.Event("full").Fields is var fields
            ? (fields[1].Meaning, fields[2].Meaning, fields[1].ClrType, fields[2].ClrType) : default);
    }

    [ClangFact]
    public void A_part_that_a_short_record_lacks_is_zero()
    {
        var where = c.Event("full").Where!;

        Assert.Equal(new ContainerKey(1, 0, 0), where.Read([1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0]));
        Assert.Equal(default, where.Read([]));
    }

    [ClangFact]
    public void An_event_has_the_names_of_its_container()
    {
        var type = Event("full", RecordExtras.Container);
        var (named, plain) = (type.Decode(Full(Web)), type.Decode(Full(0)));
        named.Place(Names("web"));

        Assert.Equal(["MapName", "cgroup", "mount", "pid", "tgid", "container", "image", "pod", "namespace", "node"], type.Names());
        Assert.Equal(("web", "web:1", "web-pod", "shop", "node1"), (named.Get("container"), named["IMAGE"], named.Get("pod"), named.Get("namespace"), named.Get("node")));
        Assert.Equal(("", 0, FieldMeaning.Text, true), type.Fields[5] is var field ? (field.CName, field.Size, field.Meaning, field.IsExtra) : default);
        Assert.Null(plain.Get("container"));
        Assert.EndsWith(",\"tgid\":3,\"container\":\"web\",\"image\":\"web:1\",\"pod\":\"web-pod\",\"namespace\":\"shop\",\"node\":\"node1\"}", named.ToJson(), StringComparison.Ordinal);
        Assert.Contains("\"container\":null", plain.ToJson(), StringComparison.Ordinal);
        Assert.Contains("no field 'container'. The fields are cgroup, mount, pid, tgid.", Assert.Throws<ArgumentException>(() => named.GetBytes("container")).Message, StringComparison.Ordinal);
    }

    [ClangFact]
    public void Names_do_not_make_equal_events_unequal()
    {
        var type = Event("full", RecordExtras.Container | RecordExtras.Sender);
        var (one, other) = (type.Decode(Full(Web)), type.Decode(Full(Web)));
        one.Place(Names("web"));
        other.Mark(new RecordSender("a", false));
        one.Mark(new RecordSender("a", true));

        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.NotEqual(one, type.Decode(Full(Database)));
        other.Mark(new RecordSender("b", false));
        Assert.NotEqual(one, other);
    }

    [ClangFact]
    public void A_type_without_names_has_no_field_for_them()
    {
        var plain = c.Event("full");

        Assert.Equal(["MapName", "cgroup", "mount", "pid", "tgid"], plain.Names());
        Assert.Equal(["_bytes"], plain.ClrType.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).Select(field => field.Name));
        Assert.NotSame(plain.ClrType, Event("full", RecordExtras.Container).ClrType);
        Assert.Same(plain.ClrType, Event("full", RecordExtras.Kubernetes).ClrType);
        Assert.Same(c.Event("nowhere").ClrType, Event("nowhere", RecordExtras.Container).ClrType);
        Assert.True(EmittedTypes.HoldSameBytes(plain.ClrType, Event("full", RecordExtras.Container).ClrType));
        Assert.False(EmittedTypes.HoldSameBytes(plain.ClrType, c.Event("pid").ClrType));
    }

    [ClangFact]
    public void A_field_of_the_same_name_wins_over_a_name()
    {
        var type = Event("taken", RecordExtras.Container);
        var e = type.Decode([5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
        e.Place(Names("web"));

        Assert.Equal(["MapName", "pid", "Container", "node", "image", "pod", "namespace"], type.Names());
        Assert.Equal((1, 2, "shop"), (e.Get("Container"), e.Get("node"), e.Get("namespace")));
    }

    [ClangFact]
    public void An_event_of_another_host_begins_with_its_name()
    {
        var type = Event("full", RecordExtras.Sender);
        var e = type.Decode(Full(Web));
        e.Mark(new RecordSender("web1", true));

        Assert.Equal(["PSComputerName", "MapName", "cgroup", "mount", "pid", "tgid", "Late"], type.Names());
        Assert.Equal(("web1", true, 3), (e.Get("PSComputerName"), e.Get("Late"), e.Get("tgid")));
        Assert.Equal((null, false), (type.Decode(Full(Web)).Get("PSComputerName"), type.Decode(Full(Web)).Get("Late")));
    }

    [ClangFact]
    public void A_buffer_names_each_event_and_looks_up_each_key()
    {
        var resolver = new FakeContainers { [Web] = Names("web") };
        var (sink, stream) = (new CollectingSink(), Stream("full", resolver));

        Drain(stream, sink, Full(Web), Full(Database), Full(Web));
        resolver[Web] = Names("web-2");
        Drain(stream, sink, Full(Web));

        Assert.Equal(["web", null, "web", "web-2"], sink.Events.Select(e => (string?)e.Get("container")));
        Assert.Equal([new(Web, 2, 3), new(Database, 2, 3), new(Web, 2, 3), new(Web, 2, 3)], resolver.Asked);
        Assert.Equal((4, 0), (stream.Count, stream.Filtered));
    }

    [ClangFact]
    public void A_filter_drops_records_before_they_are_decoded()
    {
        var resolver = new FakeContainers { [Web] = Names("web"), [Database] = Names("database") };
        var answers = new List<string?>();
        bool Filter(ContainerNames? names)
        {
            answers.Add(names?.Container);
            return names?.Container == "database";
        }

        var (sink, stream) = (new CollectingSink(), Stream("full", resolver, Filter));
        Drain(stream, sink, Full(Web), Full(Web), Full(Database), Full(Database), Full(0), Full(Database));

        Assert.Equal(["database", "database", "database"], sink.Events.Select(e => (string?)e.Get("container")));
        Assert.Equal((3, 3), (stream.Count, stream.Filtered));
        // Asked once for each change of the container, and for the host at the start.
        Assert.Equal([null, "web", "database", null, "database"], answers);

        var nowhere = Stream("nowhere", resolver, Filter);
        Drain(nowhere, sink, new byte[8]);
        Assert.Equal((0, 1), (nowhere.Count, nowhere.Filtered));
    }

    [ClangFact]
    public void Truncated_and_longer_records_have_names()
    {
        var (sink, stream) = (new CollectingSink(), Stream("full", new FakeContainers { [Web] = Names("web") }));

        Drain(stream, sink, Full(Web)[..12], [.. Full(Web), 1, 2, 3, 4, 5, 6, 7, 8, 9], Full(Web)[..4]);

        Assert.Equal([true, null, true], sink.Events.Select(e => e.GetType().GetProperty("Truncated")?.GetValue(e)));
        Assert.Equal(["web", "web", null], sink.Events.Select(e => (string?)e.Get("container")));
        Assert.Equal((null, 9), (sink.Events[0].Get("tgid"), sink.Events[1].GetRest().Length));
        Assert.DoesNotContain("web", JsonText.ToCompare(sink.Events[0]) + JsonText.ToCompare(sink.Events[1]), StringComparison.Ordinal);
    }

    [ClangFact]
    public void Names_of_an_event_allocate_nothing_but_the_event()
    {
        var type = Event("full", RecordExtras.Container);
        var stream = Stream("full", new FakeContainers { [Web] = Names("web"), IsCounting = false }, _ => true);
        var (record, sink) = (Full(Web), new IgnoringSink());
        var decoding = new DecodingSink(stream, stream.RecordType!, sink);
        decoding.Record(record);
        var before = GC.GetAllocatedBytesForCurrentThread();
        type.Decode(record);
        var one = GC.GetAllocatedBytesForCurrentThread() - before;

        before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            decoding.Record(record);
        }

        Assert.Equal(1000 * one, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [ClangFact]
    public void An_entry_has_names_by_its_key_or_its_value()
    {
        var byKey = EntryType.ForMap(Map("key", "count"), RecordExtras.Container | RecordExtras.Sender);
        var byValue = EntryType.ForMap(Map("count", "full"), RecordExtras.Container);
        var scalar = EntryType.ForMap(new MapDescription { Name = "test", Type = MapType.Hash, KeySize = 8, ValueSize = 8, Key = c.Program.Root(0), Value = c.Program.Struct("count"), MaxEntries = 9 }, RecordExtras.Container);
        var entry = byKey.Decode([Web, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], new byte[8]);
        entry.Place(Names("web"));

        Assert.Equal(["PSComputerName", "MapName", "Key", "Value", "cgroup", "uid", "pad", "n", "container", "image", "pod", "namespace", "node", "Late"], byKey.Names());
        Assert.Equal(new ContainerKey(Web, 0, 0), byKey.Where!.Read(entry.RawKey, entry.RawValue));
        Assert.Equal(("web", 1u, 0ul), (entry.Get("container"), entry.Get("uid"), entry.Get("n")));
        Assert.Equal(new ContainerKey(Web, 2, 3), byValue.Where!.Read(new byte[8], Full(Web)));
        Assert.Equal(new ContainerKey(Web, 0, 0), scalar.Where!.Read([Web, 0, 0, 0, 0, 0, 0, 0]));
        Assert.Null(EntryType.ForMap(Map("count", "count")).Where);
    }

    [ClangFact]
    public void An_entry_that_is_written_back_is_encoded_without_its_names()
    {
        var encoder = new EntryEncoder(Map("key", "count"));
        var given = new Dictionary<string, object?>
        {
            ["MapName"] = "test",
            ["cgroup"] = Web,
            ["uid"] = 1,
            ["n"] = 5,
            ["Container"] = "web",
            ["image"] = null,
            ["pod"] = null,
            ["namespace"] = "",
            ["node"] = "x",
            ["PSComputerName"] = "a",
            ["Late"] = false,
        };

        var entry = encoder.Entry(given, _ => null);

        Assert.Equal([Web, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], entry.Key);
        Assert.Equal(5ul, BitConverter.ToUInt64(entry.Value));
        Assert.DoesNotContain("container", encoder.Names);
        // A map that does not say where has no names to ignore.
        Assert.Throws<BpfMapException>(() => new EntryEncoder(Map("count", "count")).Entry(new Dictionary<string, object?> { ["Key"] = 1, ["Value"] = 1, ["container"] = "web" }, _ => null));
    }

    [ClangFact]
    public void A_histogram_has_the_names_of_its_labels_at_each_report()
    {
        var map = new MapDescription { Name = "hist_test", Type = MapType.RingBuffer, Value = c.Program.Struct("timing") };
        var type = HistogramType.For(map, out _, RecordExtras.Container | RecordExtras.Sender)!;
        var resolver = new FakeContainers { [Web] = Names("web") };
        var stream = new RecordStream(map.Name, map, null, null, type) { LabelContainers = ContainerLookup.Of(resolver, type.Where) };
        var (tally, sink, stopped) = (new HistogramTally(stream, all: true), new CollectingSink(), false);
        byte[] record = [Web, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0];

        tally.Observe(record);
        tally.Poll(sink, ref stopped);
        resolver[Web] = Names("web-2");
        tally.Poll(sink, ref stopped);

        Assert.Equal(["cgroup", "PSComputerName", "container", "image", "pod", "namespace", "node", "Late"], type.Labels.Select(label => label.Name));
        Assert.Equal(["web", "web-2"], sink.Events.Select(e => (string?)e.Get("container")));
        Assert.Equal(sink.Events[0], sink.Events[1]);
        Assert.Equal(["cgroup"], type.Plan.Labels.Select(label => label.Name));
        Assert.Null(HistogramType.For(map.WithMetadata(new MapMetadata { Labels = ["none"] }), out _, RecordExtras.Container)!.Where);
    }

    private static byte[] Full(ulong cgroup)
    {
        var record = new byte[24];
        BinaryPrimitives.WriteUInt64LittleEndian(record, cgroup);
        (record[8], record[12], record[16]) = (2, 9, 3);
        return record;
    }

    private static ContainerNames Names(string name) => ContainerProgram.Names(name);

    private static void Drain(RecordStream stream, IEventSink sink, params byte[][] records)
    {
        var decoding = new DecodingSink(stream, stream.RecordType!, sink);
        foreach (var record in records)
        {
            Assert.True(decoding.Record(record));
        }
    }

    private ContainerKey Read(string type, byte[] record) => c.Event(type).Where!.Read(record);

    private RecordType Event(string type, RecordExtras extras) => c.Event(type, extras);

    private MapDescription Map(string key, string value) => new()
    {
        Name = "test",
        Type = MapType.Hash,
        MaxEntries = 16,
        Key = c.Program.Struct(key),
        KeySize = (uint)c.Program.Struct(key).Size,
        Value = c.Program.Struct(value),
        ValueSize = (uint)c.Program.Struct(value).Size,
    };

    private RecordStream Stream(string type, IContainerResolver resolver, Func<ContainerNames?, bool>? filter = null)
    {
        var options = new EventReaderOptions { Containers = resolver, ContainerFilter = filter };
        var record = Event(type, options.Extras);
        return new RecordStream("print_test", null, record, null) { Containers = ContainerLookup.Of(options, record.Where) };
    }

    private sealed class IgnoringSink : IEventSink
    {
        public bool Event(BpfEvent e) => true;

        public void Lost(string map, ulong count)
        {
        }
    }
}

/// <summary>The C types of the tests.</summary>
public sealed class ContainerProgram : IDisposable
{
    private readonly Lazy<CProgram> _program = new(() => new CProgram(
        """
        typedef u64 cgroup_id; typedef u32 mntns_id; typedef u64 gadget_mntns_id;
        struct full { cgroup_id cgroup; mntns_id mount; u32 pid; s32 tgid; };
        struct wide { gadget_mntns_id mntns_id; };
        struct pid { u32 pid; };
        struct gadget_process { char comm[16]; u32 pid; u32 tid; gadget_mntns_id mntns_id; };
        struct gadget { u64 at; struct gadget_process proc; };
        struct other_gadget { u64 at; struct gadget_process sender; };
        struct nowhere { u64 n; };
        struct taken { u32 pid; s32 Container; s32 node; };
        struct key { cgroup_id cgroup; u32 uid; u32 pad; };
        struct count { u64 n; };
        struct timing { cgroup_id cgroup; u64 le; };
        """,
        ["cgroup_id", "struct full", "struct wide", "struct pid", "struct gadget", "struct other_gadget", "struct nowhere", "struct taken", "struct key", "struct count", "struct timing"]));

    internal CProgram Program => _program.Value;

    internal RecordType Event(string type, RecordExtras extras = RecordExtras.None) =>
        RecordType.ForEvent(new MapDescription { Name = "print_test", Type = MapType.RingBuffer, Value = Program.Struct(type) }, extras);

    internal static ContainerNames Names(string name) => new() { Id = name + "-id", Container = name, Image = name + ":1", Pod = name + "-pod", Namespace = "shop", Node = "node1" };

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_program.IsValueCreated)
        {
            _program.Value.Dispose();
        }
    }
}

/// <summary>A resolver of cgroups that are given.</summary>
internal sealed class FakeContainers : IContainerResolver
{
    private readonly Dictionary<ulong, ContainerNames> _known = [];

    public List<ContainerKey> Asked { get; } = [];

    public bool IsCounting { get; init; } = true;

    public Func<int, ContainerNames?> OfProcess { get; init; } = static _ => null;

    public ContainerNames this[ulong cgroup]
    {
        set => _known[cgroup] = value;
    }

    public ContainerNames? Find(in ContainerKey key)
    {
        if (IsCounting)
        {
            Asked.Add(key);
        }

        return key.CgroupId == 0 ? OfProcess(key.ProcessId) : _known.GetValueOrDefault(key.CgroupId);
    }
}
