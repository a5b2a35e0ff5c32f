using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Names of what programs can attach to in the running kernel.</summary>
public static class KernelTargets
{
    private const string BpfLsm = "bpf_lsm_", BpfIter = "bpf_iter_", RawTracepoint = "btf_trace_";

    // How this processor's system calls are called in the kernel.
    private static readonly string s_call = RuntimeInformation.OSArchitecture switch
    {
        Architecture.Arm64 => "__arm64_sys_",
        Architecture.S390x => "__s390x_sys_",
        _ => "__x64_sys_",
    };

    /// <summary>Names of targets, in the kernel's order, each once.</summary>
    /// <param name="kind">A kind of program, as <see cref="ProgramDescription.Kind"/> has it.</param>
    /// <param name="begin">How the names begin; case counts.</param>
    /// <returns>
    /// The names, as the kind's section has them; none for kinds whose targets are not the kernel's, and where the user may not read them: tracepoints
    /// are root's, types and symbols everybody's. All kernels have tens of thousands of functions.
    /// </returns>
    public static IReadOnlyList<string> Names(string kind, string begin = "")
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(begin);
        try
        {
            return kind switch
            {
                "tracepoint" => Tracepoints(begin),
                "raw_tracepoint" or "raw_tp.w" or "raw_tracepoint.w" or "tp_btf" => TargetScan.OfTypes(BtfKind.Typedef, RawTracepoint, begin),
                "fentry" or "fexit" or "fmod_ret" => TargetScan.OfTypes(BtfKind.Function, "", begin),
                "lsm" or "lsm_cgroup" => TargetScan.OfTypes(BtfKind.Function, BpfLsm, begin),
                // The types of their contexts: functions of such names the kernel has for other ends too.
                "iter" => TargetScan.OfTypes(BtfKind.Struct, BpfIter + "_", begin),
                "kprobe" or "kretprobe" or "kprobe.multi" or "kretprobe.multi" => TargetScan.OfCode("", begin),
                "ksyscall" or "kretsyscall" => TargetScan.OfCode(s_call, begin),
                _ => [],
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BpfObjectException)
        {
            return [];
        }
    }

    private static string[] Tracepoints(string begin) => Tracefs.Root is { } root
        ? [.. File.ReadLines(Path.Combine(root, "available_events")).Select(line => line.Trim().Replace(':', '/')).Where(name => name.StartsWith(begin, StringComparison.Ordinal))]
        : [];
}
