using Bee.Ebpf.Interop;
using static Bee.Ebpf.Objects.AttachTarget;

namespace Bee.Ebpf.Objects;

/// <summary>
/// The kinds of programs, by the names of their sections: the one table that the reader of objects, the attachers, the checks and the skeletons use. Names as in
/// libbpf's docs/program_types.rst.
/// </summary>
internal static class ProgramKinds
{
    /// <summary>The names of the kinds that nothing attaches: iterators run when they are read, and <c>syscall</c> programs on request.</summary>
    internal const string Iterator = "iter", RunOnRequest = "syscall";

    /// <summary>The kind that may change what a kernel function returns.</summary>
    internal const string ModifyReturn = "fmod_ret";

    // BPF_XDP and BPF_NETFILTER, which the kernel wants when it loads or links such a program.
    private const int Xdp = 37, NetfilterHook = 45;

    private const string KprobeMulti = "BPF_TRACE_KPROBE_MULTI", UprobeMulti = "BPF_TRACE_UPROBE_MULTI";

    /// <summary>The kinds that Bee attaches or runs, those of one family beside each other.</summary>
    public static IReadOnlyList<ProgramKind> All { get; } =
    [
        Kind("tracepoint", "/CATEGORY/NAME", ProgramType.Tracepoint, Tracepoint, AttachMethod.Tracepoint, "at a tracepoint") with { Aliases = ["tp"] },
        Kind("raw_tracepoint", "/NAME", ProgramType.RawTracepoint, RawTracepoint, AttachMethod.RawTracepoint, "at a tracepoint, with its raw arguments") with { Aliases = ["raw_tp"] },
        Kind("raw_tracepoint.w", "/NAME", ProgramType.RawTracepointWritable, RawTracepoint, AttachMethod.RawTracepoint, "at a tracepoint whose buffer may be written") with { Aliases = ["raw_tp.w"] },
        Bound("tp_btf", "/NAME", ProgramType.Tracing, RawTracepoint, "BPF_TRACE_RAW_TP", "at a tracepoint, with typed arguments"),
        Kprobe("kprobe", "/FUNCTION", "when a kernel function is entered"),
        Kprobe("kretprobe", "/FUNCTION", "when a kernel function returns") with { IsReturn = true },
        Kprobe("kprobe.multi", "/PATTERN", "when one of many kernel functions is entered") with { IsMulti = true, AttachTypeName = KprobeMulti },
        Kprobe("kretprobe.multi", "/PATTERN", "when one of many kernel functions returns") with { IsReturn = true, IsMulti = true, AttachTypeName = KprobeMulti },
        Kind("ksyscall", "/NAME", ProgramType.Kprobe, SystemCall, AttachMethod.SystemCall, "when a system call is entered"),
        Kind("kretsyscall", "/NAME", ProgramType.Kprobe, SystemCall, AttachMethod.SystemCall, "when a system call returns") with { IsReturn = true },
        Uprobe("uprobe", "/PATH:FUNCTION", "when a function of a program or library is entered"),
        Uprobe("uretprobe", "/PATH:FUNCTION", "when a function of a program or library returns") with { IsReturn = true },
        UprobeOfMany("uprobe.multi", "when one of many functions of a program or library is entered"),
        UprobeOfMany("uretprobe.multi", "when one of many functions of a program or library returns") with { IsReturn = true },
        Kind("usdt", "/PATH:PROVIDER:NAME", ProgramType.Kprobe, UserProbe, AttachMethod.StaticProbe, "at a static probe of a program or library") with { MaySleep = true },
        Bound("fentry", "/FUNCTION", ProgramType.Tracing, KernelFunction, "BPF_TRACE_FENTRY", "when a kernel function is entered, with typed arguments") with { MaySleep = true },
        Bound("fexit", "/FUNCTION", ProgramType.Tracing, KernelFunction, "BPF_TRACE_FEXIT", "when a kernel function returns, with typed arguments and result") with { IsReturn = true, MaySleep = true },
        Bound(ModifyReturn, "/FUNCTION", ProgramType.Tracing, KernelFunction, "BPF_MODIFY_RETURN", "instead of a kernel function that is open to error injection") with { MaySleep = true },
        Bound("lsm", "/HOOK", ProgramType.Lsm, SecurityHook, "BPF_LSM_MAC", "at a security hook") with { MaySleep = true },
        Bound("lsm_cgroup", "/HOOK", ProgramType.Lsm, SecurityHook, "BPF_LSM_CGROUP", "at a security hook, for the processes of a cgroup") with { Method = AttachMethod.Cgroup },
        Bound(Iterator, "/WHAT", ProgramType.Tracing, AttachTarget.Iterator, "BPF_TRACE_ITER", "for each of the kernel's objects of one kind, when it is read") with { Method = AttachMethod.None, MaySleep = true },
        Kind("perf_event", "", ProgramType.PerfEvent, AttachTarget.PerfEvent, AttachMethod.Sampler, "many times a second on every CPU, or at another perf event"),
        Kind(RunOnRequest, "", ProgramType.Syscall, None, AttachMethod.None, "on request"),
        Packets("xdp", ProgramType.Xdp, "for each packet that an interface receives, in its driver where that can") with { AttachType = Xdp },
        Packets("xdp.frags", ProgramType.Xdp, "as xdp, for packets in several buffers too"),
        Packets("tc", ProgramType.SchedCls, "for each packet that an interface receives") with { Aliases = ["classifier"] },
        Packets("tc/ingress", ProgramType.SchedCls, "for each packet that an interface receives"),
        Packets("tc/egress", ProgramType.SchedCls, "for each packet that an interface sends"),
        Packets("tcx/ingress", ProgramType.SchedCls, "for each packet that an interface receives, by a kernel with tcx") with { AttachTypeName = "BPF_TCX_INGRESS" },
        Packets("tcx/egress", ProgramType.SchedCls, "for each packet that an interface sends, by a kernel with tcx") with { AttachTypeName = "BPF_TCX_EGRESS" },
        Packets("socket", ProgramType.SocketFilter, "for each packet that a packet socket sees on an interface, both ways"),
        Cgroups("cgroup_skb/ingress", ProgramType.CgroupSkb, "for each packet that a socket of a cgroup receives"),
        Cgroups("cgroup_skb/egress", ProgramType.CgroupSkb, "for each packet that a socket of a cgroup sends"),
        Cgroups("cgroup/skb", ProgramType.CgroupSkb, "for each packet that a socket of a cgroup receives"),
        Cgroups("cgroup/sock", ProgramType.CgroupSock, "when a process of a cgroup makes a socket"),
        Cgroups("cgroup/sock_create", ProgramType.CgroupSock, "when a process of a cgroup makes a socket"),
        Cgroups("cgroup/sock_release", ProgramType.CgroupSock, "when a socket of a cgroup is closed"),
        Cgroups("cgroup/post_bind4", ProgramType.CgroupSock, "when a socket of a cgroup has been bound, IPv4"),
        Cgroups("cgroup/post_bind6", ProgramType.CgroupSock, "when a socket of a cgroup has been bound, IPv6"),
        .. Addresses("bind", "when a socket of a cgroup is bound", 8, 9),
        .. Addresses("connect", "when a socket of a cgroup connects", 10, 11, 49, "BPF_CGROUP_UNIX_CONNECT"),
        .. Addresses("sendmsg", "when a socket of a cgroup sends a datagram", 14, 15, 50, "BPF_CGROUP_UNIX_SENDMSG"),
        .. Addresses("recvmsg", "when a socket of a cgroup receives a datagram", 19, 20, 51, "BPF_CGROUP_UNIX_RECVMSG"),
        .. Addresses("getpeername", "when a process of a cgroup asks for a socket's peer", 29, 30, 52, "BPF_CGROUP_UNIX_GETPEERNAME"),
        .. Addresses("getsockname", "when a process of a cgroup asks for a socket's address", 31, 32, 53, "BPF_CGROUP_UNIX_GETSOCKNAME"),
        Cgroups("cgroup/sysctl", ProgramType.CgroupSysctl, "when a process of a cgroup reads or writes a sysctl"),
        Cgroups("cgroup/getsockopt", ProgramType.CgroupSockOpt, "when a process of a cgroup reads a socket option"),
        Cgroups("cgroup/setsockopt", ProgramType.CgroupSockOpt, "when a process of a cgroup sets a socket option"),
        Cgroups("cgroup/dev", ProgramType.CgroupDevice, "when a process of a cgroup opens or makes a device"),
        Cgroups("sockops", ProgramType.SockOps, "at steps in the life of a cgroup's TCP connections"),
        Kind("sk_lookup", "", ProgramType.SkLookup, NetworkNamespace, AttachMethod.NetworkNamespace, "when a network namespace looks for the socket that gets a packet") with { AttachTypeName = "BPF_SK_LOOKUP" },
        SocketMaps("sk_msg", ProgramType.SkMsg, KernelLink.SocketMessage, "when a socket of a socket map sends"),
        SocketMaps("sk_skb/stream_parser", ProgramType.SkSkb, KernelLink.StreamParser, "for what a socket of a socket map receives, to say where a message ends"),
        SocketMaps("sk_skb/stream_verdict", ProgramType.SkSkb, KernelLink.StreamVerdict, "for each message that a socket of a socket map receives"),
        SocketMaps("sk_skb/verdict", ProgramType.SkSkb, KernelLink.SocketVerdict, "for each packet that a socket of a socket map receives") with { AttachTypeName = "BPF_SK_SKB_VERDICT" },
    ];

