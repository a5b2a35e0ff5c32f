using Bee.Ebpf.Btf;
using Bee.Ebpf.CoRe;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Checks;

/// <summary>Checks whether the kernel has the helpers that programs call, and whether program type and license permit the calls.</summary>
internal static class HelperCheck
{
    private const string Name = "Helpers", LicenseName = "License", Prefix = "BPF_FUNC_";
    private const int Unspecified = 0;

    // For reads of memory, libbpf substitutes the older helper if the kernel lacks the newer one.
    private static readonly Dictionary<int, int> s_older = new() { [112] = 4, [113] = 4, [114] = 45, [115] = 45 };

    public static IEnumerable<CheckResult> Run(CheckContext context)
    {
        var calls = Calls(context);
        foreach (var finding in Known(context, calls))
        {
            yield return finding;
        }

        yield return License(context, calls);
    }

    private static IEnumerable<CheckResult> Known(CheckContext context, List<HelperCall> calls)
    {
        if (calls.Count == 0)
        {
            yield return new(Name, CheckState.Ok, "The programs call no helpers.");
            yield break;
        }

        if (Ids(context.Kernel) is not { } known)
        {
            yield return new(Name, CheckState.Unknown, $"The programs call {CheckContext.Count(calls.Select(c => c.Id).Distinct().Count(), "helper")}; the kernel does not reveal which helpers it has.");
            yield break;
        }

        var names = HelperNames(context);
        var missing = calls.Where(c => !known.Contains(c.Id) && !(s_older.TryGetValue(c.Id, out var older) && known.Contains(older))).GroupBy(c => c.Id).ToList();
        foreach (var group in missing)
        {
            var name = names.TryGetValue(group.Key, out var text) ? text : $"number {group.Key}";
            var places = CheckContext.List(group.Select(c => c.Place), 3);
            var isReached = group.Any(c => c.IsReached);
            yield return !isReached
                ? new(Name, CheckState.Ok, $"The kernel has no helper {name} ({places}). The program checks first and works without it.") { Target = name }
                : group.Any(c => c.IsReachedByDefault)
                    ? new(Name, CheckState.Failed, $"The kernel has no helper {name}, which the program calls at {places}.")
                    {
                        Target = name,
                        Remedy = $"Run it on a newer kernel, or check first: bpf_core_enum_value_exists(enum bpf_func_id, {Prefix}…).",
                    }
                    : new(Name, CheckState.Warning, $"The kernel has no helper {name} ({places}). With the current parameters, the program does not call it.") { Target = name };
        }

        var refused = calls.Where(c => c is { IsReachedByDefault: true, Program: { } program } && HelperTypes.IsRefused(c.Id, program.Type)).GroupBy(c => (c.Id, c.Program!.Type)).ToList();
        foreach (var group in refused)
        {
            var name = names.TryGetValue(group.Key.Id, out var text) ? text : $"number {group.Key.Id}";
            yield return new(Name, CheckState.Failed, $"Programs of type {group.Key.Type} may not call {name}, which is called at {CheckContext.List(group.Select(c => c.Place), 3)}.")
            {
                Target = name,
                Remedy = "Call it in a program of another type: packets are changed by xdp and tc programs, and stacks belong to tracing.",
            };
        }

        if (refused.Count == 0 && missing.TrueForAll(g => !g.Any(c => c.IsReachedByDefault)))
        {
            var used = calls.Where(c => known.Contains(c.Id)).Select(c => names.GetValueOrDefault(c.Id) ?? $"number {c.Id}").ToList();
            yield return new(Name, CheckState.Ok, $"The kernel has {CheckContext.List(used, 8)}.");
        }
    }

    private static CheckResult License(CheckContext context, List<HelperCall> calls)
    {
        var license = context.File.License;
        if (Licenses.IsCompatible(license))
        {
            return new(LicenseName, CheckState.Ok, $"The license is '{license}', which opens all helpers.");
        }

        var declared = license.Length == 0 ? "The object declares no license" : $"The license '{license}' is not GPL-compatible for the kernel";
        var names = HelperNames(context);
        var types = context.Programs.Select(p => p.Type).ToList();
        var closed = calls.Where(c => c.IsReached && Licenses.NeedsGpl(c.Id, types)).Select(c => names.GetValueOrDefault(c.Id) ?? $"number {c.Id}").ToList();
        var lsm = context.Programs.Where(p => p.Type == ProgramType.Lsm).Select(p => p.Name).ToList();
        var functions = context.Analysis.Code.Elf.Symbols.Where(s => s.IsExtern && context.File.Btf?.Find(s.Name, BtfKind.Function) is not null).Select(s => s.Name).ToList();
        string[] needs = [.. closed.Select(n => $"helper {n}"), .. lsm.Select(n => $"program {n} (lsm)"), .. functions.Select(n => $"kernel function {n}")];
        return needs.Length == 0
            ? new(LicenseName, CheckState.Ok, $"{declared}; none of the called helpers is known to need a GPL-compatible license.")
            : new(LicenseName, CheckState.Failed, $"{declared}, but these need a GPL-compatible license: {CheckContext.List(needs)}.")
            {
                Remedy = $"Declare such a license, if you may: char LICENSE[] SEC(\"license\") = \"GPL\"; the kernel also accepts {string.Join(", ", Licenses.Compatible.Skip(1).Select(l => $"'{l}'"))}.",
            };
    }

