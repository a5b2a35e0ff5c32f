using System.Text;
using Bee.Ebpf.CoRe;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Links;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Checks;

/// <summary>
/// The privileges and mounts that a tool needs when it does not run as root, derived from its object alone. The rules are those of bpf(2) and perf_event_open(2) from Linux 5.8 on. An
/// older kernel requires CAP_SYS_ADMIN for all of them, and before Linux 5.11 CAP_SYS_RESOURCE to raise the limit of locked memory.
/// </summary>
internal sealed class ToolNeeds
{
    /// <summary>The trace file system, with tracepoints and the list of traceable functions.</summary>
    public const string Tracefs = "/sys/kernel/tracing";

    /// <summary>The BPF file system.</summary>
    public const string BpfFileSystem = "/sys/fs/bpf";

    /// <summary>The control group file system.</summary>
    public const string Cgroups = "/sys/fs/cgroup";

    private ToolNeeds(IReadOnlyList<CapabilityNeed> capabilities, IReadOnlyList<string> folders, bool needsHostNetwork)
    {
        Capabilities = capabilities;
        Folders = folders;
        NeedsHostNetwork = needsHostNetwork;
    }

    /// <summary>The capabilities, without duplicates, by number.</summary>
    public IReadOnlyList<CapabilityNeed> Capabilities { get; }

    /// <summary>The folders of the host that the tool needs, besides /proc and /sys, which every container has.</summary>
    public IReadOnlyList<string> Folders { get; }

    /// <summary>Whether the programs attach to network interfaces, which belong to a network namespace.</summary>
    public bool NeedsHostNetwork { get; }

    /// <summary>Returns the needs of a tool.</summary>
    /// <param name="file">The object. Attach targets in its metadata are used.</param>
    /// <param name="countsRuns">Whether the runs of its programs are counted, for metrics or for a limit on their cost.</param>
    public static ToolNeeds Of(ObjectFile file, bool countsRuns = false)
    {
        ArgumentNullException.ThrowIfNull(file);
        var capabilities = new SortedDictionary<Capability, string>();
        var folders = new SortedSet<string>(StringComparer.Ordinal);
        var network = false;
        void Need(Capability capability, string reason) => capabilities.TryAdd(capability, reason);

        Need(Capability.Bpf, "To load programs and create maps.");
        if (countsRuns)
        {
            // bpf_enable_stats in kernel/bpf/syscall.c.
            Need(Capability.SysAdmin, "To enable the kernel's program statistics.");
        }

        foreach (var program in file.Programs.Where(p => p.AutoLoad))
        {
            foreach (var (capability, reason) in Rights(program))
            {
                Need(capability, reason);
            }

            var kind = program.KindRow;
            if (kind.Method == AttachMethod.Tracepoint || NeedsAddresses(program))
            {
                folders.Add(Tracefs);
            }

            network |= kind.NeedsInterface || kind.NeedsNetworkNamespace;
            if (kind.NeedsCgroup)
            {
                folders.Add(Cgroups);
            }
        }

        foreach (var (capability, reason) in HelperRights.Of(file))
        {
            Need(capability, reason);
        }

        foreach (var map in file.Maps.Where(m => !m.IsInternal))
        {
            if (map.Type == MapType.PerfEventArray)
            {
                Need(Capability.PerfMon, $"To open the perf buffers of map '{map.Name}'.");
            }

            if (map.Type == MapType.StackTrace)
            {
                Need(Capability.Syslog, $"To name the kernel's functions in the stacks of map '{map.Name}'.");
                Need(Capability.SysPtrace, $"To name functions of other users' processes in the stacks of map '{map.Name}'.");
            }

            if (map.IsPinned)
            {
                folders.Add(BpfFileSystem);
            }
        }

        return new ToolNeeds([.. capabilities.Select(pair => new CapabilityNeed(pair.Key, pair.Value))], [.. folders], network);
    }