    /// <summary>The row of sections whose names mean nothing.</summary>
    internal static ProgramKind Unknown { get; } = Unattached(ProgramType.Unspecified, "", "");

    // Kinds that libbpf knows and Bee does not attach. They are read, so that an object may hold them as optional programs, and an error can name them.
    private static readonly ProgramKind[] s_unattached =
    [
        Unattached(ProgramType.Kprobe, "kprobe.session", "/PATTERN"),
        Unattached(ProgramType.Kprobe, "uprobe.session", "/PATH:PATTERN") with { MaySleep = true },
        Unattached(ProgramType.Tracing, "fsession", "/FUNCTION") with { MaySleep = true },
        Unattached(ProgramType.Extension, "freplace", "/FUNCTION"),
        Unattached(ProgramType.StructOps, "struct_ops", "/NAME") with { MaySleep = true },
        .. UnattachedWhole(ProgramType.SkReusePort, "sk_reuseport", "sk_reuseport/migrate"),
        .. UnattachedWhole(ProgramType.SchedCls, "netkit/primary", "netkit/peer"),
        .. UnattachedWhole(ProgramType.Xdp, "xdp/devmap", "xdp/cpumap", "xdp.frags/devmap", "xdp.frags/cpumap"),
        .. UnattachedWhole(ProgramType.SkSkb, "sk_skb"),
        .. UnattachedWhole(ProgramType.SchedAct, "action"),
        .. UnattachedWhole(ProgramType.LwtIn, "lwt_in"),
        .. UnattachedWhole(ProgramType.LwtOut, "lwt_out"),
        .. UnattachedWhole(ProgramType.LwtXmit, "lwt_xmit"),
        .. UnattachedWhole(ProgramType.LwtSeg6Local, "lwt_seg6local"),
        .. UnattachedWhole(ProgramType.LircMode2, "lirc_mode2"),
        .. UnattachedWhole(ProgramType.FlowDissector, "flow_dissector"),
        Unattached(ProgramType.Netfilter, "netfilter", "") with { AttachType = NetfilterHook },
    ];

