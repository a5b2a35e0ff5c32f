using Bee.Ebpf.Interop;
using static Bee.Ebpf.Objects.AttachTarget;

namespace Bee.Ebpf.Objects;

/// <summary>The kinds of programs that Bee attaches or runs.</summary>
public static class ProgramKinds
{
    /// <summary>The names of the kinds that nothing attaches: iterators run when they are read, and <c>syscall</c> programs on request.</summary>
    internal const string Iterator = "iter", RunOnRequest = "syscall";

    /// <summary>All of them, those of one family beside each other.</summary>
    public static IReadOnlyList<ProgramKind> All { get; } =
    [
        Kind("tracepoint", "/CATEGORY/NAME", ProgramType.Tracepoint, Tracepoint, "at a tracepoint"),
        Kind("raw_tracepoint", "/NAME", ProgramType.RawTracepoint, RawTracepoint, "at a tracepoint, with its raw arguments"),
        Kind("raw_tracepoint.w", "/NAME", ProgramType.RawTracepointWritable, RawTracepoint, "at a tracepoint whose buffer may be written"),
        Kind("tp_btf", "/NAME", ProgramType.Tracing, RawTracepoint, "at a tracepoint, with typed arguments"),
        Kind("kprobe", "/FUNCTION", ProgramType.Kprobe, KernelFunction, "when a kernel function is entered"),
        Kind("kretprobe", "/FUNCTION", ProgramType.Kprobe, KernelFunction, "when a kernel function returns"),
        Kind("kprobe.multi", "/PATTERN", ProgramType.Kprobe, KernelFunction, "when one of many kernel functions is entered"),
        Kind("kretprobe.multi", "/PATTERN", ProgramType.Kprobe, KernelFunction, "when one of many kernel functions returns"),
        Kind("ksyscall", "/NAME", ProgramType.Kprobe, SystemCall, "when a system call is entered"),
        Kind("kretsyscall", "/NAME", ProgramType.Kprobe, SystemCall, "when a system call returns"),
        Kind("uprobe", "/PATH:FUNCTION", ProgramType.Kprobe, UserFunction, "when a function of a program or library is entered"),
        Kind("uretprobe", "/PATH:FUNCTION", ProgramType.Kprobe, UserFunction, "when a function of a program or library returns"),
        Kind("uprobe.multi", "/PATH:PATTERN", ProgramType.Kprobe, UserFunction, "when one of many functions of a program or library is entered") with { AttachType = 48 },
        Kind("uretprobe.multi", "/PATH:PATTERN", ProgramType.Kprobe, UserFunction, "when one of many functions of a program or library returns") with { AttachType = 48 },
        Kind("usdt", "/PATH:PROVIDER:NAME", ProgramType.Kprobe, UserProbe, "at a static probe of a program or library"),
        Kind("fentry", "/FUNCTION", ProgramType.Tracing, KernelFunction, "when a kernel function is entered, with typed arguments"),
        Kind("fexit", "/FUNCTION", ProgramType.Tracing, KernelFunction, "when a kernel function returns, with typed arguments and result"),
        Kind("fmod_ret", "/FUNCTION", ProgramType.Tracing, KernelFunction, "instead of a kernel function that is open to error injection"),
        Kind("lsm", "/HOOK", ProgramType.Lsm, SecurityHook, "at a security hook"),
        Kind("lsm_cgroup", "/HOOK", ProgramType.Lsm, SecurityHook, "at a security hook, for the processes of a cgroup") with { NeedsCgroup = true },
        Kind("iter", "/WHAT", ProgramType.Tracing, AttachTarget.Iterator, "for each of the kernel's objects of one kind, when it is read"),
        Kind("perf_event", "", ProgramType.PerfEvent, None, "many times a second on every CPU"),
        Kind("syscall", "", ProgramType.Syscall, None, "on request"),
        Kind("xdp", "", ProgramType.Xdp, Interface, "for each packet that an interface receives, in its driver where that can"),
        Kind("xdp.frags", "", ProgramType.Xdp, Interface, "as xdp, for packets in several buffers too"),
        Kind("tc", "", ProgramType.SchedCls, Interface, "for each packet that an interface receives"),
        Kind("tc/ingress", "", ProgramType.SchedCls, Interface, "for each packet that an interface receives"),
        Kind("tc/egress", "", ProgramType.SchedCls, Interface, "for each packet that an interface sends"),
        Kind("tcx/ingress", "", ProgramType.SchedCls, Interface, "for each packet that an interface receives, by a kernel with tcx"),
        Kind("tcx/egress", "", ProgramType.SchedCls, Interface, "for each packet that an interface sends, by a kernel with tcx"),
        Kind("socket", "", ProgramType.SocketFilter, Interface, "for each packet that a packet socket sees on an interface, both ways"),
        Cgroups("cgroup_skb/ingress", ProgramType.CgroupSkb, "for each packet that a socket of a cgroup receives"),
        Cgroups("cgroup_skb/egress", ProgramType.CgroupSkb, "for each packet that a socket of a cgroup sends"),
        Cgroups("cgroup/skb", ProgramType.CgroupSkb, "for each packet that a socket of a cgroup receives"),
        Cgroups("cgroup/sock", ProgramType.CgroupSock, "when a process of a cgroup makes a socket"),
        Cgroups("cgroup/sock_create", ProgramType.CgroupSock, "when a process of a cgroup makes a socket"),
        Cgroups("cgroup/sock_release", ProgramType.CgroupSock, "when a socket of a cgroup is closed"),
        Cgroups("cgroup/post_bind4", ProgramType.CgroupSock, "when a socket of a cgroup has been bound, IPv4"),
        Cgroups("cgroup/post_bind6", ProgramType.CgroupSock, "when a socket of a cgroup has been bound, IPv6"),
        .. Addresses("bind", "when a socket of a cgroup is bound", 8, 9, null),
        .. Addresses("connect", "when a socket of a cgroup connects", 10, 11, 49),
        .. Addresses("sendmsg", "when a socket of a cgroup sends a datagram", 14, 15, 50),
        .. Addresses("recvmsg", "when a socket of a cgroup receives a datagram", 19, 20, 51),
        .. Addresses("getpeername", "when a process of a cgroup asks for a socket's peer", 29, 30, 52),
        .. Addresses("getsockname", "when a process of a cgroup asks for a socket's address", 31, 32, 53),
        Cgroups("cgroup/sysctl", ProgramType.CgroupSysctl, "when a process of a cgroup reads or writes a sysctl"),
        Cgroups("cgroup/getsockopt", ProgramType.CgroupSockOpt, "when a process of a cgroup reads a socket option"),
        Cgroups("cgroup/setsockopt", ProgramType.CgroupSockOpt, "when a process of a cgroup sets a socket option"),
        Cgroups("cgroup/dev", ProgramType.CgroupDevice, "when a process of a cgroup opens or makes a device"),
        Cgroups("sockops", ProgramType.SockOps, "at steps in the life of a cgroup's TCP connections"),
        Kind("sk_lookup", "", ProgramType.SkLookup, NetworkNamespace, "when a network namespace looks for the socket that gets a packet"),
    ];

