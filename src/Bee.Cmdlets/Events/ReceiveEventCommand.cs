using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Completion;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Telemetry.Logs;

namespace Bee.Cmdlets.Events;

/// <summary>Gives what background programs have reported, and takes it out of their buffers.</summary>
[Cmdlet(VerbsCommunications.Receive, "BeeEvent", DefaultParameterSetName = "Name")]
[Alias("Get-BeeEvent")]
[OutputType(typeof(BpfEvent), typeof(MapEntry))]
public sealed class ReceiveEventCommand : BeeCmdlet
{
    // How long a wait lasts before the next of several programs is looked at; with one program the wait is woken anyway.
    private static readonly TimeSpan s_alone = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_amongSeveral = TimeSpan.FromMilliseconds(20);

    private readonly List<BpfProgramSession> _sessions = [];
    private readonly List<BpfProgramSession> _captured = [];
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
    [Alias("Count")]
    [ValidateRange(1, long.MaxValue)]
    [ArgumentCompleter(typeof(NothingCompleter))]
    public long MaxEvents { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (BpfProgramSession session in InputObject ?? new SessionSelector(this).Select(Name))
        {
            Guard(session, () =>
            {
                if (session.OnlyCaptures)
                {
                    _captured.Add(session);
                    return;
                }

                // The events of a pinned program may have no reader yet.
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
        // Among others that a pattern matches, one without a buffer is not worth an error.
        bool isMeant = InputObject is not null || _sessions.Count == 0 || !Array.TrueForAll(Name, WildcardPattern.ContainsWildcardCharacters);
        foreach (BpfProgramSession session in isMeant ? _captured : [])
        {
            WriteError(
                new BeeInputException(
                    "OnlyCaptured",
                    $"The events of {session.Name} go to the capture '{session.Capture}' and not to a buffer.",
                    "Import-BeeEvent reads the capture, also while it is written. Start-BeeProgram -PassThru keeps the events for Receive-BeeEvent too."),
                session);
        }

        _left = MaxEvents;
        // Each tool's own: events of one tool, received or filtered, have its table, and those of another find a place in it.
        _sessions.ForEach(session =>
        {
            EventViews.Register(this, session.Streams);
            EventOrigins.Know(session.Streams, session.Tool.Name);
        });

        using CancellationTokenRegistration wake = Stop.Register(() => _sessions.ForEach(session => session.Buffer.Wake()));
        bool more = Drain();
        while (more && Wait && !Stop.IsCancellationRequested)
        {
            // Asked before draining: what ends between the two is drained once more.
            BpfProgramSession[] live = [.. _sessions.Where(session => !session.Buffer.IsEnded)];
            if (live.Length > 0)
            {
                live[0].Buffer.WaitForEvent(live.Length == 1 ? s_alone : s_amongSeveral);
            }

            more = Drain() && live.Length > 0;
            _sessions.ForEach(session => TellLosses(session, onlyDropped: false));
            _sessions.ForEach(WarnOfLosses);
        }

        foreach (BpfProgramSession session in _sessions)
        {
            TellLosses(session, onlyDropped: false);
            WarnOfLosses(session);
            foreach (RecordStream stream in session.Streams)
            {
                WriteNote($"{session.Name}: {LossCount.Describe(stream)}");
            }

            if (session.Error is { } error)
            {
                WriteError(error, session);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        EventOrigins.Current = null;
        base.Dispose(disposing);
    }

    // One event at a time: what is taken out and not written would be lost when the pipeline has had enough.
    private bool Drain()
    {
        // Events that the session's buffer dropped are older than those in it, so their loss comes first. A loss in the kernel comes after the events that filled the ring.
        _sessions.ForEach(session => TellLosses(session, onlyDropped: true));
        // A busy program may fill the buffer as fast as it is emptied; without -Wait the end is what was there at the start.
        List<(BpfProgramSession Session, int Left)> sources = [.. _sessions.Select(session => (session, session.Buffered)).Where(source => source.Buffered > 0)];
        while (sources.Count > 0)
        {
            int oldest = sources.Count == 1 ? 0 : EventOrder.Oldest(sources, source => source.Session.Buffer);
            (BpfProgramSession session, int left) = sources[oldest];
            if (session.Buffer.TryTake(out BpfEvent item))
            {
                if (!Write(item, session.Tool.Name))
                {
                    return false;
                }

                sources[oldest] = (session, left - 1);
            }

            if (left == 1 || item is null)
            {
                sources.RemoveAt(oldest);
            }
        }

        _sessions.ForEach(WriteNotices);
        return true;
    }

    private void WriteNotices(BpfProgramSession session)
    {
        foreach (string notice in session.TakeNotices())
        {
            WriteWarning($"{session.Name}: {notice}");
        }
    }

    private bool Write(BpfEvent item, string tool)
    {
        EventOrigins.Current = tool;
        CommandRuntime.WriteObject(EventObject.Of(item));
        return --_left != 0;
    }

    private static void TellLosses(BpfProgramSession session, bool onlyDropped)
    {
        foreach (PipelineLoss loss in session.TakeUnreportedLosses(onlyDropped))
        {
            PipelineLosses.Add(loss);
        }
    }

    private void WarnOfLosses(BpfProgramSession session)
    {
        (long dropped, long lost) = session.TakeUnwarnedLosses();
        if (dropped > 0)
        {
            WriteWarning($"{session.Name}: {Quantity.Of(dropped, "event")} left Bee's buffer unreceived, because it was full. Start-BeeProgram -BufferSize makes it larger.");
        }

        if (lost > 0)
        {
            WriteWarning($"{session.Name}: The kernel lost {Quantity.Of(lost, "event")}, because the program's buffer was full.");
        }

        foreach (string suspicion in session.TakeSuspicions())
        {
            WriteWarning($"{session.Name}: {suspicion}");
        }
    }
}

/// <summary>The order of events that come from several buffers.</summary>
internal static class EventOrder
{
    /// <summary>Returns the place of the source whose next event is the oldest by the kernel's time, since readers empty their rings one after the other. Of equals the first.</summary>
    /// <param name="sources">The sources, one at least.</param>
    /// <param name="buffer">A source's buffer.</param>
    public static int Oldest<T>(IReadOnlyList<T> sources, Func<T, EventBuffer> buffer)
    {
        int oldest = 0;
        DateTime first = DateTime.MaxValue;
        for (int i = 0; i < sources.Count; i++)
        {
            if (buffer(sources[i]).TryPeek(out BpfEvent item, out DateTime arrived) && (EventMoment.Of(item, arrived) ?? arrived) is var time && time < first)
            {
                (oldest, first) = (i, time);
            }
        }

        return oldest;
    }
}
