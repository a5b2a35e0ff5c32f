using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Objects that are made with Inspektor Gadget's macros give the sources of data that these declare.</summary>
[Collection(KernelFactAttribute.Collection)]
public class GadgetTests
{
    private const string Events = "events", Totals = "totals", Spread = "spread", Threads = "ig_threads";

    private static ObjectFile Gadget => Fixture.Object("gadget.bpf");

    [ClangFact]
    public void MarksSayWhatStreams()
    {
        var maps = Gadget.Maps.Where(map => !map.IsInternal).ToDictionary(map => map.Name);

        Assert.Equal(
            [("callers", Totals, MapRole.Print), ("groups", Events, MapRole.Print), ("sizes", Spread, MapRole.Histogram)],
            maps.Values.Where(map => map.DataSource is not null).Select(map => (map.DataSource!, map.Name, map.Role)).Order());
        Assert.Equal(("struct event", (uint)maps[Events].Value!.Size), (maps[Events].Value!.ToString(), maps[Events].ValueSize));
        Assert.All(new[] { "start", "events_lost_samples" }, name => Assert.Equal(MapRole.None, maps[name].Role));

        var iterator = Gadget.Programs.Single(program => program.Name == Threads);
        Assert.Equal(("threads", "struct thread"), (iterator.DataSource, iterator.Record?.ToString()));
        Assert.Null(Gadget.Programs.Single(program => program.Name == "ig_getpgid").Record);
    }

    [ClangFact]
    public void WhatItsTypesAndMacrosMeanIsSaid()
    {
        var parameters = Gadget.Parameters.ToDictionary(parameter => parameter.Name);
        Assert.Equal("pid", parameters["targ_pid"].Key);
        Assert.NotNull(parameters["targ_pid"].Description);
        Assert.Equal(("targ_failed", (string?)null), (parameters["targ_failed"].Key, parameters["targ_failed"].Metadata.Key));

        var fields = Gadget.Maps.Single(map => map.Name == Events).Metadata.Fields;
        Assert.Equal(["mntns_id", "timestamp_raw"], fields.Where(field => field.Value.Hidden == true).Select(field => field.Key).Order());
    }

    [ClangFact]
    public void WordsReachTheFieldsThatTheyAreMeantFor()
    {
        var record = Gadget.Maps.Single(map => map.Name == Events).Value;
        var words = GadgetFields.Of(record, new Dictionary<string, FieldMetadata>
        {
            ["proc.comm"] = new() { Width = 12 },
            ["proc.creds.uid"] = new() { Hidden = true },
            ["timestamp"] = new() { Hidden = false },
            // Its tool shows a text beside the number; here the number is that text.
            ["error_raw"] = new() { Hidden = true, Description = "number" },
            ["syscall_raw"] = new() { Hidden = true },
            ["syscall"] = new() { Hidden = true, Description = "call" },
            ["asked"] = new() { Hidden = true },
            ["nothing"] = new() { Width = 1 },
        });

        Assert.Equal(
            [
                ("asked", new FieldMetadata { Hidden = true }),
                ("comm", new FieldMetadata { Width = 12 }),
                ("error_raw", new FieldMetadata { Description = "number" }),
                ("syscall_raw", new FieldMetadata { Hidden = true, Description = "call" }),
                ("timestamp_raw", new FieldMetadata { Hidden = false }),
                ("uid", new FieldMetadata { Hidden = true }),
            ],
            words.Select(field => (field.Key, field.Value)).OrderBy(field => field.Key));
    }

    [ClangFact]
    public void AnAuthorsKindBeatsTheMarks()
    {
        var said = Gadget.WithMetadata(new ObjectMetadata { Maps = new Dictionary<string, MapMetadata> { [Totals] = new() { Kind = MapRole.None } } });
        Assert.Equal(MapRole.None, said.Maps.Single(map => map.Name == Totals).Role);
    }

