using Bee.Ebpf.Events;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Records of ring and perf buffers that are shorter or longer than their type.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class RecordLengthTests
{
    private const int Whole = 48;

    private const string Source = """
        #include "fixture.h"
        struct inner { __u16 a, b; };
        struct event { __u64 number; __u32 kind; char path[16]; __u16 parts[4]; __u8 data[4]; struct inner inner; };
        struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct event); } print_ring SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __type(key, __u32); __type(value, struct event); } print_perf SEC(".maps");
        const volatile __u32 length = 48;
        SEC("tracepoint/syscalls/sys_enter_getpgid")
        int on_getpgid(void *context)
        {
        	if (!TARGETED)
        		return 0;
        	struct { struct event event; __u64 more[2]; } sent = {
        		{ 7, 8, "abcdefghijklmno", { 1, 2, 3, 4 }, { 5, 6, 7, 8 }, { 9, 10 } }, { 11, 12 } };
        	bpf_ringbuf_output(&print_ring, &sent, length, 0);
        	bpf_perf_event_output(context, &print_perf, BPF_F_CURRENT_CPU, &sent, length);
        	return 0;
        }
        """;

    [KernelTheory]
    [InlineData("print_ring")]
    [InlineData("print_perf")]
    public void A_record_as_long_as_its_type_is_complete(string map)
    {
        var (e, type, notices) = Read(map, Whole);
        Assert.Same(type, e.GetType());
        Assert.Null(e.GetType().GetProperty("Truncated"));
        Assert.Empty(e.GetRest());
        Assert.Empty(notices);
        Assert.Equal("abcdefghijklmno\0"u8.ToArray(), e.GetBytes("path"));
    }

    [KernelTheory]
    [InlineData("print_ring", 12, """{"MapName":"print_ring","number":7,"kind":8,"path":null,"parts":null,"data":null,"inner":null,"Truncated":true}""")]
    [InlineData("print_perf", 12, """{"MapName":"print_perf","number":7,"kind":8,"path":null,"parts":null,"data":null,"inner":null,"Truncated":true}""")]
    [InlineData("print_ring", 10, """{"MapName":"print_ring","number":7,"kind":null,"path":null,"parts":null,"data":null,"inner":null,"Truncated":true}""")]
    [InlineData("print_ring", 20, """{"MapName":"print_ring","number":7,"kind":8,"path":"abcdefgh","parts":null,"data":null,"inner":null,"Truncated":true}""")]
    [InlineData("print_perf", 20, """{"MapName":"print_perf","number":7,"kind":8,"path":"abcdefgh","parts":null,"data":null,"inner":null,"Truncated":true}""")]
    [InlineData("print_ring", 33, """{"MapName":"print_ring","number":7,"kind":8,"path":"abcdefghijklmno","parts":[1,2],"data":null,"inner":null,"Truncated":true}""")]
    [InlineData("print_ring", 39, """{"MapName":"print_ring","number":7,"kind":8,"path":"abcdefghijklmno","parts":[1,2,3,4],"data":[5,6,7],"inner":null,"Truncated":true}""")]
    [InlineData("print_ring", 42, """{"MapName":"print_ring","number":7,"kind":8,"path":"abcdefghijklmno","parts":[1,2,3,4],"data":[5,6,7,8],"inner":null,"Truncated":true}""")]
    public void A_record_shorter_than_its_type_has_its_first_fields(string map, int length, string expected)
    {
        var (e, type, notices) = Read(map, length);
        var cut = Assert.IsAssignableFrom<TruncatedEvent>(e);
        Assert.Same(type, cut.WholeType());
        Assert.Equal(expected, e.ToString());
        Assert.Equal(expected, Read(map, length).Event.ToString());
        Assert.Contains($"{Whole}", Assert.Single(notices), StringComparison.Ordinal);
        Assert.Equal(Math.Clamp(length - 12, 0, 16), e.GetBytes("path").Length);
    }

    [KernelTheory]
    [InlineData("print_ring", 8)]
    [InlineData("print_ring", 16)]
    [InlineData("print_perf", 8)]
    [InlineData("print_perf", 16)]
    public void A_record_longer_than_its_type_exposes_the_rest(string map, int more)
    {
        var (e, type, notices) = Read(map, Whole + more);
        Assert.IsAssignableFrom(type, e);
        Assert.Equal(type.GetProperties().Select(p => p.Name), e.GetType().GetProperties().Select(p => p.Name));
        Assert.Equal((7ul, "abcdefghijklmno"), (e.Get("number"), e.Get("path")));
        var rest = e.GetRest();
        Assert.Equal(new byte[] { 11, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0 }[..more], rest[..more]);
        Assert.InRange(rest.Length, more, map == "print_perf" ? more + 7 : more);
        Assert.Contains("GetRest", Assert.Single(notices), StringComparison.Ordinal);
    }

    private static (BpfEvent Event, Type Type, List<string> Notices) Read(string map, int length)
    {
        using var session = Calls.Load(Object, ("length", length));
        using var reader = session.OpenReader(new EventReaderOptions { Select = m => m.Name == map });
        session.Attach();
        Calls.GetProcessGroup(-1);
        Calls.GetProcessGroup(-1);
        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
        Assert.Equal(2, sink.Count);
        Assert.Equal(sink.Events[0], sink.Events[1]);
        return (sink.Events[0], reader.Streams.Single().ClrType, sink.Notices);
    }

    private static readonly Lazy<ObjectFile> s_object = new(() => Fixture.Compile("lengths", Source));

    private static ObjectFile Object => s_object.Value;
}
