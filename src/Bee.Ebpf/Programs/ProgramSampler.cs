using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Programs;

/// <summary>What a program cost between two readings of its statistics.</summary>
/// <param name="Program">The program's name.</param>
/// <param name="Elapsed">The time between the readings. The clock stands still while the machine is suspended.</param>
/// <param name="Runs">How many runs there were.</param>
/// <param name="RunNanoseconds">The time of these runs on all CPUs, in nanoseconds.</param>
/// <param name="Total">The second reading.</param>
public readonly record struct ProgramCost(string Program, TimeSpan Elapsed, ulong Runs, ulong RunNanoseconds, ProgramStatistics Total)
{
    /// <summary>The share of one CPU: 1 is a CPU that did nothing else. Runs on several CPUs add up, so it can be more.</summary>
    public double Share => Elapsed > TimeSpan.Zero ? RunNanoseconds / Elapsed.TotalNanoseconds : 0;

    /// <summary>The mean time of a run in nanoseconds; null without a run.</summary>
    public double? NanosecondsPerRun => Runs > 0 ? RunNanoseconds / (double)Runs : null;

    /// <summary>Runs a second.</summary>
    public double Rate => Elapsed > TimeSpan.Zero ? Runs / Elapsed.TotalSeconds : 0;
}

/// <summary>What the programs of a session cost between two readings.</summary>
/// <param name="Elapsed">The time between the readings.</param>
/// <param name="Cpus">How many CPUs were online.</param>
/// <param name="Programs">The programs.</param>
public sealed record ProgramWindow(TimeSpan Elapsed, int Cpus, IReadOnlyList<ProgramCost> Programs)
{
    /// <summary>The share of one CPU of all programs together.</summary>
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

    /// <summary>The share of the machine: of the time of all online CPUs, from 0 to 1.</summary>
    public double ShareOfMachine => Share / Cpus;
}

/// <summary>Reads the statistics of programs again and again, and says what they cost between two readings. One thread at a time.</summary>
internal sealed class ProgramSampler
{
    private readonly IReadOnlyList<string> _names;
    private readonly Func<int, ProgramStatistics?> _read;
    private readonly Func<int> _cpus;
    private readonly TimeProvider _clock;
    private readonly ProgramStatistics?[] _last;
    private long _time;

    /// <summary>Takes the first reading.</summary>
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
    /// <param name="read">Reads the statistics of one of them; null if the kernel has unloaded it.</param>
    /// <param name="cpus">Counts the CPUs that are online.</param>
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

    /// <summary>Takes a reading.</summary>
    /// <returns>What the programs cost since the reading before that did not throw. Programs that the kernel has unloaded, or whose session has ended, are left out.</returns>
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
        // Only now: after a reading that failed, the next window has the time and the runs of both.
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
            // Its session has ended.
            return null;
        }
    }

    // The kernel adds up counters of all CPUs while they run; a sum can be short by what another CPU is writing.
    private static ulong Grown(ulong earlier, ulong later) => later > earlier ? later - earlier : 0;
}
