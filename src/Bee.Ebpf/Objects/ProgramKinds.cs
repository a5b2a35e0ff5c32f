using Bee.Ebpf.Interop;
using static Bee.Ebpf.Objects.AttachTarget;

namespace Bee.Ebpf.Objects;

/// <summary>
/// The kinds of programs, by section name: the one table for the object reader, the attachers, the checks and the skeletons. Names are those of
/// libbpf's docs/program_types.rst.
/// </summary>
internal static class ProgramKinds
{
    /// <summary>The kinds without a target to attach to: iterators run when they are read, and <c>syscall</c> programs on request.</summary>
    internal const string Iterator = "iter", RunOnRequest = "syscall";

    /// <summary>The kind that may change the return value of a kernel function.</summary>
    internal const string ModifyReturn = "fmod_ret";

    // BPF_XDP and BPF_NETFILTER, which the kernel requires to load or link such programs.
    private const int Xdp = 37, NetfilterHook = 45;

    private const string KprobeMulti = "BPF_TRACE_KPROBE_MULTI", UprobeMulti = "BPF_TRACE_UPROBE_MULTI";

    /// <summary>The kinds that Bee attaches or runs, grouped by family.</summary>
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
        Bound(Iterator, "/WHAT", ProgramType.Tracing, AttachTarget.Iterator, "BPF_TRACE_ITER", "for each kernel object of one kind, when it is read") with { Method = AttachMethod.None, MaySleep = true },
        Kind("perf_event", "", ProgramType.PerfEvent, AttachTarget.PerfEvent, AttachMethod.Sampler, "many times a second on every CPU, or at another perf event"),
        Kind(RunOnRequest, "", ProgramType.Syscall, None, AttachMethod.None, "on request"),
        Packets("xdp", ProgramType.Xdp, "for each packet that an interface receives, in the driver if it supports that") with { AttachType = Xdp },
        Packets("xdp.frags", ProgramType.Xdp, "as xdp, also for packets in several buffers"),
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
        Kind("sk_lookup", "", ProgramType.SkLookup, NetworkNamespace, AttachMethod.NetworkNamespace, "when a network namespace looks up the socket for a packet") with { AttachTypeName = "BPF_SK_LOOKUP" },
        SocketMaps("sk_msg", ProgramType.SkMsg, KernelLink.SocketMessage, "when a socket of a socket map sends"),
        SocketMaps("sk_skb/stream_parser", ProgramType.SkSkb, KernelLink.StreamParser, "for what a socket of a socket map receives, to say where a message ends"),
        SocketMaps("sk_skb/stream_verdict", ProgramType.SkSkb, KernelLink.StreamVerdict, "for each message that a socket of a socket map receives"),
        SocketMaps("sk_skb/verdict", ProgramType.SkSkb, KernelLink.SocketVerdict, "for each packet that a socket of a socket map receives") with { AttachTypeName = "BPF_SK_SKB_VERDICT" },
    ];

    /// <summary>The row for unknown section names.</summary>
    internal static ProgramKind Unknown { get; } = Unattached(ProgramType.Unspecified, "", "");

    // Kinds that libbpf supports and Bee does not attach. An object may contain them as optional programs, and errors can name them.
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

    /// <summary>Returns the kind by its <see cref="ProgramDescription.Kind"/>, or null if Bee does not attach such programs.</summary>
    /// <param name="name">The kind's name.</param>
    public static ProgramKind? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return s_attached.GetValueOrDefault(name);
    }

    /// <summary>Returns the kind of a section, including kinds that Bee does not attach; null if the name is unknown.</summary>
    /// <param name="section">The name, such as <c>tp/syscalls/sys_enter_openat</c>; it may begin with '?'.</param>
    public static ProgramKind? OfSection(string section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return SectionKind.Of(section.TrimStart('?')).Kind is { Name.Length: > 0 } kind ? kind : null;
    }

    /// <summary>Returns the kind of a name or alias, including kinds that Bee does not attach; <see cref="Unknown"/> if the name is unknown.</summary>
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

/// <summary>One kind of program: its section syntax, and the properties that all such programs share.</summary>
internal sealed record ProgramKind
{
    /// <summary>The name, as in <see cref="ProgramDescription.Kind"/>: <c>tracepoint</c>, <c>uprobe</c>, <c>xdp</c>, <c>cgroup/connect4</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The syntax of its sections, with placeholders in capitals: <c>tracepoint/CATEGORY/NAME</c>, <c>xdp</c>.</summary>
    public required string Section { get; init; }