    private static HashSet<int>? Ids(KernelNames kernel) =>
        kernel.Enumerators("bpf_func_id") is { } values
            ? [.. values.Where(v => v.Key.StartsWith(Prefix, StringComparison.Ordinal) && v.Value != Unspecified).Select(v => (int)v.Value)]
            : null;

    // The object's own vmlinux.h may name helpers that an older kernel does not have.
    private static Dictionary<int, string> HelperNames(CheckContext context)
    {
        var names = new Dictionary<int, string>();
        foreach (var graph in new[] { context.Kernel.Kernel.Types, context.File.Btf })
        {
            if (graph?.Find("bpf_func_id", BtfKind.Enum) is BtfEnum choice)
            {
                foreach (var (name, value) in choice.Values.Where(v => v.Name.StartsWith(Prefix, StringComparison.Ordinal)))
                {
                    names.TryAdd((int)value, "bpf_" + name[Prefix.Length..]);
                }
            }
        }

        return names;
    }

    private static List<HelperCall> Calls(CheckContext context)
    {
        var code = context.Analysis.Code;
        var calls = new List<HelperCall>();
        foreach (var function in code.Functions.Where(f => f.Program is not { AutoLoad: false }))
        {
            var bytes = code.Bytes(function.Section);
            for (var at = function.Start; at < function.End; at += Instruction.Length)
            {
                var instruction = Instruction.At(bytes, at);
                if (instruction is { IsCall: true, Source: Instruction.HelperCall } && code.SymbolAt(function.Section, at) is null)
                {
                    var place = code.LineAt(function.Section, at) is { } line ? $"{line.File}:{line.Line}" : function.Name;
                    calls.Add(new HelperCall(instruction.Immediate, function.Program, place, context.Analysis.IsReached(function.Section, at), context.Analysis.IsReachedByDefault(function.Section, at)));
                }
                else if (instruction.IsWideLoad)
                {
                    at += Instruction.Length;
                }
            }
        }

        return calls;
    }

    private readonly record struct HelperCall(int Id, ProgramDescription? Program, string Place, bool IsReached, bool IsReachedByDefault);
}

/// <summary>Licenses, and the helpers that the kernel reserves for GPL-compatible programs.</summary>
internal static class Licenses
{
    /// <summary>The licenses that the kernel accepts as GPL-compatible (license_is_gpl_compatible, include/linux/license.h).</summary>
    public static IReadOnlyList<string> Compatible { get; } = ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];

    // Helpers with gpl_only in their bpf_func_proto. The kernel does not expose the flag: these are those of Linux
    // 6.18, found by loading programs that call them. Older kernels reserved a few more, such as ktime_get_ns before 5.8.
    private static readonly HashSet<int> s_closed =
    [
        4, 6, // probe_read, trace_printk
        22, 25, 27, // perf_event_read, perf_event_output, get_stackid
        35, 45, 55, 56, // get_current_task, probe_read_str, perf_event_read_value, perf_prog_read_value
        36, 58, // probe_write_user, override_return, which only some kernels have
        67, 69, // get_stack, fib_lookup
        100, 110, // tcp_check_syncookie, tcp_gen_syncookie
        112, 113, 114, 115, // probe_read_user, probe_read_kernel and their _str
        119, 126, 127, 150, // read_branch_records, seq_printf, seq_write, seq_printf_btf
        158, 163, 165, // get_current_task_btf, check_mtu, snprintf
        169, 170, 171, 172, // timers
        173, 175, 176, 177, // get_func_ip, task_pt_regs, get_branch_snapshot, trace_vprintk
        191, // copy_from_user_task
        204, 205, 206, 207, // raw SYN cookies
    ];

    // perf_event programs have their own get_stackid, which is not reserved.
    private const int StackId = 27;

    public static bool IsCompatible(string license) => Compatible.Contains(license);

    /// <summary>Returns whether a helper is reserved for GPL-compatible programs, for at least one of the types.</summary>
    public static bool NeedsGpl(int helper, IEnumerable<ProgramType> types) =>
        s_closed.Contains(helper) && (helper != StackId || types.Any(t => t != ProgramType.PerfEvent));
}

