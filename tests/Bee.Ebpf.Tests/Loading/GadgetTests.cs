using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Objects that declare their data sources with Inspektor Gadget's macros.</summary>
[Collection(KernelFactAttribute.Collection)]
public class GadgetTests
{
    private const string Events = "events", Totals = "totals", Spread = "spread", Threads = "ig_threads";

    private static ObjectFile Gadget => Fixture.Object("gadget.bpf");

    [ClangFact]
    public void GADGET_macros_declare_what_streams()
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
    public void Types_and_macros_of_gadgets_set_the_meaning_of_fields()
    {
        var parameters = Gadget.Parameters.ToDictionary(parameter => parameter.Name);
        Assert.Equal("pid", parameters["targ_pid"].Key);
        Assert.NotNull(parameters["targ_pid"].Description);
        Assert.Equal(("targ_failed", (string?)null), (parameters["targ_failed"].Key, parameters["targ_failed"].Metadata.Key));

        var fields = Gadget.Maps.Single(map => map.Name == Events).Metadata.Fields;
        Assert.Equal(["error_raw", "flags_raw", "mntns_id", "mode_raw", "syscall_raw", "timestamp", "timestamp_raw"], fields.Where(field => field.Value.Hidden == true).Select(field => field.Key).Order());
    }

    [ClangFact]
    public void Metadata_reaches_the_fields_that_it_names()
    {
        var record = Gadget.Maps.Single(map => map.Name == Events).Value;
        var words = GadgetFields.Of(record, new Dictionary<string, FieldMetadata>
        {
            ["proc.comm"] = new() { Width = 12 },
            ["proc.creds.uid"] = new() { Hidden = true },
            ["timestamp"] = new() { Hidden = false },
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
                ("error_raw", new FieldMetadata { Hidden = true, Description = "number" }),
                ("syscall", new FieldMetadata { Hidden = true, Description = "call" }),
                ("syscall_raw", new FieldMetadata { Hidden = true }),
                ("timestamp", new FieldMetadata { Hidden = false }),
                ("uid", new FieldMetadata { Hidden = true }),
            ],
            words.Select(field => (field.Key, field.Value)).OrderBy(field => field.Key));
    }

    [ClangFact]
    public void The_kind_in_the_metadata_overrides_the_macros()
    {
        var said = Gadget.WithMetadata(new ObjectMetadata { Maps = new Dictionary<string, MapMetadata> { [Totals] = new() { Kind = MapRole.None } } });
        Assert.Equal(MapRole.None, said.Maps.Single(map => map.Name == Totals).Role);
    }

