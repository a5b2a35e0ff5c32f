using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Programs;

/// <summary>The kernel's counters of a program since it was loaded. The kernel counts runs and their time only while statistics are on (<see cref="StatisticsLease"/>).</summary>
/// <param name="Runs">The number of counted runs. The kernel does not count callbacks of timers and programs that replace functions (<c>freplace</c>).</param>
/// <param name="RunNanoseconds">The time of these runs on all CPUs, in nanoseconds, without the time to enter and leave the program.</param>
/// <param name="RecursionMisses">The number of runs that the kernel skipped because the program was already running on the same CPU. It is counted at all times, and 0 before Linux 5.12.</param>
public readonly record struct ProgramStatistics(ulong Runs, ulong RunNanoseconds, ulong RecursionMisses)
{
    /// <summary>The time of the counted runs on all CPUs.</summary>
    public TimeSpan RunTime => TimeSpan.FromTicks((long)(RunNanoseconds / 100));

    internal static ProgramStatistics Of(ProgramInfo info) => new(info.Runs, info.RunNanoseconds, info.RecursionMisses);
}

/// <summary>
/// Keeps the kernel's run-time statistics on (<c>BPF_ENABLE_STATS</c>). The kernel then reads the clock twice in each run of every program on the machine, which costs 20 to
/// 100 ns a run. All leases of a process share one fd. Disposing the last lease switches statistics off, unless another process or the sysctl <c>kernel.bpf_stats_enabled</c> keeps them on.
/// Thread-safe.
/// </summary>
public sealed class StatisticsLease : IDisposable
{
    private const int RunTime = 0;
    private const string Setting = "kernel/bpf_stats_enabled";

    private static readonly object s_gate = new();
    private static int s_count;
    // Null while no lease exists, or if only the sysctl has statistics on.
    private static FdHandle? s_fd;
    private int _disposed;

    private StatisticsLease()
    {
    }

    /// <summary>Switches statistics on, unless another lease of this process has done so.</summary>
    /// <returns>The lease. Disposing the last one switches statistics off.</returns>
    /// <exception cref="BpfLoadException">
    /// The process lacks CAP_SYS_ADMIN (<see cref="LoadFault.NoPermission"/>), or the kernel is older than Linux 5.8 (<see cref="LoadFault.Unsupported"/>), and the sysctl has statistics off.
    /// </exception>
    public static StatisticsLease Acquire()
    {
        Libbpf.Require();
        lock (s_gate)
        {
            if (s_count == 0)
            {
                var fd = LibbpfCalls.bpf_enable_stats(RunTime);
                s_fd = fd >= 0 ? new FdHandle(fd) : KernelHost.Current.Setting(Setting) == "1" ? null : throw Refused(-fd);
            }

            s_count++;
            return new StatisticsLease();
        }
    }

    /// <summary>Returns the lease. Further calls have no effect.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        lock (s_gate)
        {
            if (--s_count == 0)
            {
                s_fd?.Dispose();
                s_fd = null;
            }
        }
    }

    private static BpfLoadException Refused(int errno) => errno is Libc.EPERM or Libc.EACCES
        ? new BpfLoadException(LoadFault.NoPermission, "No permission to count the runs of programs: the kernel requires CAP_SYS_ADMIN for its statistics (BPF_ENABLE_STATS).")
        {
            Errno = errno,
            Remedy = "Run as root (sudo), give the process CAP_SYS_ADMIN, or let root switch statistics on for the machine: sysctl kernel.bpf_stats_enabled=1.",
        }
        : new BpfLoadException(LoadFault.Unsupported, $"The runs of programs cannot be counted: this kernel does not switch statistics on for a process ({Libc.Describe(errno)}).")
        {
            Errno = errno,
            Remedy = "Linux 5.8 and later do. On Linux 5.1 to 5.7 root switches them on for the machine: sysctl kernel.bpf_stats_enabled=1.",
        };
}
