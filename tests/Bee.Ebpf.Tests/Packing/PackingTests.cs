using System.Buffers;
using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;
using Bee.Ebpf.Tests.Records;
using CollectingSink = Bee.Ebpf.Tests.Loading.CollectingSink;

namespace Bee.Ebpf.Tests.Packing;

/// <summary>Objects of all kinds, packed and unpacked.</summary>
[Collection(PackingFixture.Collection)]
public sealed class PackingTests
{
    [ClangFact]
    public void Unpacked_objects_of_each_kind_equal_the_packed_ones()
    {
        var file = PackingFixture.File;
        List<BpfEvent> objects = [.. PackingFixture.Objects(file), .. PackingFixture.Placed(file)];
        var packed = PackingFixture.Pack(objects);

        var unpacked = PackingFixture.Unpack(packed);

        Assert.Equal(objects.Count, unpacked.Count);
        foreach (var (before, after) in objects.Zip(unpacked))
        {
            Equal(before, after);
        }

        Assert.Equal(packed, PackingFixture.Pack(unpacked));
    }

    [ClangFact]
    public void Unpacked_tool_has_the_metadata_and_the_sizes_of_the_packed_one()
    {
        var file = PackingFixture.File;
        var unpacked = PackingFixture.Unpack(PackingFixture.Pack(PackingFixture.Objects(file)));

        var origin = RecordOrigin.Of(unpacked.OfType<Histogram>().Last().GetType())!;
        Assert.NotSame(file, origin.File);
        Assert.Equal("packing.o", origin.File.Name);
        Assert.Equal((12u, "pages"), (origin.Map!.MaxEntries, origin.Map.Metadata.Unit));
        Assert.Equal("How many are shown.", origin.File.Parameters.Single(parameter => parameter.Name == "shown").Metadata.Description);
        var typed = RecordOrigin.Of(unpacked.Single(e => MapOf(e) is "typed_later").GetType())!;
        Assert.Equal("what was run", typed.Map!.Metadata.Fields["words"].Description);
        Assert.IsType<BpfArray<string>>(unpacked.Single(e => MapOf(e) is "typed_later").Get("words"));
    }

    [ClangFact]
    public void An_event_of_another_machine_keeps_its_times_and_names()
    {
        var file = PackingFixture.File;
        var timed = RecordType.ForEvent(PackingFixture.Map(file, "print_timed"));
        RecordOrigin.Note(file, timed.Plan.MapName is { } name ? PackingFixture.Map(file, name) : null, timed);
        var bytes = new byte[timed.Size];
        MemoryMarshal.Write(bytes, 1_000_000_000ul);
        MemoryMarshal.Write(bytes.AsSpan(8), 2_000_000_000ul);
        MemoryMarshal.Write(bytes.AsSpan(16), 1000);
        MemoryMarshal.Write(bytes.AsSpan(20), 1000);
        var captured = timed.Decode(bytes);
        captured.Bind(PackingFixture.OtherHost());
        var (here, packer) = (timed.Decode(bytes), new EventPacker());

        var unpacked = PackingFixture.Unpack(PackingFixture.Pack([captured, here, captured], packer));

        var moment = DateTime.UnixEpoch.AddTicks((1_234_567_890_123_456_789 + 1_000_000_000) / 100);
        Assert.Equal(moment, ((DateTime)unpacked[0].Get("at")!).ToUniversalTime());
        Assert.Equal(DateTime.UnixEpoch.AddTicks((1_111_111_111_111_111_111 + 2_000_000_000) / 100), ((DateTime)unpacked[0].Get("since")!).ToUniversalTime());
        Assert.Equal(DateTime.UnixEpoch.AddTicks(1_234_567_890_123_456_789 / 100), ((DateTime)unpacked[0].Get("inner.at")!).ToUniversalTime());
        Assert.Equal(DateTime.UnixEpoch.AddTicks(1_234_567_890_123_456_789 / 100), ((DateTime)unpacked[0].Get("inners[1].at")!).ToUniversalTime());
        Assert.Equal(DateTime.UnixEpoch.AddTicks(1_234_567_890_123_456_789 / 100), ((BpfArray<DateTime>)unpacked[0].Get("times")!)[1].ToUniversalTime());
        Assert.Equal(bytes, unpacked[0].BytesOfRecord().ToArray());
        Assert.Equal(("ada", "authors"), (FieldText.UserName(1000, unpacked[0]), FieldText.GroupName(1000, unpacked[0])));
        // The nested owner is 0, whose name is packed. Other owners have only a number.
        Assert.Equal(("chief", "4242"), (FieldText.UserName(0, (BpfEvent)unpacked[0].Get("inner")!), FieldText.UserName(4242, unpacked[0])));
        Assert.Equal(captured.ToJson(), unpacked[0].ToJson());
        Assert.Equal(here.ToJson(), unpacked[1].ToJson());
        Assert.Equal(FieldText.UserName(0), FieldText.UserName(0, unpacked[1]));
        Assert.Equal(captured.ToJson(), unpacked[2].ToJson());
        Assert.Equal("ada", FieldText.UserName(1000, unpacked[2]));

        // The clock of this machine would turn the same timestamp into another time.
        Assert.NotEqual(here.Get("at"), unpacked[0].Get("at"));
    }

