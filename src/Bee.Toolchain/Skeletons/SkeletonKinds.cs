using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Toolchain.Skeletons;

/// <summary>The kinds of programs that there are skeletons for: all that Bee attaches.</summary>
internal static class SkeletonKinds
{
    private const string Process = "process", Packet = "packet", Allow = "1";

    /// <summary>Kinds that Bee runs and that nothing can be reported from as written, with the reason.</summary>
    public static IReadOnlyDictionary<string, string> Refused { get; } = new Dictionary<string, string>
    {
        ["syscall"] = "such a program runs when somebody asks for a run of it, and no event does",
    };

    public static IReadOnlyList<SkeletonKind> All { get; } =
    [
        new("tracepoint", Process) { DefaultTarget = "syscalls/sys_enter_openat", Shape = TracepointShape.Read },
        new("raw_tracepoint", Process) { DefaultTarget = "sched_process_fork", Shape = FunctionShape.Tracepoint },
        new("raw_tracepoint.w", Process) { DefaultTarget = "bpf_test_finish", Shape = FunctionShape.Tracepoint },
        new("tp_btf", Process) { DefaultTarget = "sched_process_fork", Shape = FunctionShape.Tracepoint },
        new("kprobe", Process) { DefaultTarget = "vfs_open", Shape = FunctionShape.Probe },
        new("kretprobe", Process) { DefaultTarget = "vfs_open", Shape = FunctionShape.ProbeOfReturn },
        new("kprobe.multi", Process) { DefaultTarget = "vfs_open*", Shape = Probe("many") },
        new("kretprobe.multi", Process) { DefaultTarget = "vfs_open*", Shape = Probe("many") },
        new("ksyscall", Process) { DefaultTarget = "openat", Shape = SystemCallShape.Entry },
        new("kretsyscall", Process) { DefaultTarget = "openat", Shape = Probe("result") },
        new("uprobe", Process) { DefaultTarget = "libc.so.6:getaddrinfo", Shape = Probe("function") },
        new("uretprobe", Process) { DefaultTarget = "libc.so.6:getaddrinfo", Shape = Probe("result") },
        new("uprobe.multi", Process) { DefaultTarget = "libc.so.6:getaddr*", Shape = Probe("many") },
        new("uretprobe.multi", Process) { DefaultTarget = "libc.so.6:getaddr*", Shape = Probe("many") },
        new("usdt", Process) { DefaultTarget = "libstdc++.so.6:libstdcxx:throw", Shape = Probe("static") },
        new("fentry", Process) { DefaultTarget = "vfs_open", Shape = FunctionShape.Entry },
        new("fexit", Process) { DefaultTarget = "vfs_open", Shape = FunctionShape.Exit },
        new("fmod_ret", Process) { DefaultTarget = "security_file_open", Shape = FunctionShape.Exit },
        new("lsm", Process) { DefaultTarget = "file_open", Shape = FunctionShape.Hook },
        new("lsm_cgroup", Process) { DefaultTarget = "socket_connect", Shape = FunctionShape.Hook, Pass = Allow },
        new("iter", IteratorShape.Subject) { DefaultTarget = "task", Shape = IteratorShape.Read },
        new("perf_event", Process) { Shape = Context("sample") },
        .. Of(["xdp", "xdp.frags"], "frame", "XDP_PASS"),
        .. Of(["tc", "tc/ingress", "tc/egress", "tcx/ingress", "tcx/egress"], Packet, "-1"),
        .. Of(["socket"], Packet, "-1"),
        .. Of(["cgroup_skb/ingress", "cgroup_skb/egress", "cgroup/skb"], Packet, Allow),
        .. Of(["sockops"], "connection", Allow),
        .. Of(["sk_lookup"], "lookup", "SK_PASS"),
        .. Cgroup("socket", "cgroup/sock", "cgroup/sock_create", "cgroup/sock_release"),
        .. Cgroup("bound4", "cgroup/post_bind4"),
        .. Cgroup("bound6", "cgroup/post_bind6"),
        .. Cgroup("sysctl", "cgroup/sysctl"),
        .. Cgroup("option", "cgroup/getsockopt", "cgroup/setsockopt"),
        .. Cgroup("device", "cgroup/dev"),
        .. ProgramKinds.All.Where(kind => kind.Type == ProgramType.CgroupSockAddr).SelectMany(kind => Cgroup(AddressContext(kind.Name), kind.Name)),
    ];

    private static string AddressContext(string name) => name[^1] switch
    {
        '4' => "address4",
        '6' => "address6",
        _ => "address_unix",
    };

    // Kinds whose subject has their context too.
    private static IEnumerable<SkeletonKind> Of(string[] names, string subject, string pass)
        => names.Select(name => new SkeletonKind(name, subject) { Pass = pass, Shape = _ => ContextShape.Read(subject, string.Empty) });

    private static IEnumerable<SkeletonKind> Cgroup(string context, params string[] names)
        => names.Select(name => new SkeletonKind(name, Process) { Pass = Allow, Shape = Context(context) });

    private static Func<string, TargetShape> Context(string context) => _ => ContextShape.Read("contexts", context);

    private static Func<string, TargetShape> Probe(string context) => _ => ContextShape.Read("probes", context);
}

/// <summary>A kind of program, as a skeleton has it.</summary>
/// <param name="Name">The kind's name in <see cref="ProgramKinds"/>.</param>
/// <param name="Subject">The piece that says what the program is about: whom to leave out, what tells one from another, what to measure.</param>
internal sealed record SkeletonKind(string Name, string Subject)
{
    /// <summary>What Bee knows of the kind.</summary>
    public ProgramKind Kind { get; } = ProgramKinds.Find(Name) ?? throw new ArgumentException($"Bee runs no {Name}.", nameof(Name));

    /// <summary>What it attaches to where nobody says: something that every machine has. Null where its section names nothing.</summary>
    public string? DefaultTarget { get; init; }

    /// <summary>What the function returns when it wants to change nothing.</summary>
    public string Pass { get; init; } = "0";

    /// <summary>Reads what a target hands over.</summary>
    public required Func<string, TargetShape> Shape { get; init; }

    /// <summary>The section's name.</summary>
    public string Section(string target) => Kind.HasTargetInSection ? $"{Name}/{target}" : Name;

    /// <summary>Other names for it, as sections have them.</summary>
    public bool IsCalled(string name)
    {
        string full = name.ToLowerInvariant() switch
        {
            "tp" => "tracepoint",
            "raw_tp" => "raw_tracepoint",
            "raw_tp.w" => "raw_tracepoint.w",
            var other => other,
        };
        return full == Name;
    }
}