    private static readonly Dictionary<string, ProgramKind> s_byName = All.ToDictionary(k => k.Name, StringComparer.Ordinal);

    /// <summary>The kind of a name as <see cref="ProgramDescription.Kind"/> has it, or null when Bee does not attach such programs.</summary>
    /// <param name="name">The kind's name.</param>
    public static ProgramKind? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return s_byName.GetValueOrDefault(name);
    }

    private static ProgramKind Kind(string name, string rest, ProgramType type, AttachTarget target, string description) =>
        new() { Name = name, Section = name + rest, Type = type, Target = target, Description = description };

    private static ProgramKind Cgroups(string name, ProgramType type, string description) =>
        Kind(name, "", type, Cgroup, description) with { NeedsCgroup = true };

    private static IEnumerable<ProgramKind> Addresses(string operation, string description, int ipv4, int ipv6, int? unix)
    {
        ProgramKind One(string family, string name, int attachType) =>
            Cgroups($"cgroup/{operation}{family}", ProgramType.CgroupSockAddr, $"{description}, {name}") with { AttachType = attachType };

        yield return One("4", "IPv4", ipv4);
        yield return One("6", "IPv6", ipv6);
        if (unix is { } attachType)
        {
            yield return One("_unix", "Unix", attachType);
        }
    }
}

/// <summary>One way in which Bee attaches programs.</summary>
public sealed record ProgramKind
{
    /// <summary>The kind, as <see cref="ProgramDescription.Kind"/> has it: <c>tracepoint</c>, <c>uprobe</c>, <c>xdp</c>, <c>cgroup/connect4</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How its section is written, capitals standing for what the author fills in: <c>tracepoint/CATEGORY/NAME</c>, <c>xdp</c>.</summary>
    public required string Section { get; init; }

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
    public bool NeedsCgroup { get; init; }

    /// <summary>True where a run must name a network namespace (<c>AttachOptions.NetworkNamespace</c>). Interfaces are looked for in it too.</summary>
    public bool NeedsNetworkNamespace => Target == AttachTarget.NetworkNamespace;

    /// <summary>True where <c>AttachOptions.ProcessId</c> narrows it to one process.</summary>
    public bool NarrowsToProcess => Target is AttachTarget.UserFunction or AttachTarget.UserProbe || Type == ProgramType.PerfEvent;

    /// <summary>The kernel's attach type (BPF_* in enum bpf_attach_type), for kinds whose sections some versions of libbpf do not know; null where all do.</summary>
    internal int? AttachType { get; init; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}

/// <summary>What a kind of program attaches to.</summary>
public enum AttachTarget
{
    /// <summary>Nothing that has a name: samples of a clock, or run on request.</summary>
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

    /// <summary>A network interface. Sections do not name one: it is given when the program is run.</summary>
    Interface,

    /// <summary>A control group (v2). Sections do not name one: it is given when the program is run.</summary>
    Cgroup,

    /// <summary>A network namespace. Sections do not name one: it is given when the program is run.</summary>
    NetworkNamespace,
}