    [ClangFact]
    public void A_record_of_another_architecture_has_its_calls_and_flags()
    {
        var file = PackingFixture.File;
        file.Btf!.Architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? Architecture.X64 : Architecture.Arm64;
        var timed = RecordType.ForEvent(PackingFixture.Map(file, "print_timed"));
        RecordOrigin.Note(file, PackingFixture.Map(file, "print_timed"), timed);
        var bytes = new byte[timed.Size];
        MemoryMarshal.Write(bytes.AsSpan(24), 63);
        MemoryMarshal.Write(bytes.AsSpan(32), 0x4000);
        var e = timed.Decode(bytes);

        var unpacked = PackingFixture.Unpack(PackingFixture.Pack([e])).Single();

        var isArm = file.Btf.Architecture == Architecture.Arm64;
        Assert.Equal((isArm ? "read" : "uname", isArm ? "O_RDONLY|O_DIRECTORY" : "O_RDONLY|O_DIRECT"), ($"{unpacked.Get("call")}", unpacked.Get("flags")));
        Assert.Same(e.GetType(), unpacked.GetType());
        Assert.NotSame(RecordType.ForEvent(PackingFixture.Map(PackingFixture.File, "print_timed")).ClrType, unpacked.GetType());
    }

    [ClangFact]
    public void An_enum_has_the_values_of_the_capturing_kernel()
    {
        var file = PackingFixture.File;
        ((BtfEnum)file.Btf!.Find("colour", BtfKind.Enum)!).Replace([("RED", 1), ("PURPLE", 2)]);
        var plain = RecordType.ForEvent(PackingFixture.Map(file, "print_plain"));
        RecordOrigin.Note(file, PackingFixture.Map(file, "print_plain"), plain);
        var bytes = new byte[plain.Size];
        bytes[plain.Fields.Single(field => field.Name == "colour").Offset] = 2;

        var unpacked = PackingFixture.Unpack(PackingFixture.Pack([plain.Decode(bytes)])).Single();

        Assert.Equal("PURPLE", $"{unpacked.Get("colour")}");
    }

    [ClangFact]
    public void Unpacked_objects_of_a_gadget_equal_the_packed_ones_with_derived_fields()
    {
        var gadget = Loading.Fixture.Object("gadget.bpf");
        var events = RecordType.ForEvent(PackingFixture.Map(gadget, "events"));
        RecordOrigin.Note(gadget, PackingFixture.Map(gadget, "events"), events);
        var callers = EntryType.ForMap(PackingFixture.Map(gadget, "totals"));
        RecordOrigin.Note(gadget, PackingFixture.Map(gadget, "totals"), null, callers);
        BpfEvent[] objects =
        [
            events.Decode([.. Enumerable.Range(1, events.Size).Select(i => (byte)(i % 50))]),
            callers.Decode([.. Enumerable.Range(1, 100).Select(i => (byte)i)], [.. Enumerable.Range(1, 200).Select(i => (byte)i)]),
        ];

        var unpacked = PackingFixture.Unpack(PackingFixture.Pack(objects));

        Equal(objects[0], unpacked[0]);
        Equal(objects[1], unpacked[1]);
        Assert.Contains("O_", (string)unpacked[0].Get("flags")!, StringComparison.Ordinal);
        var origin = RecordOrigin.Of(unpacked[0].GetType())!;
        Assert.Equal((PackingFixture.Map(gadget, "events").DataSource, MapRole.Print), (origin.Map!.DataSource, origin.Map.Role));
        Assert.True(origin.Map.Metadata.Fields["flags_raw"].Hidden);
    }