    [KernelFact]
    public void Sections_may_have_custom_names()
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
    public void A_parameter_can_set_the_size_of_a_map()
    {
        Assert.Equal("sized", Gadget.Parameters.Single(parameter => parameter.Name == "sized_max_entries").SizesMap);
        foreach (var (value, entries) in new[] { ((object?)null, 3), (5, 5) })
        {
            using var session = BpfSession.Load(Gadget, new BpfSessionOptions { Parameters = { ["sized_max_entries"] = value } });
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
    public void Data_sources_of_a_gadget_stream()
    {
        var (sink, reader) = Run(calls: 3);

        Assert.Equal([Events, Threads, Spread, Totals], reader.Streams.Select(stream => stream.Name).Order());
        var events = Of(sink, reader, Events);
        Assert.Equal([0u, 1u, 2u], events.Select(seen => seen.Get("asked")));
        Assert.All(events, seen =>
        {
            // The fields that identify the process are fields of the event itself.
            Assert.Equal((Environment.ProcessId, Errno.ENOENT), (Convert.ToInt32(seen.Get("pid")), seen.Get("error_raw")));
            // Inspektor Gadget derives text fields from others. Bee's fields are typed.
            Assert.Equal((Errno.ENOENT, "getpgid", seen.Get("timestamp_raw")), (seen.Get("error"), $"{seen.Get("syscall")}", seen.Get("timestamp")));
            Assert.Equal(("O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC", 0x80241u, "-rw-r--r--", 0x1a4u), (seen.Get("flags"), seen.Get("flags_raw"), seen.Get("mode"), seen.Get("mode_raw")));
            Assert.NotEqual("", seen.Get("comm"));
            Assert.NotNull(seen.Get("uid"));
            Assert.Equal(("192.0.2.1:443", "[2001:db8::1]:53", "192.0.2.1", ""), (seen.Get("peer"), seen.Get("server"), seen.Get("host"), seen.Get("nobody")));
            Assert.InRange((DateTime)seen.Get("timestamp_raw")!, DateTime.Now.AddMinutes(-1), DateTime.Now.AddMinutes(1));
            // The program sends only the filled part of its struct.
            Assert.Equal("hi", seen.Get("note"));
        });

        Assert.Equal(3ul, Of(sink, reader, Totals)[^1].Get("calls"));
        var histogram = Assert.IsAssignableFrom<Histogram>(Of(sink, reader, Spread)[^1]);
        Assert.Equal([(0.0, 2.0, 1ul), (2.0, 4.0, 1ul), (4.0, 8.0, 1ul)], histogram.Buckets.Select(bucket => (bucket.From!.Value, bucket.To!.Value, bucket.Count)));
        Assert.Contains(Of(sink, reader, Threads), thread => Convert.ToInt32(thread.Get("tid")) == Environment.ProcessId);
    }

    [KernelFact]
    public void Named_pins_are_removed_with_the_last_session_that_created_them()
    {
        var name = $"bee_{Guid.NewGuid():N}"[..15];
        var path = $"{PinPath.FileSystem}/{name}";
        var file = Fixture.Compile("pins", $$"""
            #include "fixture.h"
            struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); __uint(pinning, LIBBPF_PIN_BY_NAME); } {{name}} SEC(".maps");
            SEC("syscall") int asked(void *context) { __u32 zero = 0; return bpf_map_lookup_elem(&{{name}}, &zero) ? 1 : 0; }
            """);
        using (var first = BpfSession.Load(file, new BpfSessionOptions()))
        {
            Assert.True(File.Exists(path));
            using var second = BpfSession.Load(file, new BpfSessionOptions());
            first.Dispose();
            Assert.True(File.Exists(path));
        }

        Assert.False(File.Exists(path));
        using var maker = BpfSession.Load(file, new BpfSessionOptions());
        using var kept = LibbpfCalls.bpf_obj_get(path) is var fd and >= 0 ? new FdHandle(fd) : throw new InvalidOperationException();
        maker.Dispose();
        Assert.False(File.Exists(path));

        // An earlier pin stays.
        Assert.Equal(0, LibbpfCalls.bpf_obj_pin(fd, path));
        try
        {
            BpfSession.Load(file, new BpfSessionOptions()).Dispose();
            Assert.True(File.Exists(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [KernelFact]
    public void User_stacks_have_names_and_missing_stacks_are_empty()
    {
        var file = Fixture.Compile("ustack", """
            #include "fixture.h"
            struct gadget_user_stack { __u64 inode; __u32 stack_id; __u32 tgid_level0; };
            typedef __u32 gadget_kernel_stack;
            struct event { struct gadget_user_stack ustack_raw; gadget_kernel_stack kstack_raw; struct gadget_user_stack nothing; };
            struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(max_entries, 64); __uint(key_size, 4); __uint(value_size, 127 * 8); } ig_kstack SEC(".maps"), ig_ustack SEC(".maps");
            struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct event); } print_stacks SEC(".maps");
            SEC("tracepoint/syscalls/sys_enter_getpgid") int asked(void *context)
            {
                struct event event = {};
                if (!TARGETED) return 0;
                event.ustack_raw.stack_id = bpf_get_stackid(context, &ig_ustack, BPF_F_USER_STACK);
                event.ustack_raw.tgid_level0 = target_pid;
                event.kstack_raw = bpf_get_stackid(context, &ig_kstack, 0);
                bpf_ringbuf_output(&print_stacks, &event, sizeof(event), 0);
                return 0;
            }
            """);
        using var session = BpfSession.Load(file, new BpfSessionOptions { Parameters = { ["target_pid"] = Environment.ProcessId } });
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        session.Attach();
        _ = Calls.GetProcessGroup(0);
        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);

        var seen = Assert.Single(sink.Events);
        Assert.Contains("getpgid", Assert.IsType<StackTrace>(seen.Get("ustack")).Folded, StringComparison.Ordinal);
        Assert.Equal(seen.Get("ustack"), seen.Get("ustack_raw"));
        Assert.All(Assert.IsType<StackTrace>(seen.Get("kstack")), frame => Assert.True(frame.Address >> 63 != 0));
        Assert.Equal("[empty]", $"{seen.Get("nothing")}");
    }

    [KernelFact]
    public void Fields_of_gadget_process_stay_in_place()
    {
        // Two sections, one with relocations only to that struct and one with others as well.
        var file = Fixture.Compile("sockets", """
            #include "fixture.h"
            #define KERNEL __attribute__((preserve_access_index))
            struct gadget_socket_value { __u64 mntns; __u64 pid_tgid; char task[16]; } KERNEL;
            struct task_struct { int tgid; } KERNEL;
            struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, __u32); __type(value, struct gadget_socket_value); } gadget_sockets SEC(".maps");
            struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } counter_found SEC(".maps");
            const void *gadget_mapiter_found___counter_found __attribute__((unused));
            SEC("tracepoint/syscalls/sys_enter_getpgid") int asked(void *context)
            {
                struct gadget_socket_value *value;
                __u32 zero = 0;
                if (!TARGETED || !(value = bpf_map_lookup_elem(&gadget_sockets, &zero))) return 0;
                __u64 found = value->pid_tgid + value->task[1];
                bpf_map_update_elem(&counter_found, &zero, &found, 0);
                return 0;
            }
            SEC("tracepoint/syscalls/sys_exit_getpgid") int answered(void *context)
            {
                struct task_struct *task = (void *)bpf_get_current_task();
                struct gadget_socket_value *value;
                __u32 zero = 0;
                int tgid = 0;
                bpf_probe_read_kernel(&tgid, sizeof(tgid), &task->tgid);
                value = bpf_map_lookup_elem(&gadget_sockets, &zero);
                if (value && tgid == target_pid) value->mntns = tgid;
                return 0;
            }
            """);
        using var session = BpfSession.Load(file, new BpfSessionOptions { Parameters = { ["target_pid"] = Environment.ProcessId } });
        var sockets = session.Maps.Single(map => map.Name == "gadget_sockets");
        var writer = new MapWriter(sockets);
        writer.Write(writer.Encode(0u, new Dictionary<string, object?> { ["pid_tgid"] = 1000, ["task"] = "ab" }));
        session.Attach();
        _ = Calls.GetProcessGroup(0);

        Assert.Equal(1000ul + 'b', Assert.Single(session.Maps.Single(map => map.Name == "counter_found").Entries()).Get("Value"));
        Assert.Equal((ulong)Environment.ProcessId, Assert.Single(sockets.Entries()).Get("mntns"));
    }

    [KernelFact]
    public void Enums_of_the_kernel_have_the_values_of_the_running_kernel()
    {
        // The kernel has the values 0 and 1 for these names, and lacks the other enum.
        var file = Fixture.Compile("enums", """
            #include "fixture.h"
            enum pid_type { PIDTYPE_PID = 3, PIDTYPE_TGID = 7 };
            enum gadget_test_own { OWN_FIRST = 1 };
            struct event { enum pid_type type_raw; enum gadget_test_own own_raw; };
            struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
            const void *gadget_tracer_types___events___event __attribute__((unused));
            const struct event *__gadget_tracer_type_types __attribute__((unused));
            SEC("tracepoint/syscalls/sys_enter_getpgid") int asked(void *context)
            {
                struct event event = { 1, 1 };
                return TARGETED ? bpf_ringbuf_output(&events, &event, sizeof(event), 0) : 0;
            }
            """);
        using var session = BpfSession.Load(file, new BpfSessionOptions { Parameters = { ["target_pid"] = Environment.ProcessId } });
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
        session.Attach();
        _ = Calls.GetProcessGroup(0);
        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);

        var seen = Assert.Single(sink.Events);
        Assert.Equal("PIDTYPE_TGID OWN_FIRST", $"{seen.Get("type")} {seen.Get("own")}");
    }

    [KernelFact]
    public void Lost_events_of_a_gadget_are_counted()
    {
        var (_, reader) = Run(calls: 1);
        Assert.Equal(0ul, reader.Streams.Single(stream => stream.Name == Events).Lost);
    }

    private static (CollectingSink Sink, EventReader Reader) Run(int calls)
    {
        using var session = BpfSession.Load(Gadget, new BpfSessionOptions { Parameters = { ["targ_pid"] = Environment.ProcessId } });
        using var reader = session.OpenReader(new EventReaderOptions { Select = EventReaderOptions.WithRole });
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
