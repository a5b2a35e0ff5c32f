using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;

namespace Bee.Cmdlets.Sessions;

/// <summary>The cost of one program of a session: the kernel's counts, and their growth in an interval.</summary>
public sealed class BpfProgramCost
{
    internal BpfProgramCost(BpfProgramSession session, BpfProgram program, ProgramCost cost)
    {
        Session = session.Name;
        SessionId = session.Id;
        Program = program.Name;
        Type = program.Type;
        ProgramId = program.Id;
        Runs = cost.Total.Runs;
        RunTime = cost.Total.RunTime;
        RecursionMisses = cost.Total.RecursionMisses;
        Interval = cost.Elapsed;
        RunsPerSecond = cost.Rate;
        NanosecondsPerRun = cost.NanosecondsPerRun;
        Share = cost.Share;
    }

    /// <summary>The session's name.</summary>
    public string Session { get; }

    /// <summary>The session's id.</summary>
    public int SessionId { get; }

    /// <summary>The program's name in the object.</summary>
    public string Program { get; }

    /// <summary>The program's type.</summary>
    public ProgramType Type { get; }

    /// <summary>The kernel's id of the program.</summary>
    public int ProgramId { get; }

    /// <summary>The number of runs since the program was loaded, counted while the kernel's statistics were on.</summary>
    public ulong Runs { get; }

    /// <summary>The total time of the counted runs on all CPUs.</summary>
    public TimeSpan RunTime { get; }

    /// <summary>The number of runs that the kernel skipped because the program was already running on the same CPU. Counted even if statistics are off.</summary>
    public ulong RecursionMisses { get; }

    /// <summary>The interval of the following numbers.</summary>
    public TimeSpan Interval { get; }

    /// <summary>Runs per second in the interval.</summary>
    public double RunsPerSecond { get; }

    /// <summary>The mean run time in the interval, in nanoseconds; null if the program did not run.</summary>
    public double? NanosecondsPerRun { get; }

    /// <summary>The share of one CPU in the interval, 1 for a whole CPU. It can exceed 1, because runs on several CPUs add up.</summary>
    public double Share { get; }
}