    [ClangFact]
    public void Unpacked_stacks_have_their_frames_and_text()
    {
        var file = PackingFixture.File;
        var objects = PackingFixture.Objects(file).Where(e => e.GetType().GetProperties().Any(property => property.PropertyType == typeof(StackTrace))).ToList();
        var unpacked = PackingFixture.Unpack(PackingFixture.Pack(objects));

        foreach (var (before, after) in objects.Zip(unpacked))
        {
            foreach (var property in before.GetType().GetProperties().Where(property => property.PropertyType == typeof(StackTrace)))
            {
                var (one, two) = ((StackTrace)property.GetValue(before)!, (StackTrace)property.GetValue(after)!);
                Assert.Equal((one.Id, one.Error, one.Folded, $"{one}"), (two.Id, two.Error, two.Folded, $"{two}"));
                Assert.Equal(one, two);
                Assert.Equal(one.Select(Text), two.Select(Text));
            }
        }

        Assert.Equal("[kernel];nf_hook;vfs_read", ((StackTrace)unpacked[1].Get("kernel_stack")!).Folded);
        Assert.Equal("[vdso];[unknown];start;main", ((StackTrace)unpacked[1].Get("user_stack")!).Folded);

        static string Text(StackFrame frame) => $"{frame.Symbol} {frame.Offset} {frame.Module} {frame.FileOffset} {frame.BuildId} {frame.Address} {frame.IsKernel} {frame}";
    }

    [ClangFact]
    public void StartBlock_defines_names_and_stacks_anew_and_types_once()
    {
        var file = PackingFixture.File;
        var objects = PackingFixture.Objects(file);
        var packer = new EventPacker();
        var first = PackingFixture.Pack(objects, packer);
        packer.StartBlock();
        packer.StartBlock();
        var second = PackingFixture.Pack(objects, packer);
        packer.StartBlock();
        var third = PackingFixture.Pack(objects, packer);

        Assert.Equal(second, third);
        Assert.Equal(1, Kinds(second).Count(kind => kind == PackItem.Block));
        Assert.DoesNotContain(PackItem.Tool, Kinds(second));
        Assert.DoesNotContain(PackItem.Type, Kinds(second));
        Assert.Equal(Kinds(first).Where(IsOfBlock), Kinds(second).Where(IsOfBlock));
        Assert.Equal(1, Kinds(first).Count(kind => kind == PackItem.Tool));

        var unpacker = new EventUnpacker();
        foreach (var block in new[] { first, second, third })
        {
            Assert.Equal(objects.Select(e => e.ToJson()), PackingFixture.Unpack(block, unpacker).Select(e => e.ToJson()));
        }

        // The definitions are in the first block.
        Assert.Equal(PackFault.Damaged, Assert.Throws<PackException>(() => PackingFixture.Unpack(second)).Fault);

        static bool IsOfBlock(PackItem kind) => kind is PackItem.Host or PackItem.Account or PackItem.Frame or PackItem.Stack;
    }

    [ClangFact]
    public void Losses_keep_their_position_among_the_events()
    {
        var objects = PackingFixture.Objects(PackingFixture.File);
        var (packer, to, time) = (new EventPacker(), new ArrayBufferWriter<byte>(), new DateTime(2026, 11, 30, 1, 2, 3, DateTimeKind.Utc));
        packer.PackLoss("print_plain", 3, time, to);
        packer.Pack(objects[0], to);
        packer.PackLoss("print_plain", EventPacker.MostLost, time.AddSeconds(1), to);
        packer.Pack(objects[1], to);

        var (unpacker, order) = (new EventUnpacker(), new List<string>());
        var sink = new OrderSink(order, unpacker);
        ReadOnlySpan<byte> items = to.WrittenSpan;
        Assert.True(unpacker.Read(ref items, sink));

        Assert.Equal(["lost print_plain 3 2026-11-30T01:02:03", "event", "lost print_plain 281474976710656 2026-11-30T01:02:04", "event"], order);
    }

    [ClangFact]
    public void Read_stops_with_the_sink_and_resumes_after()
    {
        var objects = PackingFixture.Objects(PackingFixture.File);
        var unpacker = new EventUnpacker();
        ReadOnlySpan<byte> items = PackingFixture.Pack(objects);
        var sink = new CollectingSink { OnEvent = _ => false };
        for (var i = 1; i <= objects.Count; i++)
        {
            Assert.False(unpacker.Read(ref items, sink));
            Assert.Equal(i, sink.Count);
        }

        Assert.True(unpacker.Read(ref items, sink));
        Assert.Equal(objects.Select(e => e.ToJson()), sink.Events.Select(e => e.ToJson()));
    }

    [ClangFact]
    public void Pack_of_a_struct_inside_an_event_throws()
    {
        var e = PackingFixture.Objects(PackingFixture.File).First(e => e.GetType().GetProperty("inner") is not null);

        var fault = Assert.Throws<PackException>(() => PackingFixture.Pack([(BpfEvent)e.Get("inner")!]));

        Assert.Equal((PackFault.NotPackable, "PackedEvents.NotPackable"), (fault.Fault, fault.Id));
    }