    private static IEnumerable<(Capability Capability, string Reason)> Rights(ProgramDescription program)
    {
        var name = program.Name;
        switch (program.Type)
        {
            // is_perfmon_prog_type in kernel/bpf/syscall.c.
            case ProgramType.Kprobe or ProgramType.Tracepoint or ProgramType.PerfEvent or ProgramType.RawTracepoint or ProgramType.RawTracepointWritable or ProgramType.Tracing or ProgramType.Lsm:
                yield return (Capability.PerfMon, $"To load the tracing program '{name}'.");
                break;
            case ProgramType.SocketFilter:
                yield return (Capability.NetRaw, $"To open the packet socket to which program '{name}' attaches.");
                break;
            // is_net_admin_prog_type. Programs for the packets of a cgroup need it when they attach.
            case ProgramType.SchedCls or ProgramType.Xdp or ProgramType.SockOps or ProgramType.SkLookup or ProgramType.SkMsg or ProgramType.SkSkb or ProgramType.CgroupSkb or ProgramType.CgroupSock or ProgramType.CgroupSockAddr
                or ProgramType.CgroupSockOpt or ProgramType.CgroupSysctl or ProgramType.CgroupDevice:
                yield return (Capability.NetAdmin, $"To attach program '{name}'.");
                break;
        }

        if (program.KindRow is { Target: AttachTarget.SecurityHook, NeedsCgroup: true })
        {
            yield return (Capability.NetAdmin, $"To attach program '{name}' to a cgroup.");
        }

        if (program.KindRow.Target is AttachTarget.UserFunction or AttachTarget.UserProbe)
        {
            yield return (Capability.SysPtrace, $"To open the file to which program '{name}' attaches in another process's file system.");
        }

        if (NeedsAddresses(program))
        {
            yield return (Capability.Syslog, $"To read the addresses of the functions to which program '{name}' attaches.");
        }
    }

    // A link to many functions needs their addresses, and a pattern is resolved in the kernel's list of symbols.
    private static bool NeedsAddresses(ProgramDescription program) =>
        program.KindRow is { Method: AttachMethod.Kprobe } kind && (kind.IsMulti || TargetText.Split(program.AttachTo).Any(TargetText.IsPattern));
}

/// <summary>Capabilities that the kernel requires for some helpers in any program (bpf_base_func_proto in kernel/bpf/helpers.c; bpf_get_probe_write_proto in kernel/trace/bpf_trace.c).</summary>
internal static class HelperRights
{
    private const int WriteUser = 36;

    // All of them read memory of the kernel or of a process, or write to the trace.
    private static readonly Dictionary<int, string> s_perfMon = new()
    {
        [4] = "probe_read",
        [6] = "trace_printk",
        [35] = "get_current_task",
        [45] = "probe_read_str",
        [112] = "probe_read_user",
        [113] = "probe_read_kernel",
        [114] = "probe_read_user_str",
        [115] = "probe_read_kernel_str",
        [149] = "snprintf_btf",
        [158] = "get_current_task_btf",
        [175] = "task_pt_regs",
        [177] = "trace_vprintk",
    };

    /// <summary>Returns the capabilities that the helper calls of an object require.</summary>
    public static IEnumerable<(Capability Capability, string Reason)> Of(ObjectFile file)
    {
        var code = ObjectCode.Read(file);
        foreach (var function in code.Functions.Where(f => f.Program is not { AutoLoad: false }))
        {
            foreach (var helper in Calls(code, function))
            {
                if (helper == WriteUser)
                {
                    yield return (Capability.SysAdmin, $"To call the helper probe_write_user in '{function.Name}'.");
                }
                else if (s_perfMon.TryGetValue(helper, out var name))
                {
                    yield return (Capability.PerfMon, $"To call the helper {name} in '{function.Name}'.");
                }
            }
        }
    }

    private static List<int> Calls(ObjectCode code, CodeFunction function)
    {
        var calls = new List<int>();
        var bytes = code.Bytes(function.Section);
        for (var at = function.Start; at < function.End; at += Instruction.Length)
        {
            var instruction = Instruction.At(bytes, at);
            if (instruction is { IsCall: true, Source: Instruction.HelperCall } && code.SymbolAt(function.Section, at) is null)
            {
                calls.Add(instruction.Immediate);
            }
            else if (instruction.IsWideLoad)
            {
                at += Instruction.Length;
            }
        }

        return calls;
    }
}

/// <summary>A capability that a tool needs.</summary>
/// <param name="Capability">The capability.</param>
/// <param name="Reason">The purpose, as a sentence.</param>
internal sealed record CapabilityNeed(Capability Capability, string Reason)
{
    /// <summary>The name in the kernel's header: <c>CAP_SYS_PTRACE</c>.</summary>
    public string Name => NameOf(Capability);

    /// <summary>Returns the name of a capability in the kernel's header.</summary>
    public static string NameOf(Capability capability)
    {
        if (capability == Capability.PerfMon)
        {
            return "CAP_PERFMON";
        }

        var name = new StringBuilder("CAP");
        foreach (var letter in capability.ToString())
        {
            if (char.IsUpper(letter))
            {
                name.Append('_');
            }

            name.Append(char.ToUpperInvariant(letter));
        }

        return name.ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
