using Bee.Ebpf.Checks;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Objects;

/// <summary>The C types of records whose map declares none.</summary>
public class RecordTypeTests
{
    private const string Source = """
        #include "fixture.h"

        struct event { u32 tgid; u32 size; u64 at; };
        struct same { u64 a, b; };
        typedef struct { u32 number; } small_t;

        struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } records SEC(".maps");
        struct { __uint(type, PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");
        struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } marked SEC(".maps");
        struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct event); } scratch SEC(".maps");
        struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct same); } other SEC(".maps");
        struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, small_t); } third SEC(".maps");

        static void *(*bpf_ringbuf_reserve)(void *ring, u64 size, u64 flags) = (void *)131;
        static void (*bpf_ringbuf_discard)(void *data, u64 flags) = (void *)133;
        static long (*bpf_ringbuf_output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
        static long (*bpf_perf_event_output)(void *ctx, void *map, u64 flags, void *data, u64 size) = (void *)25;

        static __attribute__((used)) void bee_record__marked(small_t *record) { }

        const volatile int length;

        SEC("tracepoint/syscalls/sys_enter_getpgid")
        int enter(void *ctx)
        {
            struct event event = {};
            void *room = bpf_ringbuf_reserve(&records, sizeof(event), 0);
            if (room)
                bpf_ringbuf_discard(room, 0);
            bpf_ringbuf_output(&records, &event, 8, 0);
            bpf_ringbuf_output(&marked, &event, length & 7, 0);
            bpf_perf_event_output(ctx, &events, 0xffffffffULL, &event, sizeof(event));
            return 0;
        }
        """;

    [Theory]
    [InlineData("event", true)]
    [InlineData("struct event", true)]
    [InlineData(" union  event ", true)]
    [InlineData("enum event", false)]
    [InlineData("struct", true)]
    [InlineData("struct event *", false)]
    [InlineData("4event", false)]
    [InlineData("", false)]
    [InlineData("a; int b", false)]
    public void A_type_name_is_a_tag_and_an_identifier(string name, bool isGood) => Assert.Equal(isGood, RecordTypeName.Fault(name) is null);

    [ClangFact]
    public void Buffers_without_a_type_are_reported_with_the_structs_that_fit()
    {
        var untyped = UntypedRecords.In(Read());

        Assert.Equal(["records", "events"], untyped.Select(records => records.Name));
        Assert.Equal([8, 16], untyped[0].Sizes);
        Assert.Equal([16], untyped[1].Sizes);
        Assert.Equal(["event", "same"], untyped[1].Fitting.Order());
    }

    [ClangFact]
    public void A_type_in_metadata_makes_a_buffer_stream_its_records()
    {
        var file = Read();
        Assert.Equal(MapRole.None, Map(file, "records").Role);
        Assert.Equal(("small_t", 4u, MapRole.Print), (Map(file, "marked").Value!.ToString(), Map(file, "marked").ValueSize, Map(file, "marked").Role));

        var said = file.WithMetadata(Types(("records", "event"), ("marked", "struct same"), ("scratch", "same")));
        Assert.Equal(("struct event", 16u, MapRole.Print), (Map(said, "records").Value!.ToString(), Map(said, "records").ValueSize, Map(said, "records").Role));
        Assert.Equal("struct same", Map(said, "marked").Value!.ToString());
        Assert.Equal("struct event", Map(said, "scratch").Value!.ToString());
        Assert.Equal("events", Assert.Single(UntypedRecords.In(said)).Name);
    }

    [ClangFact]
    public void A_type_that_the_object_does_not_have_leaves_bytes()
    {
        var file = Read();
        var said = Types(("records", "gone"));

        Assert.Equal((null, MapRole.Print), (Map(file.WithMetadata(said), "records").Value, Map(file.WithMetadata(said), "records").Role));
        Assert.Equal("gone", UntypedRecords.In(file.WithMetadata(said))[0].MissingType);
        Assert.Equal([("maps/records/type", "gone")], MetadataCheck.Check(said, file).Select(fault => (fault.Place, fault.UnknownType!)));
        Assert.Contains("not a ring or perf buffer", Assert.Single(MetadataCheck.Check(Types(("scratch", "event")), file)).Message);
        Assert.Contains("not an iterator", Assert.Single(MetadataCheck.Check(new ObjectMetadata { Programs = new Dictionary<string, ProgramMetadata> { ["enter"] = new() { Type = "event" } } }, file)).Message);
    }

    private static ObjectFile Read() => ObjectFile.Read(Fixtures.Compile("untyped", Source), "untyped");

    private static MapDescription Map(ObjectFile file, string name) => file.Maps.Single(map => map.Name == name);

    private static ObjectMetadata Types(params (string Map, string Type)[] types) => new() { Maps = types.ToDictionary(type => type.Map, type => new MapMetadata { Type = type.Type }) };
}
