using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Objects;

/// <summary>What the name of a program's section says: how the program is attached, and to what.</summary>
/// <param name="Kind">One spelling for each way of attaching.</param>
/// <param name="Type">The kernel's type.</param>
/// <param name="AttachTo">What follows the kind, or null.</param>
/// <param name="IsSleepable">True where the name has the mark for programs that may sleep.</param>
internal readonly record struct SectionKind(string Kind, ProgramType Type, string? AttachTo, bool IsSleepable)
{
    // Section names as libbpf documents them (docs/program_types.rst there). Those in Exact take nothing after them.
    private static readonly Dictionary<string, ProgramType> s_withTarget = new()
    {
        ["kprobe"] = ProgramType.Kprobe,
        ["kretprobe"] = ProgramType.Kprobe,
        ["kprobe.multi"] = ProgramType.Kprobe,
        ["kretprobe.multi"] = ProgramType.Kprobe,
        ["kprobe.session"] = ProgramType.Kprobe,
        ["uprobe"] = ProgramType.Kprobe,
        ["uretprobe"] = ProgramType.Kprobe,
        ["uprobe.multi"] = ProgramType.Kprobe,
        ["uretprobe.multi"] = ProgramType.Kprobe,
        ["uprobe.session"] = ProgramType.Kprobe,
        ["ksyscall"] = ProgramType.Kprobe,
        ["kretsyscall"] = ProgramType.Kprobe,
        ["usdt"] = ProgramType.Kprobe,
        ["tracepoint"] = ProgramType.Tracepoint,
        ["tp"] = ProgramType.Tracepoint,
        ["raw_tracepoint"] = ProgramType.RawTracepoint,
        ["raw_tp"] = ProgramType.RawTracepoint,
        ["raw_tracepoint.w"] = ProgramType.RawTracepointWritable,
        ["raw_tp.w"] = ProgramType.RawTracepointWritable,
        ["tp_btf"] = ProgramType.Tracing,
        ["fentry"] = ProgramType.Tracing,
        ["fexit"] = ProgramType.Tracing,
        ["fmod_ret"] = ProgramType.Tracing,
        ["fsession"] = ProgramType.Tracing,
        ["freplace"] = ProgramType.Extension,
        ["iter"] = ProgramType.Tracing,
        ["lsm"] = ProgramType.Lsm,
        ["lsm_cgroup"] = ProgramType.Lsm,
        ["struct_ops"] = ProgramType.StructOps,
    };

    // These have a second form whose name ends in ".s": the program may sleep.
    private static readonly HashSet<string> s_maySleep =
    [
        "uprobe", "uretprobe", "uprobe.multi", "uretprobe.multi", "uprobe.session", "usdt", "fentry", "fexit", "fmod_ret", "fsession", "iter", "lsm", "struct_ops",
    ];

    private static readonly Dictionary<string, ProgramType> s_exact = new()
    {
        ["socket"] = ProgramType.SocketFilter,
        ["sk_reuseport/migrate"] = ProgramType.SkReusePort,
        ["sk_reuseport"] = ProgramType.SkReusePort,
        ["tc"] = ProgramType.SchedCls,
        ["tc/ingress"] = ProgramType.SchedCls,
        ["tc/egress"] = ProgramType.SchedCls,
        ["tcx/ingress"] = ProgramType.SchedCls,
        ["tcx/egress"] = ProgramType.SchedCls,
        ["netkit/primary"] = ProgramType.SchedCls,
        ["netkit/peer"] = ProgramType.SchedCls,
        ["classifier"] = ProgramType.SchedCls,
        ["action"] = ProgramType.SchedAct,
        ["syscall"] = ProgramType.Syscall,
        ["xdp"] = ProgramType.Xdp,
        ["xdp/devmap"] = ProgramType.Xdp,
        ["xdp/cpumap"] = ProgramType.Xdp,
        ["xdp.frags"] = ProgramType.Xdp,
        ["xdp.frags/devmap"] = ProgramType.Xdp,
        ["xdp.frags/cpumap"] = ProgramType.Xdp,
        ["perf_event"] = ProgramType.PerfEvent,
        ["lwt_in"] = ProgramType.LwtIn,
        ["lwt_out"] = ProgramType.LwtOut,
        ["lwt_xmit"] = ProgramType.LwtXmit,
        ["lwt_seg6local"] = ProgramType.LwtSeg6Local,
        ["sockops"] = ProgramType.SockOps,
        ["sk_skb"] = ProgramType.SkSkb,
        ["sk_skb/stream_parser"] = ProgramType.SkSkb,
        ["sk_skb/stream_verdict"] = ProgramType.SkSkb,
        ["sk_skb/verdict"] = ProgramType.SkSkb,
        ["sk_msg"] = ProgramType.SkMsg,
        ["lirc_mode2"] = ProgramType.LircMode2,
        ["flow_dissector"] = ProgramType.FlowDissector,
        ["cgroup_skb/ingress"] = ProgramType.CgroupSkb,
        ["cgroup_skb/egress"] = ProgramType.CgroupSkb,
        ["cgroup/skb"] = ProgramType.CgroupSkb,
        ["cgroup/sock"] = ProgramType.CgroupSock,
        ["cgroup/sock_create"] = ProgramType.CgroupSock,
        ["cgroup/sock_release"] = ProgramType.CgroupSock,
        ["cgroup/post_bind4"] = ProgramType.CgroupSock,
        ["cgroup/post_bind6"] = ProgramType.CgroupSock,
        ["cgroup/sysctl"] = ProgramType.CgroupSysctl,
        ["cgroup/getsockopt"] = ProgramType.CgroupSockOpt,
        ["cgroup/setsockopt"] = ProgramType.CgroupSockOpt,
        ["cgroup/dev"] = ProgramType.CgroupDevice,
        ["sk_lookup"] = ProgramType.SkLookup,
        ["netfilter"] = ProgramType.Netfilter,
    };

    // cgroup/bind4, cgroup/connect_unix and so on: an operation on a socket's address, and the family.
    private static readonly string[] s_addressOperations = ["bind", "connect", "sendmsg", "recvmsg", "getpeername", "getsockname"];

    /// <summary>Reads a section's name, without the '?' in front.</summary>
    public static SectionKind Of(string section)
    {
        section = WithoutName(section);
        if (s_exact.TryGetValue(section, out var exact))
        {
            // What follows a slash here is part of the kind: the target is given when the program is run.
            return new SectionKind(section == "classifier" ? "tc" : section, exact, null, exact == ProgramType.Syscall);
        }

        var slash = section.IndexOf('/');
        var prefix = slash < 0 ? section : section[..slash];
        var target = slash < 0 || slash + 1 == section.Length ? null : section[(slash + 1)..];
        if (prefix == "cgroup" && target is not null && IsAddressOperation(target))
        {
            return new SectionKind(section, ProgramType.CgroupSockAddr, null, false);
        }

        var sleepable = prefix.EndsWith(".s", StringComparison.Ordinal) && s_maySleep.Contains(prefix[..^2]);
        var kind = sleepable ? prefix[..^2] : prefix;
        return s_withTarget.TryGetValue(kind, out var type)
            ? new SectionKind(Spelling(kind), type, target, sleepable)
            : new SectionKind("", ProgramType.Unspecified, null, false);
    }

    private static string Spelling(string kind) => kind switch
    {
        "tp" => "tracepoint",
        "raw_tp" => "raw_tracepoint",
        "raw_tp.w" => "raw_tracepoint.w",
        _ => kind,
    };

    // Where libbpf wants the bare kind, other loaders let a name follow, which says nothing about attaching: cilium/ebpf, and so Inspektor Gadget's programs.
    private static string WithoutName(string section)
    {
        string[] parts = section.Split('/');
        return parts switch
        {
            ["perf_event", _] => "perf_event",
            ["classifier", "ingress" or "egress", ..] => $"tc/{parts[1]}",
            [['s', 'o', 'c', 'k', 'e', 't', .. { Length: > 0 } number]] when number.All(char.IsAsciiDigit) => "socket",
            _ => section,
        };
    }

    private static bool IsAddressOperation(string target)
    {
        foreach (var operation in s_addressOperations)
        {
            if (target.StartsWith(operation, StringComparison.Ordinal) && target[operation.Length..] is "4" or "6" or "_unix")
            {
                return target != "bind_unix";
            }
        }

        return false;
    }
}
