using System.Runtime.InteropServices;

namespace Bee.Ebpf.Interop;

/// <summary>The run counters of a program, from the end of its <c>bpf_prog_info</c>.</summary>
/// <param name="RunNanoseconds">The time of all counted runs.</param>
/// <param name="Runs">The number of counted runs.</param>
/// <param name="RecursionMisses">The number of runs that the kernel skipped because the program was already running on the same CPU. Counted at all times since Linux 5.12.</param>
internal readonly record struct ProgramInfo(ulong RunNanoseconds, ulong Runs, ulong RecursionMisses)
{
    // run_time_ns, run_cnt and recursion_misses in include/uapi/linux/bpf.h.
    private const int TimeAt = 192, RunsAt = 200, MissesAt = 208, Size = 216;

    /// <summary>Reads the counters; null on failure.</summary>
    /// <param name="fd">The program.</param>
    public static unsafe ProgramInfo? Read(int fd)
    {
        Span<byte> info = stackalloc byte[Size];
        info.Clear();
        uint size = Size;
        fixed (byte* start = info)
        {
            // An older kernel has a shorter struct and leaves the rest zero.
            return LibbpfCalls.bpf_obj_get_info_by_fd(fd, start, &size) == 0
                ? new ProgramInfo(MemoryMarshal.Read<ulong>(info[TimeAt..]), MemoryMarshal.Read<ulong>(info[RunsAt..]), MemoryMarshal.Read<ulong>(info[MissesAt..]))
                : null;
        }
    }

    /// <summary>Reads the counters of a program by its id; null if the kernel has unloaded it, or this process may not open it.</summary>
    /// <param name="id">The kernel's id of the program.</param>
    public static ProgramInfo? OfId(int id)
    {
        var number = LibbpfCalls.bpf_prog_get_fd_by_id((uint)id);
        if (number < 0)
        {
            return null;
        }

        // Closed right away, since an open fd keeps the program loaded.
        using var fd = new FdHandle(number);
        return Read(number);
    }
}