    private static readonly Dictionary<string, ProgramKind> s_attached = All.ToDictionary(k => k.Name, StringComparer.Ordinal);

    private static readonly Dictionary<string, ProgramKind> s_spelled = BySpelling();

    /// <summary>Returns the kind of a name as <see cref="ProgramDescription.Kind"/> has it, or null when Bee does not attach such programs.</summary>
    /// <param name="name">The kind's name.</param>
    public static ProgramKind? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return s_attached.GetValueOrDefault(name);
    }

    /// <summary>Returns the kind of a section's name, whether Bee attaches it or not; null where the name means nothing.</summary>
    /// <param name="section">The name, such as <c>tp/syscalls/sys_enter_openat</c>; it may begin with '?'.</param>
    public static ProgramKind? OfSection(string section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return SectionKind.Of(section.TrimStart('?')).Kind is { Name.Length: > 0 } kind ? kind : null;
    }

    /// <summary>Returns the kind of a name or an alias, whether Bee attaches it or not; <see cref="Unknown"/> where there is none.</summary>
    internal static ProgramKind Spelled(string name) => s_spelled.GetValueOrDefault(name, Unknown);

    private static Dictionary<string, ProgramKind> BySpelling()
    {
        var spelled = new Dictionary<string, ProgramKind>(StringComparer.Ordinal);
        foreach (var kind in All.Concat(s_unattached))
        {
            spelled.Add(kind.Name, kind);
            foreach (var alias in kind.Aliases)
            {
                spelled.Add(alias, kind);
            }
        }

        return spelled;
    }

    private static ProgramKind Kind(string name, string rest, ProgramType type, AttachTarget target, AttachMethod method, string description) =>
        new() { Name = name, Section = name + rest, Type = type, Target = target, Method = method, Description = description };

    private static ProgramKind Bound(string name, string rest, ProgramType type, AttachTarget target, string attachType, string description) =>
        Kind(name, rest, type, target, AttachMethod.AtLoad, description) with { BindsAtLoad = true, AttachTypeName = attachType };

    private static ProgramKind Kprobe(string name, string rest, string description) => Kind(name, rest, ProgramType.Kprobe, KernelFunction, AttachMethod.Kprobe, description);

    private static ProgramKind Uprobe(string name, string rest, string description) => Kind(name, rest, ProgramType.Kprobe, UserFunction, AttachMethod.Uprobe, description) with { MaySleep = true };

    private static ProgramKind UprobeOfMany(string name, string description) =>
        Uprobe(name, "/PATH:PATTERN", description) with { IsMulti = true, AttachType = KernelLink.UprobeMulti, AttachTypeName = UprobeMulti };

    private static ProgramKind Packets(string name, ProgramType type, string description) => Kind(name, "", type, Interface, AttachMethod.Interface, description);

    private static ProgramKind Cgroups(string name, ProgramType type, string description) => Kind(name, "", type, Cgroup, AttachMethod.Cgroup, description);

    private static ProgramKind SocketMaps(string name, ProgramType type, int attachType, string description) =>
        Kind(name, "", type, SocketMap, AttachMethod.SocketMap, description) with { AttachType = attachType };

    private static IEnumerable<ProgramKind> Addresses(string operation, string description, int ipv4, int ipv6, int? unix = null, string? unixName = null)
    {
        ProgramKind One(string family, string name, int attachType) =>
            Cgroups($"cgroup/{operation}{family}", ProgramType.CgroupSockAddr, $"{description}, {name}") with { AttachType = attachType };

        yield return One("4", "IPv4", ipv4);
        yield return One("6", "IPv6", ipv6);
        if (unix is { } attachType)
        {
            yield return One("_unix", "Unix", attachType) with { AttachTypeName = unixName };
        }
    }

    private static ProgramKind Unattached(ProgramType type, string name, string rest) => Kind(name, rest, type, None, AttachMethod.None, "");

    private static IEnumerable<ProgramKind> UnattachedWhole(ProgramType type, params string[] names) => names.Select(name => Unattached(type, name, rest: ""));
}

