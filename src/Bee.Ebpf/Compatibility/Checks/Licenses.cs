namespace Bee.Ebpf;

/// <summary>Licenses, and what the kernel opens only to those compatible with the GPL.</summary>
internal static class Licenses
{
    /// <summary>What the kernel takes as compatible (license_is_gpl_compatible, include/linux/license.h).</summary>
    public static IReadOnlyList<string> Compatible { get; } = ["GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"];

    // Helpers that the kernel closes to other licenses (gpl_only in their bpf_func_proto). It shows the flag nowhere: these are those of Linux
    // 6.18, found by asking its verifier. Older kernels closed a few more, such as ktime_get_ns before 5.8.
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

    // Programs of perf events have a get_stackid of their own, which is open.
    private const int StackId = 27;

    public static bool IsCompatible(string license) => Compatible.Contains(license);

    /// <summary>Whether a helper is closed to other licenses, for one of the types at least.</summary>
    public static bool NeedsGpl(int helper, IEnumerable<ProgramType> types) =>
        s_closed.Contains(helper) && (helper != StackId || types.Any(t => t != ProgramType.PerfEvent));
}
