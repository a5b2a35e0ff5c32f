using System.Runtime.InteropServices;

namespace Bee.Bench;

/// <summary>
/// The processor time of this process, all its threads together: the garbage collector and the compiler count, other processes do not. The
/// programs in C are measured by the same clock. On a machine at rest it is the time that passes.
/// </summary>
internal static partial class CpuClock
{
    private const int ProcessCpuTime = 2;

    /// <summary>Nanoseconds so far.</summary>
    public static long Now()
    {
        Span<long> time = stackalloc long[2];
        GetTime(ProcessCpuTime, ref time[0]);
        return time[0] * 1_000_000_000 + time[1];
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, ref long time);
}
