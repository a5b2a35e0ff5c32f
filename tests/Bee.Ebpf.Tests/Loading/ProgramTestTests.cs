using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public class ProgramTestTests
{
    private static readonly byte[] s_packet = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16, 0x08, 0x00, .. new byte[46]];

    private static ObjectFile Inputs => Fixture.Object("inputs");

    [KernelFact]
    public void An_xdp_test_returns_action_packet_events_and_entries_although_another_program_cannot_be_loaded()
    {
        using var test = Load("swap");
        var result = test.Run(new ProgramTestInput { Data = s_packet });

        Assert.Equal(("XDP_PASS", 2), (result.Action, result.ReturnValue));
        Assert.True(result.IsDataChanged);
        Assert.Equal([11, 12, 13, 14, 15, 16, 1, 2, 3, 4, 5, 6, .. s_packet[12..]], result.Data!);
        var seen = Assert.Single(result.Events);
        Assert.Equal((60u, (ushort)0x0800), (seen.Get("length"), seen.Get("protocol")));
        var entry = Assert.IsAssignableFrom<MapEntry>(Assert.Single(result.Entries));
        Assert.Equal(("counter_lengths", 60u, 1ul), (entry.Get("MapName"), entry.Get("Key"), entry.Get("Value")));
        Assert.Equal("swap: XDP_PASS (2)", result.ToString());
        Assert.NotNull(result.NanosecondsPerRun);
        Assert.Equal(0, test.Session.Programs.Single(program => program.Name == "traced").Id);
    }

    [KernelFact]
    public void Runs_accumulate_and_each_returns_its_own_changes()
    {
        using var test = Load("swap");
        _ = test.Run(new ProgramTestInput { Data = s_packet });
        var other = test.Run(new ProgramTestInput { Data = s_packet.AsMemory(0, 20) });
        var again = test.Run(new ProgramTestInput { Data = s_packet, Repeat = 4 });

        Assert.Equal(20u, Assert.Single(other.Entries).Get("Key"));
        Assert.Equal(5ul, Assert.Single(again.Entries).Get("Value"));
        Assert.Equal(4, again.Events.Count);
        // An even number of swaps.
        Assert.False(again.IsDataChanged);
    }

    [KernelFact]
    public void Entries_set_before_the_run_are_used()
    {
        using var test = Load("swap");
        var writer = new MapWriter(test.Session.Maps.Single(map => map.Name == "deny"));
        writer.Write(writer.Encode(60, 1));

        Assert.Equal("XDP_DROP", test.Run(new ProgramTestInput { Data = s_packet }).Action);
    }

    [KernelFact]
    public void Fields_of_an_xdp_context_reach_the_program()
    {
        using var test = Load("swap");
        var result = test.Run(new ProgramTestInput { Data = (byte[])[7, 0, 0, 0, .. s_packet], Context = Fields(("data", 4)) });

        Assert.Equal("XDP_TX", result.Action);
        Assert.Equal((4u, 64u), (Context(result).Get("data"), Context(result).Get("data_end")));
        Assert.Equal(60u, Assert.Single(result.Events).Get("length"));
    }

    [KernelFact]
    public void A_tc_test_passes_context_and_parameters_and_returns_the_context()
    {
        using var test = Load("mark", ("threshold", 1000));
        var result = test.Run(new ProgramTestInput { Data = s_packet, Context = Fields(("mark", 41)) });

        Assert.Equal(("TC_ACT_UNSPEC", -1), (result.Action, result.ReturnValue));
        Assert.Equal(42u, Context(result).Get("mark"));
        Assert.False(result.IsDataChanged);
        Assert.Equal("TC_ACT_SHOT", Load("mark").Run(new ProgramTestInput { Data = s_packet }).Action);
    }

    [KernelFact]
    public void Trace_lines_are_returned_on_request()
    {
        using var test = ProgramTest.Load(Inputs, "mark", new BpfSessionOptions(), traceLines: true);
        var line = Assert.Single(test.Run(new ProgramTestInput { Data = s_packet, Context = Fields(("mark", 7)) }).TraceLines);

        Assert.Equal(("mark 7", "mark", Environment.ProcessId), (line.Text, line.Program, line.Pid));
    }

    [KernelTheory]
    [InlineData("keep", 46)]
    [InlineData("pass", 1)]
    public void Programs_after_the_Ethernet_header_leave_it_unchanged(string program, int value)
    {
        using var test = Load(program);
        var result = test.Run(new ProgramTestInput { Data = s_packet });

        Assert.Equal((value, null), (result.ReturnValue, result.Action));
        Assert.Equal(s_packet, result.Data);
    }

    [KernelFact]
    public void Tunnels_dissectors_and_netfilter_programs_run_on_packets_too()
    {
        using ProgramTest tunnel = Load("tunnel"), dissect = Load("dissect"), filter = Load("filter");
        var keys = dissect.Run(new ProgramTestInput { Data = s_packet });
        // Without a hook the kernel uses LOCAL_OUT, whose packets have no Ethernet header.
        var accepted = filter.Run(new ProgramTestInput { Data = (byte[])[0x45, 0, 0, 20, .. new byte[16]] });

        Assert.Equal("BPF_LWT_REROUTE", tunnel.Run(new ProgramTestInput { Data = s_packet }).Action);
        Assert.Equal(("BPF_OK", (ushort)34), (keys.Action, Context(keys).Get("thoff")));
        Assert.Equal(("NF_ACCEPT", false, null), (accepted.Action, accepted.IsDataChanged, accepted.Context));
        Assert.Equal("NF_ACCEPT", filter.Run(new ProgramTestInput { Data = s_packet, Context = Fields(("pf", 2), ("hook", 1)) }).Action);
    }

    [KernelFact]
    public void A_raw_tracepoint_test_passes_the_arguments()
    {
        using var test = Load("arguments");
        var result = test.Run(new ProgramTestInput { Context = new object[] { 40, 2L, -5 }, Cpu = 0 });

        Assert.Equal(-5, result.ReturnValue);
        var seen = Assert.Single(result.Events);
        Assert.Equal((42u, (ushort)0), (seen.Get("length"), seen.Get("protocol")));
        Assert.Equal((null, null, null), (result.Data, result.Context, result.NanosecondsPerRun));
    }

    [KernelFact]
    public void A_syscall_test_passes_and_returns_the_struct()
    {
        using var test = Load("add");
        var result = test.Run(new ProgramTestInput { Context = Fields(("a", 3), ("b", "0x4")) });
        var bytes = test.Run(new ProgramTestInput { Context = BitConverter.GetBytes(200ul).Concat(new byte[8]).ToArray() });

        Assert.Equal((0, 7ul), (result.ReturnValue, Context(result).Get("sum")));
        var globals = Assert.Single(result.Entries);
        Assert.Equal((".bss", 7ul), (globals.Get("MapName"), globals.Get("last")));
        Assert.Equal((-22, 200ul), (bytes.ReturnValue, Context(bytes).Get("sum")));
    }

    [KernelFact]
    public void An_sk_lookup_program_runs_on_its_context()
    {
        using var test = Load("assign");
        ProgramTestInput Port(int port) => new() { Context = Fields(("family", 2), ("protocol", 6), ("local_port", port)) };

        Assert.Equal("SK_PASS", test.Run(Port(80)).Action);
        Assert.Equal("SK_DROP", test.Run(Port(81)).Action);
        Assert.Equal(TestFault.BadContext, Assert.Throws<BpfTestException>(() => test.Run(new ProgramTestInput())).Fault);
    }

    [KernelFact]
    public void An_optional_program_is_loaded_for_its_test()
    {
        using var test = Load("optional");

        Assert.Equal("XDP_REDIRECT", test.Run(new ProgramTestInput { Data = s_packet }).Action);
        Assert.Throws<InvalidOperationException>(test.Session.Attach);
    }

    [KernelFact]
    public void Input_that_does_not_suit_the_program_is_rejected()
    {
        using ProgramTest swap = Load("swap"), add = Load("add"), mark = Load("mark"), arguments = Load("arguments");
        static void Fails(ProgramTest test, ProgramTestInput input, TestFault fault, string part)
        {
            var error = Assert.Throws<BpfTestException>(() => test.Run(input));
            Assert.Equal((fault, $"TestRun.{fault}"), (error.Fault, error.Id));
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }

        Fails(swap, new ProgramTestInput(), TestFault.BadData, "needs a packet, but the input has none");
        Fails(swap, new ProgramTestInput { Data = new byte[13] }, TestFault.BadData, "at least 14 bytes, but the input has 13");
        Fails(add, new ProgramTestInput { Data = s_packet }, TestFault.BadData, "does not take a packet");
        Fails(swap, new ProgramTestInput { Data = s_packet, Context = Fields(("ingres_ifindex", 1)) }, TestFault.BadContext, "'ingress_ifindex'?");
        Fails(add, new ProgramTestInput { Context = Fields(("a", -1)) }, TestFault.BadContext, "'a' -1 is out of its range");
        Fails(arguments, new ProgramTestInput { Context = new object[13] }, TestFault.BadContext, "at most 12 arguments");
        Fails(arguments, new ProgramTestInput { Repeat = 2 }, TestFault.BadOption, "2 times");
        Fails(swap, new ProgramTestInput { Data = s_packet, Cpu = 0 }, TestFault.BadOption, "CPU 0");
        Fails(mark, new ProgramTestInput { Data = s_packet, Context = Fields(("data", 1)) }, TestFault.Refused, "Invalid argument");
        Fails(swap, new ProgramTestInput { Data = new byte[300_000] }, TestFault.Refused, "for a packet of 300000 bytes");
    }

    [KernelTheory]
    [InlineData("traced")]
    [InlineData("absent")]
    public void A_kind_without_a_test_run_is_rejected_before_loading(string program)
    {
        var error = Assert.Throws<BpfTestException>(() => Load(program));

        Assert.Equal(TestFault.Unsupported, error.Fault);
        Assert.Contains("raw_tp", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_test_run_kind_is_a_section_of_its_type()
    {
        Assert.All(TestRunKinds.All, kind => Assert.Same(kind, (ProgramKinds.OfSection(kind.Name == "cgroup_skb" ? "cgroup_skb/egress" : kind.Name) ?? ProgramKinds.OfSection($"{kind.Name}/x"))!.TestRun));
        Assert.Null(ProgramKinds.OfSection("xdp/devmap")!.TestRun);
        Assert.Null(ProgramKinds.OfSection("fentry/x")!.TestRun);
        Assert.Equal(["swap", "mark", "keep", "pass", "tunnel", "dissect", "filter", "arguments", "add", "assign", "optional"], ProgramTest.Candidates(Inputs).Select(program => program.Name).OrderBy(Order));
        static int Order(string name) => Array.IndexOf(["swap", "mark", "keep", "pass", "tunnel", "dissect", "filter", "arguments", "add", "assign", "optional"], name);
    }

    private static ProgramTest Load(string program, params (string Name, object? Value)[] parameters) =>
        ProgramTest.Load(Inputs, program, new BpfSessionOptions { Parameters = parameters.ToDictionary(one => one.Name, one => one.Value) });

    private static Dictionary<string, object?> Fields(params (string Name, object? Value)[] fields) => fields.ToDictionary(field => field.Name, field => field.Value);

    private static BpfEvent Context(ProgramTestResult result) => Assert.IsAssignableFrom<BpfEvent>(result.Context);
}
