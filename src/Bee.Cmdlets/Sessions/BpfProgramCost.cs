using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;

namespace Bee.Cmdlets.Sessions;

/// <summary>What one program of a session costs: the kernel's counts, and how they grew in an interval.</summary>
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

    /// <summary>How many runs the kernel has counted since the program was loaded: those while statistics were on.</summary>
    public ulong Runs { get; }

    /// <summary>The time of the counted runs on all CPUs.</summary>
    public TimeSpan RunTime { get; }

    /// <summary>Runs that the kernel left out because the program was running already on the same CPU. They are counted at all times.</summary>
    public ulong RecursionMisses { get; }

    /// <summary>The interval that the following numbers are of.</summary>
    public TimeSpan Interval { get; }

    /// <summary>Runs a second in the interval.</summary>
    public double RunsPerSecond { get; }

    /// <summary>The mean time of a run in the interval, in nanoseconds; null without a run.</summary>
    public double? NanosecondsPerRun { get; }

    /// <summary>The share of one CPU in the interval, 1 for a whole one. Runs on several CPUs add up, so it can be more.</summary>
    public double Share { get; }
}
