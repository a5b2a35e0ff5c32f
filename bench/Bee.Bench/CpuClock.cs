using System.Runtime.InteropServices;

namespace Bee.Bench;

/// <summary>
/// The CPU time of all threads of this process, including the garbage collector and the JIT compiler, and excluding other processes. The C programs use the same clock. On an idle machine it is the
/// elapsed time.
/// </summary>
internal static partial class CpuClock
{
    private const int ProcessCpuTime = 2;

    /// <summary>Returns the CPU time in nanoseconds.</summary>
    public static long Now()
    {
        Span<long> time = stackalloc long[2];
        GetTime(ProcessCpuTime, ref time[0]);
        return time[0] * 1_000_000_000 + time[1];
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, ref long time);
}