    /// <summary>Alternative spellings in sections: <c>tp</c> for <c>tracepoint</c>.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>The kernel's program type.</summary>
    public required ProgramType Type { get; init; }

    /// <summary>The type of its attach target.</summary>
    public required AttachTarget Target { get; init; }

    /// <summary>When such a program runs, as a short phrase.</summary>
    public required string Description { get; init; }

    /// <summary>True if the section names the target.</summary>
    public bool HasTargetInSection => Section.Length > Name.Length;

    /// <summary>True if the caller must name an interface (<c>AttachOptions.Interfaces</c>).</summary>
    public bool NeedsInterface => Target == AttachTarget.Interface;

    /// <summary>True if the caller must name a control group (<c>AttachOptions.Cgroup</c>).</summary>
    public bool NeedsCgroup => Method == AttachMethod.Cgroup;

    /// <summary>True if the caller must name a network namespace (<c>AttachOptions.NetworkNamespace</c>). Interfaces are looked up there too.</summary>
    public bool NeedsNetworkNamespace => Target == AttachTarget.NetworkNamespace;

    /// <summary>True if <c>AttachOptions.ProcessId</c> restricts it to one process.</summary>
    public bool NarrowsToProcess => Target is AttachTarget.UserFunction or AttachTarget.UserProbe || Type == ProgramType.PerfEvent;

    /// <summary>True for probes that run when a function or system call returns.</summary>
    public bool IsReturn { get; init; }

    /// <summary>True for probes that one link attaches to many functions.</summary>
    public bool IsMulti { get; init; }

    /// <summary>How the kernel runs such programs on given input, without attaching them; null if it does not.</summary>
    public TestRunKind? TestRun => TestRunKinds.Of(this);

    /// <summary>True if loading requires CAP_NET_ADMIN (<c>is_net_admin_prog_type</c> in kernel/bpf/syscall.c).</summary>
    internal bool IsOfNetwork => Type is ProgramType.SchedCls or ProgramType.SchedAct or ProgramType.Xdp or ProgramType.LwtIn or ProgramType.LwtOut or ProgramType.LwtXmit or ProgramType.LwtSeg6Local
        or ProgramType.SkSkb or ProgramType.SkMsg or ProgramType.SockOps or ProgramType.LircMode2 or ProgramType.FlowDissector or ProgramType.Netfilter or ProgramType.Extension
        or ProgramType.CgroupDevice or ProgramType.CgroupSock or ProgramType.CgroupSockAddr or ProgramType.CgroupSockOpt or ProgramType.CgroupSysctl;

    /// <summary>How a program is attached.</summary>
    internal AttachMethod Method { get; init; }

    /// <summary>True if the kernel binds a program to its target at load.</summary>
    internal bool BindsAtLoad { get; init; }

    /// <summary>True if the name has a second form with the suffix <c>.s</c>, for programs that may sleep.</summary>
    internal bool MaySleep { get; init; }

    /// <summary>The kernel's name of the attach type, for kinds that are newer than their program type; null for the others.</summary>
    internal string? AttachTypeName { get; init; }

    /// <summary>The kernel's attach type (BPF_* in enum bpf_attach_type), for kinds whose sections some libbpf versions do not know; null for the others.</summary>
    internal int? AttachType { get; init; }

    /// <summary>Returns the name.</summary>
    public override string ToString() => Name;
}

/// <summary>The type of an attach target.</summary>
internal enum AttachTarget
{
    /// <summary>None: it runs on request.</summary>
    None,

    /// <summary>A tracepoint, as <c>category/name</c>. The name may contain wildcards (<c>syscalls/sys_enter_open*</c>).</summary>
    Tracepoint,

    /// <summary>A tracepoint by its name alone: <c>sched_switch</c>.</summary>
    RawTracepoint,

    /// <summary>A kernel function. Kprobes also accept <c>function+offset</c>; the multi and session kinds accept wildcards.</summary>
    KernelFunction,

    /// <summary>A system call, by its name without a prefix: <c>openat</c>.</summary>
    SystemCall,

    /// <summary>A function of a program or library, as <c>path:function</c>. The multi and session kinds accept wildcards in the function.</summary>
    UserFunction,

    /// <summary>A static probe (USDT) of a program or library, as <c>path:provider:name</c>.</summary>
    UserProbe,

    /// <summary>A hook of the Linux security modules, such as <c>file_open</c>.</summary>
    SecurityHook,