/// <summary>One kind of program: how its section is written, and what is known of all programs of the kind.</summary>
internal sealed record ProgramKind
{
    /// <summary>The kind, as <see cref="ProgramDescription.Kind"/> has it: <c>tracepoint</c>, <c>uprobe</c>, <c>xdp</c>, <c>cgroup/connect4</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How its section is written, capitals standing for what the author fills in: <c>tracepoint/CATEGORY/NAME</c>, <c>xdp</c>.</summary>
    public required string Section { get; init; }

    /// <summary>Other spellings of the name in sections: <c>tp</c> for <c>tracepoint</c>.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The kernel's type.</summary>
    public required ProgramType Type { get; init; }

    /// <summary>What it attaches to.</summary>
    public required AttachTarget Target { get; init; }

    /// <summary>When such a program runs, in a few words.</summary>
    public required string Description { get; init; }

    /// <summary>True where the section names the target.</summary>
    public bool HasTargetInSection => Section.Length > Name.Length;

    /// <summary>True where a run must name an interface (<c>AttachOptions.Interfaces</c>).</summary>
    public bool NeedsInterface => Target == AttachTarget.Interface;

    /// <summary>True where a run must name a control group (<c>AttachOptions.Cgroup</c>).</summary>
    public bool NeedsCgroup => Method == AttachMethod.Cgroup;

    /// <summary>True where a run must name a network namespace (<c>AttachOptions.NetworkNamespace</c>). Interfaces are looked for in it too.</summary>
    public bool NeedsNetworkNamespace => Target == AttachTarget.NetworkNamespace;

    /// <summary>True where <c>AttachOptions.ProcessId</c> narrows it to one process.</summary>
    public bool NarrowsToProcess => Target is AttachTarget.UserFunction or AttachTarget.UserProbe || Type == ProgramType.PerfEvent;

    /// <summary>True for probes that run when a function or system call returns.</summary>
    public bool IsReturn { get; init; }

    /// <summary>True for probes that one link attaches to many functions.</summary>
    public bool IsMulti { get; init; }

