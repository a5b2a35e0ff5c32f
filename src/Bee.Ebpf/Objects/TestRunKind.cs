using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Objects;

/// <summary>How the kernel runs programs of one type on given input (<c>BPF_PROG_TEST_RUN</c>, net/bpf/test_run.c).</summary>
internal sealed record TestRunKind
{
    internal const int EthernetHeader = 14, IPv4Header = 20;

    /// <summary>The name of such programs in sections: <c>xdp</c>, <c>tc</c>, <c>raw_tp</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The kernel's program type.</summary>
    public required ProgramType Type { get; init; }

    /// <summary>The first Linux version that supports such runs.</summary>
    public required string Since { get; init; }

    /// <summary>The C struct of the context, such as <c>xdp_md</c>; null if the program defines it or if it is a list of arguments.</summary>
    public string? ContextName { get; init; }

    /// <summary>The minimum size of a packet in bytes; 0 if the program takes no packet.</summary>
    public int LeastData { get; init; }

    /// <summary>True if the program takes a packet.</summary>
    public bool TakesData => LeastData > 0;

    /// <summary>True if the kernel can repeat the run and measure its time.</summary>
    public bool Repeats { get; init; }

    /// <summary>True if the caller may choose the CPU.</summary>
    public bool TakesCpu { get; init; }

    /// <summary>True if a run requires a context.</summary>
    public bool NeedsContext { get; init; }

    /// <summary>The names of return values in the kernel's headers; empty if the values have no names.</summary>
    public IReadOnlyDictionary<int, string> Results { get; init; } = new Dictionary<int, string>();

    /// <summary>How the kernel returns the context.</summary>
    internal TestRunContext ContextBack { get; init; }

    /// <summary>True if the program sees the packet without its Ethernet header, which it cannot change.</summary>
    internal bool HidesEthernet { get; init; }
}

/// <summary>How the kernel returns the context after a run.</summary>
internal enum TestRunContext
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>In a buffer of its own.</summary>
    Out,

    /// <summary>In the input buffer.</summary>
    InPlace,

    /// <summary>In the packet's buffer.</summary>
    AsData,
}

/// <summary>The program types that the kernel can run on given input.</summary>
internal static class TestRunKinds
{
    private static readonly IReadOnlyDictionary<int, string> s_sockets = Names(0, "SK_DROP", "SK_PASS");

    private static readonly IReadOnlyDictionary<int, string> s_tunnels = new Dictionary<int, string> { [0] = "BPF_OK", [2] = "BPF_DROP", [7] = "BPF_REDIRECT", [128] = "BPF_LWT_REROUTE" };

    private static readonly IReadOnlyDictionary<int, string> s_traffic =
        Names(-1, "TC_ACT_UNSPEC", "TC_ACT_OK", "TC_ACT_RECLASSIFY", "TC_ACT_SHOT", "TC_ACT_PIPE", "TC_ACT_STOLEN", "TC_ACT_QUEUED", "TC_ACT_REPEAT", "TC_ACT_REDIRECT", "TC_ACT_TRAP");

    public static IReadOnlyList<TestRunKind> All { get; } =
    [
        Packets("socket", ProgramType.SocketFilter, "4.12") with { HidesEthernet = true },
        Packets("tc", ProgramType.SchedCls, "4.12") with { Results = s_traffic },
        Packets("action", ProgramType.SchedAct, "4.12") with { Results = s_traffic },
        Packets("xdp", ProgramType.Xdp, "4.12") with { ContextName = "xdp_md", Results = Names(0, "XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT") },
        Packets("cgroup_skb", ProgramType.CgroupSkb, "5.0") with { HidesEthernet = true },
        Packets("lwt_in", ProgramType.LwtIn, "4.12") with { HidesEthernet = true, Results = s_tunnels },
        Packets("lwt_out", ProgramType.LwtOut, "4.12") with { HidesEthernet = true, Results = s_tunnels },
        Packets("lwt_xmit", ProgramType.LwtXmit, "4.12") with { HidesEthernet = true, Results = s_tunnels },
        Packets("flow_dissector", ProgramType.FlowDissector, "5.1") with
        {
            ContextName = "bpf_flow_keys", ContextBack = TestRunContext.AsData, Results = new Dictionary<int, string> { [0] = "BPF_OK", [2] = "BPF_DROP", [129] = "BPF_FLOW_DISSECTOR_CONTINUE" },
        },
        Packets("netfilter", ProgramType.Netfilter, "6.4") with
        {
            ContextName = "nf_hook_state", ContextBack = TestRunContext.None, LeastData = TestRunKind.IPv4Header, Results = Names(0, "NF_DROP", "NF_ACCEPT"),
        },
        new() { Name = "sk_lookup", Type = ProgramType.SkLookup, Since = "5.13", ContextName = "bpf_sk_lookup", NeedsContext = true, Repeats = true, ContextBack = TestRunContext.Out, Results = s_sockets },
        new() { Name = "raw_tp", Type = ProgramType.RawTracepoint, Since = "5.10", TakesCpu = true },
        new() { Name = "syscall", Type = ProgramType.Syscall, Since = "5.14", ContextBack = TestRunContext.InPlace },
    ];

    /// <summary>The names of the kinds that support test runs, for messages.</summary>
    public static string List { get; } = string.Join(", ", All.Select(kind => kind.Name));

    private static readonly Dictionary<ProgramType, TestRunKind> s_byType = All.ToDictionary(kind => kind.Type);

    /// <summary>Returns how the kernel runs programs of a kind on given input; null if it does not support that.</summary>
    public static TestRunKind? Of(ProgramKind kind) =>
        // The kernel rejects xdp programs for other hooks than an interface (bpf_prog_test_run_xdp).
        kind.Type == ProgramType.Xdp && kind.Name.Contains('/') ? null : s_byType.GetValueOrDefault(kind.Type);

    private static TestRunKind Packets(string name, ProgramType type, string since) => new()
    {
        Name = name,
        Type = type,
        Since = since,
        ContextName = "__sk_buff",
        LeastData = TestRunKind.EthernetHeader,
        Repeats = true,
        ContextBack = TestRunContext.Out,
    };

    private static Dictionary<int, string> Names(int first, params string[] names) => names.Select((name, i) => (name, i)).ToDictionary(pair => first + pair.i, pair => pair.name);
}
