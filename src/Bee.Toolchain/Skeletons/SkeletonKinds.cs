using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Toolchain.Skeletons;

/// <summary>The kinds of programs with skeletons: all that Bee attaches.</summary>
internal static class SkeletonKinds
{
    private const string Process = "process", Packet = "packet", Allow = "1";
    private const string SocketMap = "such a program runs for the sockets of a map, which another program or a process fills";

    /// <summary>The kinds that Bee runs, but for which a skeleton could report nothing, with the reason.</summary>
    public static IReadOnlyDictionary<string, string> Refused { get; } = new Dictionary<string, string>
    {
        ["syscall"] = "such a program runs only on request, not on an event",
        ["sk_msg"] = SocketMap,
        ["sk_skb/stream_parser"] = SocketMap,
        ["sk_skb/stream_verdict"] = SocketMap,
        ["sk_skb/verdict"] = SocketMap,
    };

    public static IReadOnlyList<SkeletonKind> All { get; } = [.. ProgramKinds.All.Where(kind => !Refused.ContainsKey(kind.Name)).Select(Of)];

    private static SkeletonKind Of(ProgramKind kind) => kind.Target switch
    {
        AttachTarget.Tracepoint => new(kind, Process) { DefaultTarget = "syscalls/sys_enter_openat", Shape = TracepointShape.Read },
        AttachTarget.RawTracepoint => new(kind, Process)
        {
            DefaultTarget = kind.Type == ProgramType.RawTracepointWritable ? "bpf_test_finish" : "sched_process_fork",
            Shape = FunctionShape.Tracepoint,
        },
        AttachTarget.KernelFunction when kind.Type == ProgramType.Tracing => new(kind, Process)
        {
            DefaultTarget = kind.Name == "fmod_ret" ? "security_file_open" : "vfs_open",
            Shape = kind.Name == "fentry" ? FunctionShape.Entry : FunctionShape.Exit,
        },
        AttachTarget.KernelFunction when kind.IsMulti => new(kind, Process) { DefaultTarget = "vfs_open*", Shape = Probe("many") },
        AttachTarget.KernelFunction => new(kind, Process) { DefaultTarget = "vfs_open", Shape = kind.IsReturn ? FunctionShape.ProbeOfReturn : FunctionShape.Probe },
        AttachTarget.SystemCall => new(kind, Process) { DefaultTarget = "openat", Shape = kind.IsReturn ? Probe("result") : SystemCallShape.Entry },
        AttachTarget.UserFunction when kind.IsMulti => new(kind, Process) { DefaultTarget = "libc.so.6:getaddr*", Shape = Probe("many") },
        AttachTarget.UserFunction => new(kind, Process) { DefaultTarget = "libc.so.6:getaddrinfo", Shape = Probe(kind.IsReturn ? "result" : "function") },
        AttachTarget.UserProbe => new(kind, Process) { DefaultTarget = "libstdc++.so.6:libstdcxx:throw", Shape = Probe("static") },
        AttachTarget.SecurityHook when kind.NeedsCgroup => new(kind, Process) { DefaultTarget = "socket_connect", Shape = FunctionShape.Hook, Pass = Allow },
        AttachTarget.SecurityHook => new(kind, Process) { DefaultTarget = "file_open", Shape = FunctionShape.Hook },
        AttachTarget.Iterator => new(kind, IteratorShape.Subject) { DefaultTarget = "task", Shape = IteratorShape.Read },
        AttachTarget.Interface => kind.Type == ProgramType.Xdp ? Own(kind, "frame", "XDP_PASS") : Own(kind, Packet, "-1"),
        AttachTarget.NetworkNamespace => Own(kind, "lookup", "SK_PASS"),
        AttachTarget.Cgroup => Cgroup(kind),
        _ => new(kind, Process) { Shape = Context("sample") },
    };

    private static SkeletonKind Cgroup(ProgramKind kind) => kind.Type switch
    {
        ProgramType.CgroupSkb => Own(kind, Packet, Allow),
        ProgramType.SockOps => Own(kind, "connection", Allow),
        _ => new(kind, Process) { Pass = Allow, Shape = Context(CgroupContext(kind)) },
    };

    private static string CgroupContext(ProgramKind kind) => kind.Type switch
    {
        ProgramType.CgroupSysctl => "sysctl",
        ProgramType.CgroupSockOpt => "option",
        ProgramType.CgroupDevice => "device",
        ProgramType.CgroupSock => kind.Name switch
        {
            "cgroup/post_bind4" => "bound4",
            "cgroup/post_bind6" => "bound6",
            _ => "socket",
        },
        _ => AddressContext(kind.Name),
    };

    private static string AddressContext(string name) => name[^1] switch
    {
        '4' => "address4",
        '6' => "address6",
        _ => "address_unix",
    };

    // A kind whose subject also defines its context.
    private static SkeletonKind Own(ProgramKind kind, string subject, string pass) => new(kind, subject) { Pass = pass, Shape = _ => ContextShape.Read(subject, string.Empty) };

    private static Func<string, TargetShape> Context(string context) => _ => ContextShape.Read("contexts", context);

    private static Func<string, TargetShape> Probe(string context) => _ => ContextShape.Read("probes", context);
}

/// <summary>A kind of program and the properties of its skeleton.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Subject">The skeleton piece of the subject: its filter, its labels, its measured value.</param>
internal sealed record SkeletonKind(ProgramKind Kind, string Subject)
{
    /// <summary>The kind's name.</summary>
    public string Name => Kind.Name;

    /// <summary>The default target, which exists on every machine. Null if the section has no target.</summary>
    public string? DefaultTarget { get; init; }

    /// <summary>The return value that changes nothing.</summary>
    public string Pass { get; init; } = "0";

    /// <summary>Reads the values that a target passes to the program.</summary>
    public required Func<string, TargetShape> Shape { get; init; }

    /// <summary>Returns the name of the section.</summary>
    public string Section(string target) => Kind.HasTargetInSection ? $"{Name}/{target}" : Name;

    /// <summary>Returns true for its name and its aliases, in any case.</summary>
    public bool IsCalled(string name) => Kind.Aliases.Prepend(Name).Contains(name, StringComparer.OrdinalIgnoreCase);
}
