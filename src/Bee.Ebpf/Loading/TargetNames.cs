namespace Bee.Ebpf;

/// <summary>Names of what programs can attach to on this machine, for suggestions after a miss. What cannot be read gives no names.</summary>
internal static class TargetNames
{
    private const string BpfLsm = "bpf_lsm_", BpfIter = "bpf_iter_", RawTracepoint = "btf_trace_";

    /// <summary>All names that a program's target could have had.</summary>
    public static IEnumerable<string> For(ProgramDescription program)
    {
        try
        {
            return program.Kind switch
            {
                "tracepoint" => Tracepoints(),
                "raw_tracepoint" or "raw_tp.w" or "raw_tracepoint.w" or "tp_btf" => KernelTypes(BtfKind.Typedef, RawTracepoint),
                "fentry" or "fexit" or "fmod_ret" => KernelTypes(BtfKind.Function, ""),
                "lsm" => KernelTypes(BtfKind.Function, BpfLsm),
                "iter" => KernelTypes(BtfKind.Function, BpfIter),
                "kprobe" or "kretprobe" or "kprobe.multi" or "kretprobe.multi" => KernelSymbols(""),
                "ksyscall" or "kretsyscall" => KernelSymbols("__x64_sys_").Concat(KernelSymbols("__arm64_sys_")),
                _ => [],
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BpfObjectException)
        {
            return [];
        }
    }

    private static List<string> Tracepoints() =>
        Tracefs.Root is { } root ? [.. System.IO.File.ReadLines(Path.Combine(root, "available_events")).Select(l => l.Trim().Replace(':', '/'))] : [];

    private static List<string> KernelTypes(BtfKind kind, string prefix) =>
        [.. Btf.ReadKernel().Types.Where(t => t.Kind == kind && t.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(t => t.Name[prefix.Length..])];

    // Lines are "address type name [module]"; t and T are code.
    private static List<string> KernelSymbols(string prefix) =>
        [.. from line in System.IO.File.ReadLines("/proc/kallsyms")
            let parts = line.Split([' ', '\t'], 4)
            where parts.Length > 2 && parts[1] is "t" or "T" && parts[2].StartsWith(prefix, StringComparison.Ordinal)
            select parts[2][prefix.Length..]];
}