    /// <summary>How the kernel runs such programs on given input, without an attachment; null where it does not.</summary>
    public TestRunKind? TestRun => TestRunKinds.Of(this);

    /// <summary>True where loading takes CAP_NET_ADMIN (<c>is_net_admin_prog_type</c> in kernel/bpf/syscall.c).</summary>
    internal bool IsOfNetwork => Type is ProgramType.SchedCls or ProgramType.SchedAct or ProgramType.Xdp or ProgramType.LwtIn or ProgramType.LwtOut or ProgramType.LwtXmit or ProgramType.LwtSeg6Local
        or ProgramType.SkSkb or ProgramType.SkMsg or ProgramType.SockOps or ProgramType.LircMode2 or ProgramType.FlowDissector or ProgramType.Netfilter or ProgramType.Extension
        or ProgramType.CgroupDevice or ProgramType.CgroupSock or ProgramType.CgroupSockAddr or ProgramType.CgroupSockOpt or ProgramType.CgroupSysctl;

    /// <summary>How a program is attached.</summary>
    internal AttachMethod Method { get; init; }

    /// <summary>True where the kernel binds a program to its target when it loads it.</summary>
    internal bool BindsAtLoad { get; init; }

    /// <summary>True where the name has a second form that ends in <c>.s</c>, for programs that may sleep.</summary>
    internal bool MaySleep { get; init; }

    /// <summary>The kernel's name for the attach type, for kinds that came later than their program type; null for the others.</summary>
    internal string? AttachTypeName { get; init; }

    /// <summary>The kernel's attach type (BPF_* in enum bpf_attach_type), for kinds whose sections some versions of libbpf do not know; null where all do.</summary>
    internal int? AttachType { get; init; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}

/// <summary>What a kind of program attaches to.</summary>
internal enum AttachTarget
{
    /// <summary>Nothing: it is run on request.</summary>
    None,

    /// <summary>A tracepoint, as <c>category/name</c>; the name may hold wildcards (<c>syscalls/sys_enter_open*</c>).</summary>
    Tracepoint,

    /// <summary>A tracepoint by its name alone, as <c>sched_switch</c>.</summary>
    RawTracepoint,

    /// <summary>A function of the kernel. Kprobes also take <c>function+offset</c>; the multi and session kinds take wildcards.</summary>
    KernelFunction,

    /// <summary>A system call, by its name without a prefix: <c>openat</c>.</summary>
    SystemCall,

    /// <summary>A function of a program or library, as <c>path:function</c>; the multi and session kinds take wildcards in the function.</summary>
    UserFunction,

    /// <summary>A static probe (USDT) of a program or library, as <c>path:provider:name</c>.</summary>
    UserProbe,

    /// <summary>A hook of the Linux security modules, such as <c>file_open</c>.</summary>
    SecurityHook,

    /// <summary>What an iterator goes over, such as <c>task</c>.</summary>
    Iterator,

    /// <summary>A perf event, by perf's name or its numbers: <c>page-faults</c>, <c>type=1,config=3,frequency=99</c>. The CPU clock where none is named.</summary>
    PerfEvent,

    /// <summary>A network interface. Sections do not name one: it is given when the program is run.</summary>
    Interface,

    /// <summary>A control group (v2). Sections do not name one: it is given when the program is run.</summary>
    Cgroup,

    /// <summary>A network namespace. Sections do not name one: it is given when the program is run.</summary>
    NetworkNamespace,

    /// <summary>A map of sockets, by its name. Sections do not name one: it is the object's only such map, or given when the program is run.</summary>
    SocketMap,
}

/// <summary>How programs of a kind are attached.</summary>
internal enum AttachMethod
{
    /// <summary>Not at all: iterators are read, others are run on request, or Bee does not attach them.</summary>
    None,

    /// <summary>By libbpf, to the target that they were bound to when they were loaded.</summary>
    AtLoad,

    /// <summary>By a perf event of a tracepoint.</summary>
    Tracepoint,

    /// <summary>By the name of a raw tracepoint.</summary>
    RawTracepoint,

    /// <summary>By kprobes, one for each function or one for many.</summary>
    Kprobe,

    /// <summary>By a kprobe at a system call's function.</summary>
    SystemCall,

    /// <summary>By uprobes, one for each function or one for many.</summary>
    Uprobe,

    /// <summary>By a uprobe at a static probe.</summary>
    StaticProbe,

    /// <summary>By a perf event that samples each CPU.</summary>
    Sampler,

    /// <summary>To network interfaces.</summary>
    Interface,

