using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Programs;

/// <summary>What the kernel has counted of a program since it was loaded. Runs and their time count only while statistics are on (<see cref="StatisticsLease"/>).</summary>
/// <param name="Runs">How many runs were counted. Callbacks of timers and programs that replace functions (<c>freplace</c>) are not counted.</param>
/// <param name="RunNanoseconds">The time of these runs on all CPUs, in nanoseconds. The time to enter and leave the program is not part of it.</param>
/// <param name="RecursionMisses">Runs that the kernel left out because the program was already running on the same CPU. They are counted at all times; 0 before Linux 5.12.</param>
public readonly record struct ProgramStatistics(ulong Runs, ulong RunNanoseconds, ulong RecursionMisses)
{
    /// <summary>The time of the counted runs on all CPUs.</summary>
    public TimeSpan RunTime => TimeSpan.FromTicks((long)(RunNanoseconds / 100));

    internal static ProgramStatistics Of(ProgramInfo info) => new(info.Runs, info.RunNanoseconds, info.RecursionMisses);
}

/// <summary>
/// Keeps the kernel's run-time statistics on (<c>BPF_ENABLE_STATS</c>). The kernel then reads the clock twice in each run of every program on the machine, which costs some 20 to
/// 100 ns a run. All leases of a process share one fd; statistics go off with the last one, unless another process or the sysctl <c>kernel.bpf_stats_enabled</c> keeps them on.
/// Safe from any thread.
/// </summary>
internal sealed class StatisticsLease : IDisposable
{
    private const int RunTime = 0;
    private const string Setting = "kernel/bpf_stats_enabled";

    private static readonly object s_gate = new();
    private static int s_count;
    // Null while no lease is held, and where the sysctl alone has statistics on.
    private static FdHandle? s_fd;
    private int _disposed;

    private StatisticsLease()
    {
    }

    /// <summary>Switches statistics on, or shares what this process has switched on before.</summary>
    /// <returns>The lease. Disposing the last one switches statistics off.</returns>
    /// <exception cref="BpfLoadException">
    /// The process lacks CAP_SYS_ADMIN (<see cref="LoadFault.NoPermission"/>), or the kernel is older than Linux 5.8 (<see cref="LoadFault.Unsupported"/>), and the sysctl has statistics off.
    /// </exception>
    public static StatisticsLease Take()
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

    /// <summary>Gives the lease back. Safe more than once.</summary>
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
        ? new BpfLoadException(LoadFault.NoPermission, "No permission to count the runs of programs: the kernel wants CAP_SYS_ADMIN for its statistics (BPF_ENABLE_STATS).")
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
