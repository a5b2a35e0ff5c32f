using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>The choice of programs to load.</summary>
[Collection(KernelFactAttribute.Collection)]
public sealed class ChoiceTests
{
    private const string Enter = "tracepoint/syscalls/sys_enter_getpgid", Exit = "tracepoint/syscalls/sys_exit_getpgid";
    private const string Count = "if (TARGETED) seen(0); return 0;";

    // An address that the verifier knows nothing about.
    private const string Refused = "return *(volatile int *)(long)bpf_ktime_get_ns();";

    [KernelFact]
    public void A_program_that_is_left_out_is_not_loaded()
    {
        var file = Counting.Object((Enter, "void", Count), (Exit, "void", Refused));
        var fault = Assert.Throws<BpfLoadException>(() => BpfSession.Load(file, Own(file)));
        Assert.Equal(LoadFault.VerifierRejected, fault.Fault);

        Counting.Run(file, Own(file, load: new() { ["p1"] = false }), session =>
        {
            Calls.GetProcessGroup(-1);
            Assert.Equal(1ul, session.Counts()[0]);
            Assert.Equal(0, session.Programs[1].Id);
        });
    }

    [KernelTheory]
    [InlineData(null, null, null, 0)]
    [InlineData(true, null, null, 1)]
    [InlineData(null, "syscalls/sys_enter_getpgid", null, 1)]
    [InlineData(null, null, "syscalls/sys_enter_getpgid", 1)]
    [InlineData(null, null, "true", 1)]
    [InlineData(false, null, "true", 0)]
    [InlineData(null, "syscalls/sys_enter_getpgid", "none", 1)]
    public void An_optional_program_is_loaded_if_the_options_name_it(bool? load, string? target, string? author, int count)
    {
        var file = Counting.Object(($"?{Enter}", "void", Count));
        if (author is not null)
        {
            file = file.WithMetadata(new ObjectMetadata { Programs = new Dictionary<string, ProgramMetadata> { ["p0"] = ProgramMetadata.Attach(author) } });
        }

        Counting.Run(file, Own(file, load is { } given ? new() { ["p0"] = given } : [], target is null ? [] : new() { ["p0"] = target }), session =>
        {
            Calls.GetProcessGroup(-1);
            Assert.Equal((ulong)count, session.Counts()[0]);
        });
    }

    [KernelFact]
    public void Load_warns_if_no_program_is_loaded()
    {
        var warnings = new List<string>();
        var file = Counting.Object(($"?{Enter}", "void", Count));
        using var session = BpfSession.Load(file, new BpfSessionOptions { Warn = warnings.Add });
        session.Attach();

        Assert.Contains("No program", Assert.Single(warnings));
    }

    [KernelFact]
    public void Load_throws_for_an_option_with_an_unknown_program()
    {
        var file = Counting.Object((Enter, "void", Count));
        var fault = Assert.Throws<BpfLoadException>(() => BpfSession.Load(file, new BpfSessionOptions { Load = new Dictionary<string, bool> { ["p1"] = false } }));

        Assert.Equal(LoadFault.BadParameter, fault.Fault);
        Assert.Contains("'p1'", fault.Message);
    }

    [NetworkFact]
    public void Programs_without_an_interface_are_left_out_if_another_has_one()
    {
        using var world = new NetworkWorld();
        var notes = new List<string>();
        var file = Counting.Object(
            ("xdp", "struct xdp_md", "seen(0); return XDP_PASS;"), ("xdp", "struct xdp_md", "seen(1); return XDP_DROP;"), ("classifier/stats", "struct __sk_buff", "seen(2); return 0;"), (Exit, "void", "return 0;"));
        var options = new BpfSessionOptions { NetworkNamespace = world.Name, AttachTo = new Dictionary<string, string> { ["p0"] = NetworkWorld.Here }, Note = notes.Add };
        Counting.Run(file, options, session =>
        {
            world.Receive(3);
            Assert.True(session.Counts()[0] >= 3);
            Assert.Equal([0ul, 0ul], session.Counts()[1..3]);
            Assert.Equal(["p0", "p3"], session.Programs.Where(program => program.Id != 0).Select(program => program.Name));
        });

        Assert.Equal(2, notes.Count);
        Assert.Contains("'p1' (xdp) is left out", notes[0]);
    }

    [KernelFact]
    public void Attach_throws_if_no_program_has_an_interface()
    {
        var file = Counting.Object(("xdp", "struct xdp_md", "return XDP_PASS;"), ("xdp", "struct xdp_md", "return XDP_DROP;"));

        using var session = BpfSession.Load(file);

        Assert.Equal(LoadFault.NoPlace, Assert.Throws<BpfLoadException>(session.Attach).Fault);
    }

    [KernelFact]
    public void Twins_count_events_twice_and_PreferTyped_loads_the_typed_one()
    {
        var file = Counting.Object(("raw_tp/sys_enter", "struct bpf_raw_tracepoint_args", Own121("context->args[1]")), ("tp_btf/sys_enter", "__u64", Own121("context[1]")));
        var twins = Assert.Single(TwinPrograms.Find(file));
        Assert.Equal("sys_enter", twins.Place);
        Assert.Equal(["p1", "p0"], twins.Programs.Select(program => program.Name));

        foreach (var (preferTyped, count) in new[] { (false, 2ul), (true, 1ul) })
        {
            Counting.Run(file, Own(file, preferTyped: preferTyped), session =>
            {
                Calls.GetProcessGroup(-1);
                Assert.Equal(count, session.Counts()[0]);
                Assert.Equal(preferTyped ? 0 : 1, TwinPrograms.Find(session.File).Count);
                Assert.NotEqual(0, session.Programs[1].Id);
            });
        }
    }

