using System.Management.Automation;
using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Gives what background programs have reported, and takes it out of their buffers.</summary>
[Cmdlet(VerbsCommunications.Receive, "BeeEvent", DefaultParameterSetName = "Name")]
[OutputType(typeof(BpfEvent), typeof(MapEntry))]
public sealed class ReceiveEventCommand : SelectProgramCmdlet
{
    // How long a wait lasts before the next of several programs is looked at; with one program the wait is woken anyway.
    private static readonly TimeSpan Alone = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AmongSeveral = TimeSpan.FromMilliseconds(20);

    private readonly List<BpfProgramSession> _sessions = [];
    private long _left;

    /// <summary>Names or ids of the programs; wildcards are allowed. Without it all of them.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name")]
    [Alias("Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Programs, as Start-BeeProgram and Get-BeeProgram give them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "InputObject", ValueFromPipeline = true)]
    [ValidateNotNull]
    public BpfProgramSession[]? InputObject { get; set; }

    /// <summary>Goes on until the programs have ended or Ctrl+C is pressed.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>Ends after this many events and entries.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long MaxEvents { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (BpfProgramSession session in InputObject ?? Select(Name))
        {
            Guard(session, () =>
            {
                // Nobody may be collecting the events of a pinned program yet.
                if (session.Read())
                {
                    _sessions.Add(session);
                }
                else if (session.Error is { } fault)
                {
                    WriteError(fault, session);
                }
            });
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        _left = MaxEvents;
        // One table for all: what a table of one program's events does not know would show as lists.
        EventViews.Register(this, [.. _sessions.SelectMany(session => session.Streams)]);

        using CancellationTokenRegistration wake = Stop.Register(() => _sessions.ForEach(session => session.Buffer.Wake()));
        bool more = _sessions.TrueForAll(Drain);
        while (more && Wait && !Stop.IsCancellationRequested)
        {
            // Asked before draining: what ends between the two is drained once more.
            BpfProgramSession[] live = [.. _sessions.Where(session => !session.Buffer.IsEnded)];
            more = (live.Length == 0 || Follow(live)) && _sessions.TrueForAll(Drain) && live.Length > 0;
            _sessions.ForEach(TellLosses);
        }

        foreach (BpfProgramSession session in _sessions)
        {
            TellLosses(session);
            foreach (RecordStream stream in session.Streams)
            {
                Tell($"{session.Name}: {LossCount.Describe(stream)}");
            }

            if (session.Error is { } error)
            {
                WriteError(error, session);
            }
        }
    }

    // One event at a time: what is taken out and not written would be lost when the pipeline has had enough.
    private bool Drain(BpfProgramSession session)
    {
        // A busy program may fill the buffer as fast as it is emptied; without -Wait the end is what was there at the start.
        for (int count = session.Buffered; count > 0 && session.Buffer.TryTake(out BpfEvent item); count--)
        {
            if (!Write(item))
            {
                return false;
            }
        }

        foreach (ShortRecord record in session.TakeShortRecords())
        {
            WriteError(ShortRecords.Error(record));
        }

        foreach (string notice in session.TakeNotices())
        {
            WriteWarning($"{session.Name}: {notice}");
        }

        return true;
    }

    private bool Follow(BpfProgramSession[] live)
        => !live[0].Buffer.Take(live.Length == 1 ? Alone : AmongSeveral, out BpfEvent item) || Write(item);

    private bool Write(BpfEvent item)
    {
        CommandRuntime.WriteObject(EventObject.Of(item));
        return --_left != 0;
    }

    private void TellLosses(BpfProgramSession session)
    {
        (long dropped, ulong lost) = session.TakeUntoldLosses();
        if (dropped > 0)
        {
            WriteWarning($"{session.Name}: {dropped} events left Bee's buffer before they were received, because it was full. Start-BeeProgram -BufferSize makes it larger.");
        }

        if (lost > 0)
        {
            WriteWarning($"{session.Name}: {lost} events were lost in the kernel, because the program's buffer was full.");
        }

        foreach (string suspicion in session.TakeSuspicions())
        {
            WriteWarning($"{session.Name}: {suspicion}");
        }
    }
}
