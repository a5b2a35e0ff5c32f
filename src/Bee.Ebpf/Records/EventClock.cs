using System.Diagnostics;
using Bee.Posix;

namespace Bee.Ebpf.Records;

/// <summary>
/// Converts timestamps of the kernel's monotonic and boot-time clocks to local time. The offset to the wall clock is measured once and kept, so that a timestamp always converts to the same time.
/// <see cref="Refresh()"/> measures it again if the wall clock was set or the machine was suspended.
/// </summary>
internal static unsafe class EventClock
{
    private const int RealTime = 0;
    private const int Monotonic = 1;
    private const int BootTime = 7;
    private const long Tolerance = 50_000_000;

    private static long s_monotonicToReal = Measure(Monotonic);
    private static long s_bootToReal = Measure(BootTime);

    /// <summary>The current offsets.</summary>
    public static ClockDistances Distances => new(Volatile.Read(ref s_monotonicToReal), Volatile.Read(ref s_bootToReal));

    public static DateTime FromMonotonic(ulong nanoseconds) => Distances.FromMonotonic(nanoseconds);

    public static DateTime FromBootTime(ulong nanoseconds) => Distances.FromBootTime(nanoseconds);

    /// <summary>Converts a time to a timestamp of the monotonic clock, with a precision of 100 ns.</summary>
    public static Int128 ToStamp(DateTime moment, bool bootTime) =>
        (Int128)(moment.ToUniversalTime() - DateTime.UnixEpoch).Ticks * 100 - (bootTime ? Volatile.Read(ref s_bootToReal) : Volatile.Read(ref s_monotonicToReal));

    /// <summary>Replaces an offset that is wrong by more than 50 ms.</summary>
    public static void Refresh()
    {
        Refresh(ref s_monotonicToReal, Monotonic);
        Refresh(ref s_bootToReal, BootTime);
    }

    private static void Refresh(ref long distance, int clock)
    {
        var now = Measure(clock);
        if (Math.Abs(now - Volatile.Read(ref distance)) > Tolerance)
        {
            Volatile.Write(ref distance, now);
        }
    }

    private static long Measure(int clock)
    {
        if (!OperatingSystem.IsLinux())
        {
            return (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100 - (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));
        }

        // Reads the wall clock between two reads of the other clock, and keeps the attempt with the shortest gap.
        long best = long.MaxValue, distance = 0;
        for (var i = 0; i < 5; i++)
        {
            var before = Now(clock);
            var real = Now(RealTime);
            var after = Now(clock);
            if (after - before < best)
            {
                best = after - before;
                distance = real - (before + (after - before) / 2);
            }
        }

        return distance;
    }

    private static long Now(int clock)
    {
        long* time = stackalloc long[2];
        return Libc.clock_gettime(clock, time) == 0 ? time[0] * 1_000_000_000 + time[1] : 0;
    }
}

/// <summary>The offsets of the wall clock to a machine's monotonic and boot-time clocks, in nanoseconds.</summary>
/// <param name="Monotonic">The offset to the monotonic clock.</param>
/// <param name="BootTime">The offset to the boot-time clock.</param>
internal readonly record struct ClockDistances(long Monotonic, long BootTime)
{
    public DateTime FromMonotonic(ulong nanoseconds) => ToMoment(nanoseconds, Monotonic);

    public DateTime FromBootTime(ulong nanoseconds) => ToMoment(nanoseconds, BootTime);

    private static DateTime ToMoment(ulong nanoseconds, long distance)
    {
        // Impossible timestamps, such as those of an uninitialized struct, must not throw.
        var ticks = ((Int128)nanoseconds + distance) / 100 + DateTime.UnixEpoch.Ticks;
        var last = DateTime.MaxValue.Ticks;
        return new DateTime(ticks < 0 ? 0 : ticks > last ? last : (long)ticks, DateTimeKind.Utc).ToLocalTime();
    }
}