    /// <summary>To a control group.</summary>
    Cgroup,

    /// <summary>To a network namespace.</summary>
    NetworkNamespace,

    /// <summary>To a map of sockets.</summary>
    SocketMap,
}

/// <summary>What the name of a program's section says: how the program is attached, and to what.</summary>
/// <param name="Kind">The kind; <see cref="ProgramKinds.Unknown"/> where the name means nothing.</param>
/// <param name="AttachTo">What follows the kind, or null.</param>
/// <param name="IsSleepable">True where the name has the mark for programs that may sleep.</param>
internal readonly record struct SectionKind(ProgramKind Kind, string? AttachTo, bool IsSleepable)
{
    private const string SleepMark = ".s", Sampled = "perf_event/";

    /// <summary>Reads a section's name, without the '?' in front.</summary>
    public static SectionKind Of(string section)
    {
        if (section.StartsWith(Sampled, StringComparison.Ordinal) && section[Sampled.Length..] is var perfEvent && PerfEventText.IsEvent(perfEvent))
        {
            return new SectionKind(ProgramKinds.Spelled(Sampled[..^1]), perfEvent, false);
        }

        section = WithoutName(section);
        if (ProgramKinds.Spelled(section) is { HasTargetInSection: false, Name.Length: > 0 } whole)
        {
            // What follows a slash here is part of the kind: the target is given when the program is run.
            return new SectionKind(whole, null, whole.Name == ProgramKinds.RunOnRequest);
        }

        var slash = section.IndexOf('/');
        var prefix = slash < 0 ? section : section[..slash];
        var target = slash < 0 || slash + 1 == section.Length ? null : section[(slash + 1)..];
        var sleepable = prefix.EndsWith(SleepMark, StringComparison.Ordinal);
        var kind = ProgramKinds.Spelled(sleepable ? prefix[..^SleepMark.Length] : prefix);
        return kind.HasTargetInSection && (kind.MaySleep || !sleepable) ? new SectionKind(kind, target, sleepable) : new SectionKind(ProgramKinds.Unknown, null, false);
    }

    // Where libbpf wants the bare kind, other loaders let a name follow, which says nothing about attaching: cilium/ebpf, and so Inspektor Gadget's programs; libbpf before 1.0.
    private static string WithoutName(string section)
    {
        string[] parts = section.Split('/');
        return parts switch
        {
            ["perf_event", _] => "perf_event",
            ["classifier", "ingress" or "egress", ..] => $"tc/{parts[1]}",
            ["classifier", _] => "tc",
            ["sk_msg", _] => "sk_msg",
            ["xdp", not ("devmap" or "cpumap")] => "xdp",
            ["sk_skb", "stream_parser" or "stream_verdict" or "verdict", _] => $"sk_skb/{parts[1]}",
            [['s', 'o', 'c', 'k', 'e', 't', .. { Length: > 0 } number]] when number.All(char.IsAsciiDigit) => "socket",
            _ => section,
        };
    }
}

/// <summary>Which kinds of programs Bee attaches or runs.</summary>
internal static class SupportedKinds
{
    /// <exception cref="BpfLoadException">A program of the object is of another kind, and is not optional.</exception>
    public static void Check(ObjectFile file)
    {
        foreach (var program in file.Programs)
        {
            if (!program.AutoLoad || ProgramKinds.Find(program.Kind) is not null)
            {
                continue;
            }

            var message = program.Kind.Length == 0
                ? $"Section '{program.SectionName}' of program '{program.Name}' does not say how the program is attached."
                : $"Program '{program.Name}' is of kind '{program.Kind}', which Bee does not attach.";
            throw new BpfLoadException(LoadFault.Unsupported, message)
            {
                Program = program.Name,
                Suggestions = program.Kind.Length == 0 ? Suggest.Nearest(program.SectionName.Split('/')[0], ProgramKinds.All.Select(k => k.Name), 3) : [],
                Remedy = "What Bee attaches: tracepoint, raw_tp, tp_btf, kprobe, kretprobe, ksyscall, uprobe, uretprobe, usdt, fentry, fexit, fmod_ret, lsm, perf_event, iter; "
                    + "xdp, tc, tcx and socket to an interface; cgroup_skb, cgroup/… and sockops to a control group; sk_lookup to a network namespace; sk_msg and sk_skb/… to a socket map; and syscall programs run on request. "
                    + "A program that is not needed can be made optional by writing its section as SEC(\"?…\").",
            };
        }
    }
}