    /// <summary>The kernel objects that an iterator visits, such as <c>task</c>.</summary>
    Iterator,

    /// <summary>A perf event, by perf's name or its numbers: <c>page-faults</c>, <c>type=1,config=3,frequency=99</c>. The default is the CPU clock.</summary>
    PerfEvent,

    /// <summary>A network interface, which the caller names instead of the section.</summary>
    Interface,

    /// <summary>A control group (v2), which the caller names instead of the section.</summary>
    Cgroup,

    /// <summary>A network namespace, which the caller names instead of the section.</summary>
    NetworkNamespace,

    /// <summary>A map of sockets, by its name: the object's only such map, or the one that the caller names.</summary>
    SocketMap,
}

/// <summary>How programs of a kind are attached.</summary>
internal enum AttachMethod
{
    /// <summary>Not at all: iterators are read, others run on request, or Bee does not attach them.</summary>
    None,

    /// <summary>By libbpf, to the target to which the kernel bound them at load.</summary>
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

/// <summary>The parsed name of a program's section: the kind of program and its attach target.</summary>
/// <param name="Kind">The kind; <see cref="ProgramKinds.Unknown"/> if the name is unknown.</param>
/// <param name="AttachTo">The text after the kind, or null.</param>
/// <param name="IsSleepable">True if the kind has the suffix for programs that may sleep.</param>
internal readonly record struct SectionKind(ProgramKind Kind, string? AttachTo, bool IsSleepable)
{
    private const string SleepMark = ".s", Sampled = "perf_event/";

    /// <summary>Parses the name of a section, without a leading '?'.</summary>
    public static SectionKind Of(string section)
    {
        if (section.StartsWith(Sampled, StringComparison.Ordinal) && section[Sampled.Length..] is var perfEvent && PerfEventText.IsEvent(perfEvent))
        {
            return new SectionKind(ProgramKinds.Spelled(Sampled[..^1]), perfEvent, false);
        }

        section = WithoutName(section);
        if (ProgramKinds.Spelled(section) is { HasTargetInSection: false, Name.Length: > 0 } whole)
        {
            // The text after the slash is part of the kind here: the caller names the target.
            return new SectionKind(whole, null, whole.Name == ProgramKinds.RunOnRequest);
        }

        var slash = section.IndexOf('/');
        var prefix = slash < 0 ? section : section[..slash];
        var target = slash < 0 || slash + 1 == section.Length ? null : section[(slash + 1)..];
        var sleepable = prefix.EndsWith(SleepMark, StringComparison.Ordinal);
        var kind = ProgramKinds.Spelled(sleepable ? prefix[..^SleepMark.Length] : prefix);
        return kind.HasTargetInSection && (kind.MaySleep || !sleepable) ? new SectionKind(kind, target, sleepable) : new SectionKind(ProgramKinds.Unknown, null, false);
    }

    // Other loaders (cilium/ebpf, and so Inspektor Gadget's programs; libbpf before 1.0) allow a name after these kinds, which does not affect attaching. libbpf wants the bare kind.
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

/// <summary>Rejects objects with kinds of programs that Bee does not attach or run.</summary>
internal static class SupportedKinds
{
    /// <exception cref="BpfLoadException">The kind of a program is not supported, and the program is not optional.</exception>
    public static void Check(ObjectFile file)
    {
        foreach (var program in file.Programs)
        {
            if (!program.AutoLoad || ProgramKinds.Find(program.Kind) is not null)
            {
                continue;
            }

            var message = program.Kind.Length == 0
                ? $"Section '{program.SectionName}' of program '{program.Name}' does not define how to attach the program."
                : $"Program '{program.Name}' is of kind '{program.Kind}', which Bee does not attach.";
            throw new BpfLoadException(LoadFault.Unsupported, message)
            {
                Program = program.Name,
                Suggestions = program.Kind.Length == 0 ? Suggest.Nearest(program.SectionName.Split('/')[0], ProgramKinds.All.Select(k => k.Name), 3) : [],
                Remedy = "Bee attaches: tracepoint, raw_tp, tp_btf, kprobe, kretprobe, ksyscall, uprobe, uretprobe, usdt, fentry, fexit, fmod_ret, lsm, perf_event, iter; "
                    + "xdp, tc, tcx and socket to an interface; cgroup_skb, cgroup/… and sockops to a control group; sk_lookup to a network namespace; sk_msg and sk_skb/… to a socket map; and syscall programs run on request. "
                    + "To make a program optional, write its section as SEC(\"?…\").",
            };
        }
    }
}