    [KernelFact]
    public void SectionsMayHaveNamesOfTheirOwn()
    {
        var file = Fixture.Compile("sections", """
            #include "fixture.h"
            SEC("perf_event/profiler") int sampled(void *context) { return 0; }
            SEC("classifier/ingress/main") int received(void *context) { return -1; }
            SEC("classifier/egress/main") int sent(void *context) { return -1; }
            SEC("socket1") int packet(void *context) { return 0; }
            """);
        Assert.Equal(
            [("packet", "socket"), ("received", "tc/ingress"), ("sampled", "perf_event"), ("sent", "tc/egress")],
            file.Programs.Select(program => (program.Name, program.Kind)).Order());
        using var session = BpfSession.Load(file, new BpfSessionOptions { Interfaces = ["lo"] });
        Assert.All(session.Programs, program => Assert.True(program.IsLoaded));
    }

    [KernelFact]
    public void AParameterCanSayHowManyEntriesAMapHas()
    {
        Assert.Equal("sized", Gadget.Parameters.Single(parameter => parameter.Name == "sized_max_entries").SizesMap);
        foreach (var (value, entries) in new[] { ((object?)null, 3), (5, 5) })
        {
            using var session = BpfSession.Load(Gadget, new BpfSessionOptions { Parameters = Gadget.BindParameters(new Dictionary<string, object?> { ["sized_max_entries"] = value }) });
            var map = session.Maps.Single(candidate => candidate.Name == "sized");
            Assert.Equal((uint)entries, map.Description.MaxEntries);
            var writer = new MapWriter(map);
            for (var key = 0; key < entries; key++)
            {
                writer.Write(writer.Encode(key, 1ul));
            }

            Assert.Throws<BpfMapException>(() => writer.Write(writer.Encode(entries, 1ul)));
            Assert.Equal(entries, map.Count());
        }
    }

    [KernelFact]
    public void ItsSourcesStream()
    {
        var (sink, reader) = Run(calls: 3);

        Assert.Equal([Events, Threads, Spread, Totals], reader.Streams.Select(stream => stream.Name).Order());
        var events = Of(sink, reader, Events);
        Assert.Equal([0u, 1u, 2u], events.Select(seen => seen.Get("asked")));
        Assert.All(events, seen =>
        {
            // What identifies the process stands among the event's own fields.
            Assert.Equal((Environment.ProcessId, Errno.ENOENT), (Convert.ToInt32(seen.Get("pid")), seen.Get("error_raw")));
            Assert.NotEqual("", seen.Get("comm"));
            Assert.NotNull(seen.Get("uid"));
            Assert.Equal(("192.0.2.1:443", "[2001:db8::1]:53", "192.0.2.1", ""), (seen.Get("peer"), seen.Get("server"), seen.Get("host"), seen.Get("nobody")));
            Assert.InRange((DateTime)seen.Get("timestamp_raw")!, DateTime.Now.AddMinutes(-1), DateTime.Now.AddMinutes(1));
            // The program sends no more of its struct than it has filled.
            Assert.Equal("hi", seen.Get("note"));
        });

        Assert.Equal(3ul, Of(sink, reader, Totals)[^1].Get("calls"));
        var histogram = Assert.IsAssignableFrom<Histogram>(Of(sink, reader, Spread)[^1]);
        Assert.Equal([(0.0, 2.0, 1ul), (2.0, 4.0, 1ul), (4.0, 8.0, 1ul)], histogram.Buckets.Select(bucket => (bucket.From!.Value, bucket.To!.Value, bucket.Count)));
        Assert.Contains(Of(sink, reader, Threads), thread => Convert.ToInt32(thread.Get("tid")) == Environment.ProcessId);
    }

    [KernelFact]
    public void LossesOfItsBufferAreCounted()
    {
        var (_, reader) = Run(calls: 1);
        Assert.Equal(0ul, reader.Streams.Single(stream => stream.Name == Events).Lost);
    }

    private static (CollectingSink Sink, EventReader Reader) Run(int calls)
    {
        using var session = BpfSession.Load(Gadget, new BpfSessionOptions { Parameters = Gadget.BindParameters(new Dictionary<string, object?> { ["targ_pid"] = Environment.ProcessId }) });
        using var reader = session.OpenReader(new EventReaderOptions());
        session.Attach();
        for (var i = 0; i < calls; i++)
        {
            _ = Calls.GetProcessGroup(i);
        }

        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
        return (sink, reader);
    }

    private static BpfEvent[] Of(CollectingSink sink, EventReader reader, string stream)
    {
        var type = reader.Streams.Single(candidate => candidate.Name == stream).ClrType;
        return [.. sink.Events.Where(seen => seen.GetType() == type)];
    }
}
