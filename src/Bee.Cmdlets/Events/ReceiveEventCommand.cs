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

/// <summary>Returns the events of background sessions and removes them from the sessions' buffers.</summary>
[Cmdlet(VerbsCommunications.Receive, "BeeEvent", DefaultParameterSetName = "Name")]
[Alias("Get-BeeEvent")]
[OutputType(typeof(BpfEvent), typeof(MapEntry))]
public sealed class ReceiveEventCommand : BeeCmdlet
{
    // How long to wait before checking the next of several sessions. With one session, an event ends the wait anyway.
    private static readonly TimeSpan s_alone = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_amongSeveral = TimeSpan.FromMilliseconds(20);

    private readonly List<BpfProgramSession> _sessions = [];
    private readonly List<BpfProgramSession> _captured = [];
    private long _left;

    /// <summary>Names or ids of sessions; wildcards are allowed. By default all.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name")]
    [Alias("Id")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackgroundProgramCompleter))]
    public string[] Name { get; set; } = ["*"];

    /// <summary>Sessions from Start-BeeProgram or Get-BeeProgram.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "InputObject", ValueFromPipeline = true)]
    [ValidateNotNull]
    public BpfProgramSession[]? InputObject { get; set; }

    /// <summary>Continues until the sessions have ended or Ctrl+C is pressed.</summary>
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

                // The events of a pinned session may have no reader yet.
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
        // If a pattern matched several sessions, one without a buffer is not an error.
        bool isMeant = InputObject is not null || _sessions.Count == 0 || !Array.TrueForAll(Name, WildcardPattern.ContainsWildcardCharacters);
        foreach (BpfProgramSession session in isMeant ? _captured : [])
        {
            WriteError(
                new BeeInputException(
                    "OnlyCaptured",
                    $"The events of {session.Name} go to the capture '{session.Capture}' and not to a buffer.",
                    "Read the capture with Import-BeeEvent, which works while it is being written, or use Start-BeeProgram -PassThru to keep the events for Receive-BeeEvent too."),
                session);
        }

        _left = MaxEvents;
        // Registers the views of each session separately, so events of one session have its table, and events of several are matched by type.
        _sessions.ForEach(session =>
        {
            EventViews.Register(this, session.Streams);
            EventOrigins.Register(session.Streams, session.Tool.Name);
        });

        using CancellationTokenRegistration wake = Stop.Register(() => _sessions.ForEach(session => session.Buffer.Wake()));
        bool more = Drain();
        while (more && Wait && !Stop.IsCancellationRequested)
        {
            // Checked before draining, so that a session that ends in between is drained once more.
            BpfProgramSession[] live = [.. _sessions.Where(session => !session.Buffer.IsEnded)];
            if (live.Length > 0)
            {
                live[0].Buffer.WaitForEvent(live.Length == 1 ? s_alone : s_amongSeveral);
            }

            more = Drain() && live.Length > 0;
            _sessions.ForEach(session => ReportLosses(session, onlyDropped: false));
            _sessions.ForEach(WarnOfLosses);
        }

        foreach (BpfProgramSession session in _sessions)
        {
            ReportLosses(session, onlyDropped: false);
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

    // Takes one event at a time: events that were taken but not written would be lost if the pipeline ends early.
    private bool Drain()
    {
        // Events that the session's buffer dropped are older than those in it, so their loss comes first. A loss in the kernel comes after the events that filled the ring.
        _sessions.ForEach(session => ReportLosses(session, onlyDropped: true));
        // A busy session may fill its buffer as fast as it is emptied. Without -Wait, only the events that were there at the start are returned.
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

    private static void ReportLosses(BpfProgramSession session, bool onlyDropped)
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
            WriteWarning($"{session.Name}: Bee dropped {Quantity.Of(dropped, "event")}, because the session's buffer was full. Enlarge it with Start-BeeProgram -BufferSize.");
        }

        if (lost > 0)
        {
            WriteWarning($"{session.Name}: The kernel lost {Quantity.Of(lost, "event")}, because the ring or perf buffer was full.");
        }

        foreach (string suspicion in session.TakeSuspicions())
        {
            WriteWarning($"{session.Name}: {suspicion}");
        }
    }
}

/// <summary>Orders events from several buffers.</summary>
internal static class EventOrder
{
    /// <summary>Returns the source whose next event has the oldest kernel timestamp, because readers drain their rings one after the other. The first of equal ones.</summary>
    /// <param name="sources">The sources; at least one.</param>
    /// <param name="buffer">Returns a source's buffer.</param>
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