/// <summary>Checks whether the kernel has the configuration options that programs read (.kconfig).</summary>
internal static class SettingCheck
{
    private const string Name = "KernelSettings";

    public static IEnumerable<CheckResult> Run(CheckContext context)
    {
        if (context.File.Btf?.Find(Externs.KernelConfig, BtfKind.DataSection) is not BtfDataSection section)
        {
            yield break;
        }

        var settings = context.Analysis.Settings;
        var symbols = context.Analysis.Code.Elf.Symbols;
        var wanted = section.Entries.Select(e => e.Declaration.Name).Where(n => !KernelSettings.IsVirtual(n)).ToList();
        if (wanted.Count > 0 && !settings.AreKnown)
        {
            var isNeeded = wanted.Any(n => symbols.Any(s => s.IsExtern && s.Name == n && s.Binding != ElfBinding.Weak));
            var isHere = context.Kernel.Kernel.IsRunning;
            yield return new(Name, !isHere ? CheckState.Unknown : isNeeded ? CheckState.Failed : CheckState.Warning,
                isHere ? $"The programs read {CheckContext.List(wanted)}, but the kernel's configuration cannot be read." : $"The programs read {CheckContext.List(wanted)}, which a file with types does not contain.")
            {
                Remedy = isHere ? $"Bee searches it in {string.Join(" and ", settings.Places)} (CONFIG_IKCONFIG_PROC)." : null,
            };
            yield break;
        }

        var good = new List<string>(section.Entries.Select(e => e.Declaration.Name).Where(KernelSettings.IsVirtual));
        foreach (var name in wanted)
        {
            if (settings.Text(name) is { } value)
            {
                good.Add($"{name}={value}");
            }
            else if (symbols.Any(s => s.IsExtern && s.Name == name && s.Binding == ElfBinding.Weak))
            {
                good.Add($"{name} (not set)");
            }
            else
            {
                yield return new(Name, CheckState.Failed, $"The kernel was built without {name}, and the program does not declare it __weak.") { Target = name, Remedy = $"Declare it as extern … {name} __kconfig __weak; it is 0 then." };
            }
        }

        if (good.Count > 0)
        {
            yield return new(Name, CheckState.Ok, $"The kernel has values for {CheckContext.List(good)}.");
        }
    }
}

/// <summary>Helpers that no kernel permits in programs of some types. If only some versions reject a helper, the verifier decides.</summary>
internal static class HelperTypes
{
    // skb_store_bytes, l3_csum_replace, l4_csum_replace, clone_redirect, skb_vlan_push, skb_vlan_pop, skb_load_bytes, skb_change_proto, skb_change_type,
    // skb_change_tail, skb_pull_data, skb_change_head, xdp_adjust_head, redirect_map, xdp_adjust_meta, xdp_adjust_tail, skb_load_bytes_relative, xdp_load_bytes, xdp_store_bytes.
    private static readonly HashSet<int> s_packets = [9, 10, 11, 13, 18, 19, 26, 31, 32, 38, 39, 43, 44, 51, 54, 65, 68, 189, 190];

    private const int L3Checksum = 10, L4Checksum = 11, RedirectMap = 51;

    // xdp_adjust_head, xdp_adjust_meta, xdp_adjust_tail, xdp_load_bytes, xdp_store_bytes.
    private static readonly HashSet<int> s_xdp = [44, 54, 65, 189, 190];

    // get_stackid, override_return, get_stack, d_path.
    private static readonly HashSet<int> s_tracing = [27, 58, 67, 147];

    /// <summary>Returns whether every kernel rejects the call.</summary>
    /// <param name="helper">The number of the helper.</param>
    /// <param name="type">The type of the calling program.</param>
    public static bool IsRefused(int helper, ProgramType type) => type switch
    {
        ProgramType.Kprobe or ProgramType.Tracepoint or ProgramType.PerfEvent or ProgramType.RawTracepoint or ProgramType.RawTracepointWritable => s_packets.Contains(helper),
        ProgramType.Xdp => s_tracing.Contains(helper) || (s_packets.Contains(helper) && !s_xdp.Contains(helper) && helper is not (RedirectMap or L3Checksum or L4Checksum)),
        ProgramType.SocketFilter or ProgramType.SchedCls or ProgramType.SchedAct or ProgramType.CgroupSkb => s_tracing.Contains(helper) || s_xdp.Contains(helper),
        _ => false,
    };
}
