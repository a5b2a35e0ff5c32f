using System.Runtime.InteropServices;
using Bee.Posix;

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
    /// <param name="part">What the names have in them; case counts.</param>
    /// <returns>
    /// The names, as the kind's section has them; none for kinds whose targets are not the kernel's, and where the user may not read them: tracepoints
    /// are root's, types and symbols everybody's. All kernels have tens of thousands of functions.
    /// </returns>
    public static IReadOnlyList<string> Names(string kind, string part = "")
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(part);
        try
        {
            return kind switch
            {
                "tracepoint" => Tracepoints(part),
                "raw_tracepoint" or "raw_tp.w" or "raw_tracepoint.w" or "tp_btf" => TargetScan.OfTypes(BtfKind.Typedef, RawTracepoint, part),
                "fentry" or "fexit" or "fmod_ret" => TargetScan.OfTypes(BtfKind.Function, "", part),
                "lsm" or "lsm_cgroup" => TargetScan.OfTypes(BtfKind.Function, BpfLsm, part),
                // The types of their contexts: functions of such names the kernel has for other ends too.
                "iter" => TargetScan.OfTypes(BtfKind.Struct, BpfIter + "_", part),
                "kprobe" or "kretprobe" or "kprobe.multi" or "kretprobe.multi" => TargetScan.OfCode("", part),
                "ksyscall" or "kretsyscall" => TargetScan.OfCode(s_call, part),
                _ => [],
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or BpfObjectException)
        {
            return [];
        }
    }

    private static string[] Tracepoints(string part) => Tracefs.Root is { } root
        ? [.. RegularFile.ReadLines(Path.Combine(root, "available_events")).Select(line => line.Trim().Replace(':', '/')).Where(name => name.Contains(part, StringComparison.Ordinal))]
        : [];
}
