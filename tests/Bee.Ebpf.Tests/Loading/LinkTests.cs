using System.Runtime.CompilerServices;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public class LinkTests
{
    private const string Enter = "tracepoint/syscalls/sys_enter_getpgid", Exit = "tracepoint/syscalls/sys_exit_getpgid";

    private const string MapOfMaps = """
        #include "fixture.h"
        struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 1); __uint(key_size, 4); __uint(value_size, 4); } outer SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, __u64); } inner SEC(".maps");
        SEC("tracepoint/syscalls/sys_enter_getpgid") int p0(void *context)
        {
        	__u32 key = 0;
        	void *map = bpf_map_lookup_elem(&outer, &key);
        	__u64 *count = map ? bpf_map_lookup_elem(map, &key) : 0;
        	if (count && TARGETED)
        		__sync_fetch_and_add(count, 1);
        	return 0;
        }
        """;

    [KernelFact]
    public void Load_converts_parameters_and_rejects_wrong_names_and_values()
    {
        var file = Fixture.Object("calls");
        using (var session = BpfSession.Load(file, new() { Parameters = { ["target_pid"] = $"{Environment.ProcessId}" } }))
        {
            Assert.Contains(session.Programs, program => program.Id != 0);
        }

        Assert.Equal("BadParameter", Assert.Throws<BpfParameterException>(() => BpfSession.Load(file, new() { Parameters = { ["target_pid"] = "many" } })).Id);
        Assert.Contains("target_pid", Assert.Throws<BpfParameterException>(() => BpfSession.Load(file, new() { Parameters = { ["target_pit"] = 1 } })).Suggestions);
    }

    [KernelFact]
    public void Lookups_of_an_unknown_name_suggest_a_close_one()
    {
        using var session = BpfSession.Load(Counting.Object((Enter, "void", "return 0;")));
        var program = Assert.Throws<BpfNotFoundException>(() => session.Program("p1"));
        var map = Assert.Throws<BpfNotFoundException>(() => session.Map("gauge_sen"));

        Assert.Equal(("ProgramNotFound", "p0"), (program.Id, Assert.Single(program.Suggestions)));
        Assert.Equal(("MapNotFound", "gauge_seen"), (map.Id, Assert.Single(map.Suggestions)));
    }

    [KernelFact]
    public void Dispose_of_a_link_detaches_its_program_only()
    {
        using var session = Load((Enter, Count(0)), (Exit, Count(1)));
        var first = session.Program("p0").Attach();
        using var second = session.Program("p1").Attach();
        _ = Calls.GetProcessGroup(0);
        first.Dispose();
        first.Dispose();
        _ = Calls.GetProcessGroup(0);

        Assert.Equal([1ul, 2ul], session.Counts()[..2]);
        Assert.False(first.IsAttached);
        Assert.Empty(session.Program("p0").LinkIds);
        Assert.Equal(second.Ids, session.Program("p1").LinkIds);
        Wait.Until(() => !first.Ids.Any(KernelObjects.LinkExists));
    }

    [KernelFact]
    public void Dispose_of_the_session_detaches_links_and_they_can_be_disposed_later()
    {
        BpfLink link;
        using (var session = Load((Enter, Count(0))))
        {
            link = session.Program("p0").Attach();
        }

        Assert.False(link.IsAttached);
        link.Dispose();
        Wait.Until(() => !link.Ids.Any(KernelObjects.LinkExists));
        Assert.Throws<ObjectDisposedException>(() => link.Program.Attach());
    }

    [KernelFact]
    public void Calls_after_Dispose_of_the_session_name_the_public_object()
    {
        var session = Calls.Load(Fixture.Object("calls"));
        var (map, program) = (session.Map("counter_by_argument"), session.Programs.First(program => program.IsLoaded));
        var key = new Dictionary<string, object> { ["argument"] = 1 };
        var reader = session.OpenReader(new() { Select = _ => false });
        var ring = RingBuffer.Open(session.Map("print_calls_of_getpgid"));
        ring.Dispose();
        session.Dispose();

        Named<BpfSession>(() => session.Attach());
        Named<BpfSession>(() => session.OpenReader(new()));
        Named<BpfSession>(() => session.Pin("after"));
        Named<BpfSession>(() => program.Attach());
        Named<BpfProgram>(() => program.ReadStatistics());
        Named<BpfProgram>(() => program.TestRun());
        Named<BpfMap>(() => map.Entries().Count());
        Named<BpfMap>(() => map.Find(key));
        Named<BpfMap>(() => map.Update(key, 1));
        Named<BpfMap>(() => map.Delete(key));
        Named<BpfMap>(() => session.Events("print_calls_of_getpgid"));
        Named<BpfMap>(() => RingBuffer.Open(session.Map("print_calls_of_getpgid")));
        Named<EventReader>(() => reader.Run(new CollectingSink(), CancellationToken.None));
        Named<RingBuffer>(() => _ = ring.Waiting);
        Named<RingBuffer>(() => ring.Wait(TimeSpan.Zero));

        static void Named<T>(Action call) => Assert.Equal(typeof(T).FullName, Assert.Throws<ObjectDisposedException>(call).ObjectName);
    }

    [KernelFact]
    public void A_link_keeps_its_program_attached_when_the_session_is_unreachable()
    {
        AttachAndForgetTheSession();
        // Frees the session now: later tests count the fds of this process.
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [KernelFact]
    public void Attach_of_the_session_attaches_the_programs_that_are_not_attached_yet()
    {
        using var session = Load((Enter, Count(0)), (Exit, Count(1)));
        using var link = session.Program("p0").Attach();
        session.Attach();
        session.Attach();
        _ = Calls.GetProcessGroup(0);
        session.Detach();
        _ = Calls.GetProcessGroup(0);
        session.Attach();
        _ = Calls.GetProcessGroup(0);

        Assert.Equal([2ul, 2ul], session.Counts()[..2]);
        Assert.False(link.IsAttached);
    }

    [KernelFact]
    public void Each_Attach_of_a_program_makes_a_link_of_its_own()
    {
        using var session = Load((Enter, Count(0)));
        using var entry = session.Program("p0").Attach();
        using var exit = session.Program("p0").Attach("syscalls/sys_exit_getpgid");
        _ = Calls.GetProcessGroup(0);

        Assert.Equal(2ul, session.Counts()[0]);
        Assert.Equal([.. entry.Ids, .. exit.Ids], session.Program("p0").LinkIds);
        Assert.Equal(LoadFault.NoTarget, Assert.Throws<BpfLoadException>(() => session.Program("p0").Attach("syscalls/sys_enter_getpgit")).Fault);
    }

    [KernelFact]
    public void Attach_with_a_target_throws_for_a_program_that_is_bound_at_load()
    {
        using var session = BpfSession.Load(Counting.Object(("tp_btf/sys_exit", "void", "return 0;")));

        Assert.Throws<InvalidOperationException>(() => session.Program("p0").Attach("sys_enter"));
    }

    [NetworkFact]
    public void Attach_takes_an_interface_that_the_options_do_not_name()
    {
        using var world = new NetworkWorld();
        using var session = BpfSession.Load(Counting.Object(("tc", "struct __sk_buff", "return 0;")), new() { NetworkNamespace = world.Name });
        using var link = session.Program("p0").Attach($"{NetworkWorld.Here}/egress");

        Assert.True(link.IsAttached);
        Assert.Equal(LoadFault.NoTarget, Assert.Throws<BpfLoadException>(() => session.Program("p0").Attach("bee7")).Fault);
    }

    [KernelFact]
    public void InnerMaps_declare_the_maps_inside_a_map_of_maps()
    {
        var file = Fixture.Compile("outer", MapOfMaps);
        Assert.Equal(LoadFault.MapCreate, Assert.Throws<BpfLoadException>(() => BpfSession.Load(file)).Fault);
        Assert.Equal(LoadFault.BadParameter, Assert.Throws<BpfLoadException>(() => BpfSession.Load(file, new() { InnerMaps = { ["inner"] = new(MapType.Array, 4, 8, 4) } })).Fault);

        using var session = BpfSession.Load(file, new() { InnerMaps = { ["outer"] = new(MapType.Array, 4, 8, 4) }, Parameters = { ["target_pid"] = Environment.ProcessId } });
        var outer = new MapWriter(session.Map("outer"));
        outer.Write(outer.Encode(0, session.Map("inner").Id));
        session.Attach();
        _ = Calls.GetProcessGroup(0);

        Assert.Equal(1ul, session.Map("inner").Find(0)!.Get("Value"));
    }

    private static string Count(int slot) => $"if (TARGETED) seen({slot}); return 0;";

    private static BpfSession Load(params (string Section, string Body)[] programs) =>
        BpfSession.Load(Counting.Object([.. programs.Select(one => (one.Section, "void", one.Body))]), new() { Parameters = { ["target_pid"] = Environment.ProcessId } });

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AttachAndForgetTheSession()
    {
        var link = Attach();
        GC.Collect();
        GC.WaitForPendingFinalizers();

        Assert.All(link.Ids, id => Assert.True(KernelObjects.LinkExists(id)));
        link.Dispose();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static BpfLink Attach() => Load((Enter, Count(0))).Program("p0").Attach();
}