    [KernelFact]
    public void PreferTyped_loads_a_twin_that_the_kernel_attaches()
    {
        var file = Counting.Object(("fentry/do_getpgid", "void", "return 0;"), ("kprobe/do_getpgid", "void", "return 0;"), ("fentry/no_such_function_here", "void", "return 0;"), ("kprobe/no_such_function_here", "void", "return 0;"));
        using var session = BpfSession.Load(file, new BpfSessionOptions { PreferTyped = true });

        Assert.Equal(1, session.Programs.Take(2).Count(program => program.Id != 0));
        Assert.Equal([false, true], session.Programs.Skip(2).Select(program => program.Id != 0));
    }

    [Theory]
    [InlineData("fentry/f", "kprobe/f", true)]
    [InlineData("fentry.s/f", "kprobe/f,g", true)]
    [InlineData("fexit/f", "kretprobe/f", true)]
    [InlineData("fexit/f", "kprobe/f", false)]
    [InlineData("fentry/f", "kprobe/g", false)]
    [InlineData("?fentry/f", "kprobe/f", false)]
    [InlineData("kprobe/f", "kprobe/f", false)]
    [InlineData("tracepoint/sched/sched_switch", "tp_btf/sched_switch", true)]
    [InlineData("tp/raw_syscalls/sys_enter", "raw_tp/sys_enter", true)]
    [InlineData("tracepoint/syscalls/sys_enter_open", "raw_tp/sys_enter_open", false)]
    public void Twins_run_at_the_same_place_in_different_ways(string one, string other, bool areTwins) =>
        Assert.Equal(areTwins, TwinPrograms.Find(Counting.Object((one, "void", "return 0;"), (other, "void", "return 0;"))).Count > 0);

    [KernelFact]
    public void Static_programs_run_and_the_object_is_unchanged()
    {
        var file = Fixture.Compile("statics", """
            #include "fixture.h"
            struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } gauge_seen SEC(".maps");
            static __attribute__((noinline)) int zero(void *context) { return context == 0; }
            SEC("tracepoint/syscalls/sys_enter_getpgid") static __attribute__((used)) int p0(void *context)
            {
            	__u32 key = zero(context);
            	__u64 *count = bpf_map_lookup_elem(&gauge_seen, &key);
            	if (count && TARGETED)
            		__sync_fetch_and_add(count, 1);
            	return 0;
            }
            SEC("tracepoint/syscalls/sys_exit_getpgid") int p1(void *context) { return 0; }
            """);
        var bytes = file.Bytes.ToArray();
        Counting.RunOwn(file, session =>
        {
            Calls.GetProcessGroup(-1);
            Assert.Equal([1ul], session.Counts());
            Assert.All(session.Programs, program => Assert.NotEqual(0, program.Id));
        });

        Assert.Equal(bytes, file.Bytes.ToArray());
    }

    [KernelTheory]
    [InlineData("uprobe/libc:getpgid", "uprobe/libbee_is_not_here:f")]
    [InlineData("uprobe/libc.so.6:getpgid", "uretprobe//usr/lib/libbee_is_not_here.so.1:f")]
    [InlineData("uprobe.multi/libc:getpgi?", "usdt/libbee_is_not_here.so:provider:name")]
    public void A_program_for_a_missing_library_is_left_out(string section, string missing)
    {
        var warnings = new List<string>();
        var file = Counting.Object((section, "void", Count), (missing, "void", "return 0;"));
        Counting.Run(file, new BpfSessionOptions { Parameters = Calls.Own(file).Parameters, ProcessId = Environment.ProcessId, Warn = warnings.Add }, session =>
        {
            Calls.GetProcessGroup(-1);
            Assert.Equal(1ul, session.Counts()[0]);
            Assert.Equal(0, session.Programs[1].Id);
        });

        Assert.Contains("libbee_is_not_here", Assert.Single(warnings));
    }

    [KernelTheory]
    [InlineData("uprobe/libbee_is_not_here:f", null)]
    [InlineData("uprobe/libc:getpgid", "libbee_is_not_here:f")]
    public void A_missing_library_is_an_error_if_it_is_named_or_no_program_remains(string section, string? target)
    {
        var file = Counting.Object((section, "void", "return 0;"));
        using var session = BpfSession.Load(file, Own(file, targets: target is null ? [] : new() { ["p0"] = target }));

        Assert.Equal(LoadFault.NoTarget, Assert.Throws<BpfLoadException>(session.Attach).Fault);
    }

    private static string Own121(string number) => $"if ({number} == 121 && TARGETED) seen(0); return 0;";

    private static BpfSessionOptions Own(ObjectFile file, Dictionary<string, bool>? load = null, Dictionary<string, string>? targets = null, bool preferTyped = false) => new()
    {
        Parameters = Calls.Own(file).Parameters,
        Load = load ?? [],
        AttachTo = targets ?? [],
        PreferTyped = preferTyped,
    };
}