    [ClangFact]
    public void Pack_event_allocates_nothing()
    {
        var objects = PackingFixture.Objects(PackingFixture.File).Where(e => MapOf(e) is "print_plain" or "print_timed" or "print_perf").ToArray();
        var (packer, to) = (new EventPacker(), new ArrayBufferWriter<byte>(1 << 20));
        void All()
        {
            foreach (var e in objects)
            {
                packer.Pack(e, to);
            }
        }

        All();
        to.ResetWrittenCount();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            All();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Read_of_an_unknown_item_reports_a_later_version()
    {
        Assert.Equal(PackFault.UnknownItem, Assert.Throws<PackException>(() => PackingFixture.Unpack([200, 1, 0])).Fault);
        Assert.Equal(PackFault.Damaged, Assert.Throws<PackException>(() => PackingFixture.Unpack([200, 2, 0])).Fault);
        Assert.Equal(PackFault.Damaged, Assert.Throws<PackException>(() => PackingFixture.Unpack([16, 1, 0])).Fault);
    }

    [ClangTheory]
    [InlineData("\"Labels\":[\"comm\",\"uid\"]", "\"Labels\":[null]")]
    [InlineData("\"Labels\":[\"comm\",\"uid\"]", "\"Labels\":null")]
    [InlineData("\"Values\":{}", "\"Values\":null")]
    [InlineData("\"Severities\":{}", "\"Severities\":{\"a\":99}")]
    [InlineData("\"Width\":9", "\"Width\":-9")]
    [InlineData("\"Width\":9", "\"Width\":2147483647")]
    [InlineData("\"Step\":2", "\"Step\":1e999")]
    [InlineData("\"Spacing\":1", "\"Spacing\":77")]
    [InlineData("\"Help\":\"How long it took.\"", "\"Kind\":99")]
    [InlineData("\"Architecture\":\"", "\"Architecture\":\"99")]
    [InlineData("\"Enums\":[]", "\"Enums\":[{\"Id\":4000000000,\"Names\":[],\"Values\":[]}]")]
    [InlineData("\"Enums\":[]", "\"Enums\":[null]")]
    [InlineData("\"Enums\":[]", "\"Enums\":null")]
    [InlineData("\"ObjectName\":\"packing.o\"", "\"ObjectName\":null")]
    [InlineData("\"ObjectName\":\"packing.o\"", "\"ObjectName\":\"\\u001b[2J\"")]
    [InlineData("\"Parameters\":{", "\"Parameters\":{\"zero\":null,")]
    public void Read_of_a_tool_with_impossible_metadata_throws(string what, string instead)
    {
        var payload = PackedTool.Encode(PackingFixture.File);
        var end = Array.IndexOf(payload, (byte)'\n');
        var line = System.Text.Encoding.UTF8.GetString(payload.AsSpan(0, end));
        Assert.Contains(what, line, StringComparison.Ordinal);
        var to = new ArrayBufferWriter<byte>();
        new PackPayload().Bytes(System.Text.Encoding.UTF8.GetBytes(line.Replace(what, instead, StringComparison.Ordinal))).Bytes(payload.AsSpan(end)).WriteTo(to, PackItem.Tool);

        Assert.Equal(PackFault.Damaged, Assert.Throws<PackException>(() => PackingFixture.Unpack(to.WrittenSpan)).Fault);
    }

    [Fact]
    public void Read_of_a_name_with_control_characters_throws()
    {
        var to = new ArrayBufferWriter<byte>();
        new EventPacker().PackLoss("print\u001b[2J", 1, DateTime.UtcNow, to);

        Assert.Equal(PackFault.Damaged, Assert.Throws<PackException>(() => PackingFixture.Unpack(to.WrittenSpan)).Fault);
    }

    internal static void Equal(BpfEvent before, BpfEvent after)
    {
        Assert.Same(before.GetType(), after.GetType());
        Assert.Equal(before.ToString(), after.ToString());
        Assert.Equal(before.ToJson(), after.ToJson());
        Assert.Equal(before, after);
        Assert.Equal(before.GetRest(), after.GetRest());
        Assert.Equal(before.BytesOfRecord().ToArray(), after.BytesOfRecord().ToArray());
        foreach (var property in before.GetType().GetProperties().Where(property => property.GetIndexParameters().Length == 0))
        {
            Assert.Equal(property.GetValue(before), property.GetValue(after));
        }
    }

    private static string? MapOf(BpfEvent e) => e.GetType().GetProperty("MapName")?.GetValue(e) as string;

    private static List<PackItem> Kinds(ReadOnlySpan<byte> items)
    {
        var kinds = new List<PackItem>();
        for (var reader = new PackReader(items); !reader.IsEnd;)
        {
            reader.Item(out var kind);
            kinds.Add(kind);
        }

        return kinds;
    }

    private sealed class OrderSink(List<string> order, EventUnpacker unpacker) : IEventSink
    {
        public bool Event(BpfEvent e)
        {
            order.Add("event");
            return true;
        }

        public void Lost(string map, ulong count) => order.Add($"lost {map} {count} {unpacker.LossTime:s}");
    }
}
