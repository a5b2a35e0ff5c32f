using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Programs;

/// <summary>The cost of a program between two readings of its statistics.</summary>
/// <param name="Program">The program's name.</param>
/// <param name="Elapsed">The time between the readings. The clock stops while the machine is suspended.</param>
/// <param name="Runs">The number of runs.</param>
/// <param name="RunNanoseconds">The time of these runs on all CPUs, in nanoseconds.</param>
/// <param name="Total">The second reading.</param>
public readonly record struct ProgramCost(string Program, TimeSpan Elapsed, ulong Runs, ulong RunNanoseconds, ProgramStatistics Total)
{
    /// <summary>The share of one CPU's time. Runs on several CPUs add up, so the share can exceed 1.</summary>
    public double Share => Elapsed > TimeSpan.Zero ? RunNanoseconds / Elapsed.TotalNanoseconds : 0;

    /// <summary>The mean time of a run in nanoseconds; null if there was no run.</summary>
    public double? NanosecondsPerRun => Runs > 0 ? RunNanoseconds / (double)Runs : null;

    /// <summary>Runs per second.</summary>
    public double Rate => Elapsed > TimeSpan.Zero ? Runs / Elapsed.TotalSeconds : 0;
}

/// <summary>The cost of a session's programs between two readings.</summary>
/// <param name="Elapsed">The time between the readings.</param>
/// <param name="Cpus">The number of online CPUs.</param>
/// <param name="Programs">The programs.</param>
public sealed record ProgramWindow(TimeSpan Elapsed, int Cpus, IReadOnlyList<ProgramCost> Programs)
{
    /// <summary>The share of one CPU's time that all programs used together.</summary>
    public double Share
    {
        get
        {
            double sum = 0;
            foreach (var program in Programs)
            {
                sum += program.Share;
            }

            return sum;
        }
    }

    /// <summary>The share of the time of all online CPUs, from 0 to 1.</summary>
    public double ShareOfMachine => Share / Cpus;
}

/// <summary>Samples the statistics of programs and computes their cost between two samples. Not thread-safe.</summary>
internal sealed class ProgramSampler
{
    private readonly IReadOnlyList<string> _names;
    private readonly Func<int, ProgramStatistics?> _read;
    private readonly Func<int> _cpus;
    private readonly TimeProvider _clock;
    private readonly ProgramStatistics?[] _last;
    private long _time;

    /// <summary>Takes the first sample.</summary>
    /// <param name="programs">The programs. Those that are not loaded are left out.</param>
    public ProgramSampler(IEnumerable<BpfProgram> programs)
        : this([.. programs.Where(program => program.IsLoaded)])
    {
    }

    private ProgramSampler(BpfProgram[] programs)
        : this([.. programs.Select(program => program.Name)], i => Read(programs[i]), () => Cpus.Online().Count, TimeProvider.System)
    {
    }

    /// <param name="names">The names of the programs.</param>
    /// <param name="read">Reads the statistics of a program by its index; null if the kernel has unloaded the program.</param>
    /// <param name="cpus">Returns the number of online CPUs.</param>
    /// <param name="clock">The clock.</param>
    internal ProgramSampler(IReadOnlyList<string> names, Func<int, ProgramStatistics?> read, Func<int> cpus, TimeProvider clock)
    {
        (_names, _read, _cpus, _clock) = (names, read, cpus, clock);
        _last = new ProgramStatistics?[names.Count];
        _time = clock.GetTimestamp();
        for (var i = 0; i < _last.Length; i++)
        {
            _last[i] = read(i);
        }
    }

    /// <summary>Takes a sample.</summary>
    /// <returns>The cost since the last successful sample, without programs that are unloaded or whose session is disposed.</returns>
    public ProgramWindow Sample()
    {
        var now = _clock.GetTimestamp();
        var elapsed = _clock.GetElapsedTime(_time, now);
        var totals = new ProgramStatistics?[_last.Length];
        var costs = new List<ProgramCost>(_last.Length);
        for (var i = 0; i < _last.Length; i++)
        {
            var total = totals[i] = _read(i);
            if (total is { } later && _last[i] is { } earlier)
            {
                costs.Add(new ProgramCost(_names[i], elapsed, Grown(earlier.Runs, later.Runs), Grown(earlier.RunNanoseconds, later.RunNanoseconds), later));
            }
        }

        var window = new ProgramWindow(elapsed, Math.Max(1, _cpus()), costs);
        // Assigned last: after a failed sample, the next window covers both intervals.
        _time = now;
        totals.CopyTo(_last, 0);
        return window;
    }

    private static ProgramStatistics? Read(BpfProgram program)
    {
        try
        {
            return program.ReadStatistics();
        }
        catch (ObjectDisposedException)
        {
            // The session has been disposed.
            return null;
        }
    }

    // The kernel sums the counters of all CPUs while they change, so a later sum can be smaller.
    private static ulong Grown(ulong earlier, ulong later) => later > earlier ? later - earlier : 0;
}
