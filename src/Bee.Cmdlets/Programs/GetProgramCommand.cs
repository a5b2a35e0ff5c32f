using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Programs;
using Bee.Oci.Formats;

namespace Bee.Cmdlets.Programs;

/// <summary>Lists the background sessions of this process, or the pinned sessions.</summary>
[Cmdlet(VerbsCommon.Get, "BeeProgram", DefaultParameterSetName = "Running")]
[OutputType(typeof(BpfProgramSession), typeof(BpfProgramCost))]
public sealed class GetProgramCommand : BeeCmdlet
{
    private readonly List<BpfProgramSession> _measured = [];

    /// <summary>Names or ids; wildcards are allowed. By default all sessions.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Lists the pinned sessions, whichever process started them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Pinned")]
    public SwitchParameter Pinned { get; set; }

    /// <summary>The folder to search, or the folder of one pinned session. By default /sys/fs/bpf/bee.</summary>
    [Parameter(ParameterSetName = "Pinned")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PinPathCompleter))]
    public string? PinPath { get; set; }

    /// <summary>
    /// Returns the cost of each program of the sessions: its run count, run time, and share of a CPU. Switches the kernel's statistics on for an interval, unless this process already has them on.
    /// </summary>
    [Parameter]
    public SwitchParameter Statistics { get; set; }

    /// <summary>The time that -Statistics measures: a TimeSpan, a number of seconds, or text such as 500ms. One second by default, at least 10 ms.</summary>
    [Parameter]
    [Duration(ShortestMilliseconds = 10)]
    [ArgumentCompleter(typeof(DurationCompleter))]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (!Statistics && MyInvocation.BoundParameters.ContainsKey(nameof(Interval)))
        {
            WriteWarning("-Interval has no effect without -Statistics.");
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!Pinned)
        {
            Give(new SessionSelector(this).Select(Name));
            return;
        }

        Guard(PinPath, () =>
        {
            string folder = PinPath is null ? Bee.Ebpf.PinPath.DefaultFolder : Bee.Ebpf.PinPath.Resolve(PinPath[0] is '/' or '.' or '~' ? FullPath(PinPath) : PinPath);
            IReadOnlyList<BpfProgramSession> all = PinnedSessions.In(folder);
            foreach (string name in Name)
            {
                Give(Named(all, name, folder));
            }
        });
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_measured.Count > 0)
        {
            Guard(_measured[0], Measure);
        }
    }

    private void Give(IEnumerable<BpfProgramSession> sessions)
    {
        if (!Statistics)
        {
            WriteObject(sessions, enumerateCollection: true);
            return;
        }

        // All sessions are measured in one interval, so that their numbers can be compared.
        foreach (BpfProgramSession session in sessions.Where(session => !_measured.Contains(session)))
        {
            if (session.State is BpfProgramState.Running or BpfProgramState.Pinned)
            {
                _measured.Add(session);
            }
            else if (!Array.Exists(Name, WildcardPattern.ContainsWildcardCharacters))
            {
                WriteError(session.Error is { } fault and not OverheadException ? fault : new BeeInputException("ProgramEnded", $"The session {session.Name} is {session.State}, so its programs are no longer loaded."), session);
            }
        }
    }

    private void Measure()
    {
        using var statistics = StatisticsLease.Acquire();
        (BpfProgramSession Session, BpfProgram Program, ProgramSampler Sampler)[] programs =
            [.. _measured.SelectMany(session => session.Programs.Select(program => (session, program, new ProgramSampler([program]))))];
        if (Stop.WaitHandle.WaitOne(Interval))
        {
            return;
        }

        // All programs are sampled before anything is written, because writing can take long.
        BpfProgramCost[] costs = [.. programs.SelectMany(one => one.Sampler.Sample().Programs.Select(cost => new BpfProgramCost(one.Session, one.Program, cost)))];
        statistics.Dispose();
        WriteObject(costs, enumerateCollection: true);
    }

    // A pinned session matches by its name and by the name of its folder.
    private IEnumerable<BpfProgramSession> Named(IReadOnlyList<BpfProgramSession> all, string name, string folder)
    {
        bool isPattern = WildcardPattern.ContainsWildcardCharacters(name);
        WildcardPattern pattern = NamePattern.Of(name);
        BpfProgramSession[] found = [.. all.Where(session => pattern.IsMatch(session.Name) || pattern.IsMatch(Path.GetFileName(session.PinPath!)))];
        if (found.Length == 0 && !isPattern)
        {
            string shown = Redaction.WithoutLogin(name);
            string known = string.Join(", ", all.Select(session => session.Name));
            WriteError(new BeeInputException(
                "ProgramNotFound",
                $"No session '{shown}' is pinned in {folder}." + (known.Length > 0 ? $" The pinned sessions are: {known}." : string.Empty),
                "Get-BeeProgram -Pinned lists pinned sessions, and Start-BeeProgram -PinPath pins one."), shown);
        }

        return found;
    }
}
