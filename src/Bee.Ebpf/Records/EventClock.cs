using System.Diagnostics;
using Bee.Posix;

namespace Bee.Ebpf.Records;

/// <summary>
/// Turns the kernel's monotonic and boot-time stamps into moments. The distance to the wall clock is measured once and kept, so that
/// one stamp gives one moment however often it is asked for; it is measured anew when <see cref="Refresh()"/> finds that the wall clock was set
/// or the machine slept.
/// </summary>
internal static unsafe class EventClock
{
    private const int RealTime = 0;
    private const int Monotonic = 1;
    private const int BootTime = 7;
    private const long Tolerance = 50_000_000;

    private static long s_monotonicToReal = Measure(Monotonic);
    private static long s_bootToReal = Measure(BootTime);

    /// <summary>The distances as they are kept now.</summary>
    public static ClockDistances Distances => new(Volatile.Read(ref s_monotonicToReal), Volatile.Read(ref s_bootToReal));

    public static DateTime FromMonotonic(ulong nanoseconds) => Distances.FromMonotonic(nanoseconds);

    public static DateTime FromBootTime(ulong nanoseconds) => Distances.FromBootTime(nanoseconds);

    /// <summary>The inverse of <see cref="FromMonotonic"/>, to 100 ns.</summary>
    public static Int128 ToStamp(DateTime moment, bool bootTime) =>
        (Int128)(moment.ToUniversalTime() - DateTime.UnixEpoch).Ticks * 100 - (bootTime ? Volatile.Read(ref s_bootToReal) : Volatile.Read(ref s_monotonicToReal));

    /// <summary>Takes a new distance where the old one is off by more than 50 ms.</summary>
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

        // The wall clock between two readings of the other; of several tries the one with the least time between them.
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

/// <summary>How far the wall clock is ahead of a machine's monotonic and boot-time clocks, in nanoseconds.</summary>
/// <param name="Monotonic">Ahead of the monotonic clock.</param>
/// <param name="BootTime">Ahead of the boot-time clock.</param>
internal readonly record struct ClockDistances(long Monotonic, long BootTime)
{
    public DateTime FromMonotonic(ulong nanoseconds) => ToMoment(nanoseconds, Monotonic);

    public DateTime FromBootTime(ulong nanoseconds) => ToMoment(nanoseconds, BootTime);

    private static DateTime ToMoment(ulong nanoseconds, long distance)
    {
        // Stamps that no clock of the machine can have given (a struct that was not filled in) must not throw.
        var ticks = ((Int128)nanoseconds + distance) / 100 + DateTime.UnixEpoch.Ticks;
        var last = DateTime.MaxValue.Ticks;
        return new DateTime(ticks < 0 ? 0 : ticks > last ? last : (long)ticks, DateTimeKind.Utc).ToLocalTime();
    }
}
