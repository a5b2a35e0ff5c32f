using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Live;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Programs;

/// <summary>Shows programs that run in the background. Their buffers are looked at and not emptied, so Receive-BeeEvent misses nothing.</summary>
internal sealed class BackgroundView
{
    private const int PlainBuffer = 100_000;
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(200);

    private readonly BeeCmdlet _cmdlet;
    private readonly ICommandRuntime _pipeline;

    public BackgroundView(BeeCmdlet cmdlet, ICommandRuntime pipeline)
    {
        _cmdlet = cmdlet;
        _pipeline = pipeline;
    }

    /// <summary>Shows the programs until the user ends the view; without a terminal, writes what they report until they end.</summary>
    /// <param name="sessions">The programs, one at least.</param>
    /// <param name="interval">The time between two readings of their maps.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The marked events.</returns>
    public List<BpfEvent> Show(IReadOnlyList<BpfProgramSession> sessions, TimeSpan interval, CancellationToken cancellationToken)
    {
        foreach (BpfProgramSession session in sessions)
        {
            // The events of a pinned program may have no reader yet.
            session.Read();
            EventViews.Register(_cmdlet, session.Streams);
        }

        string title = string.Join(' ', sessions.Select(session => session.Name));
        if (LiveScreen.WhyNot() is { } whyNot)
        {
            _cmdlet.WriteWarning($"The live view needs a terminal, and {whyNot}: what {title} reports follows as plain tables.");
            Write(sessions, cancellationToken);
            return [];
        }

        var model = new LiveModel(title, () => Status(sessions));
        var taps = new List<IDisposable>();
        try
        {
            foreach (BpfProgramSession session in sessions)
            {
                var tabs = new LiveTabs(model);
                tabs.Add(session.Streams, interval, givesAll: false, isNew: false, sessions.Count > 1 ? session.Name : string.Empty);
                taps.Add(session.Buffer.Tap(tabs.Give, EventTab.Rows));
            }

            using var screen = LiveScreen.Show(model);
            screen.Wait(cancellationToken);
            screen.End();
        }
        finally
        {
            taps.ForEach(tap => tap.Dispose());
        }

        return [.. model.Marked.Cast<BpfEvent>()];
    }

    private static LiveStatus Status(IReadOnlyList<BpfProgramSession> sessions) => StreamStatus.Of(
        [.. sessions.SelectMany(session => session.Streams)],
        sessions.Sum(session => session.Events),
        sessions.Sum(session => session.Dropped),
        sessions.All(session => session.State is not (BpfProgramState.Running or BpfProgramState.Pinned)));

    private void Write(IReadOnlyList<BpfProgramSession> sessions, CancellationToken cancellationToken)
    {
        var events = new EventBuffer(PlainBuffer);
        IDisposable[] taps = [.. sessions.Select(session => session.Buffer.Tap(events.Add, PlainBuffer))];
        using CancellationTokenRegistration wake = cancellationToken.Register(events.Wake);
        try
        {
            bool isLive = true;
            while (isLive && !cancellationToken.IsCancellationRequested)
            {
                // Asked before draining: what ends between the two is drained once more.
                isLive = sessions.Any(session => !session.Buffer.IsEnded);
                while (events.TryTake(out BpfEvent item))
                {
                    _pipeline.WriteObject(EventObject.Of(item));
                }

                if (isLive)
                {
                    events.WaitForEvent(s_wait);
                }
            }
        }
        finally
        {
            Array.ForEach(taps, tap => tap.Dispose());
        }

        if (events.Dropped > 0)
        {
            _cmdlet.WriteWarning($"The table leaves out {Quantity.Of(events.Dropped, "event")}, which came faster than it was written.");
        }
    }
}

/// <summary>Gives what is read to a live view. The reading thread does no more than that: text is made for what is on the screen.</summary>
internal sealed class LiveSink : IEventSink
{
    private readonly LiveTabs _tabs;
    private readonly HashSet<string> _notices = [];
    private long _left;
    private long _count;

    /// <param name="tabs">Where objects go.</param>
    /// <param name="maxEvents">How many objects to take; 0 for no limit.</param>
    public LiveSink(LiveTabs tabs, long maxEvents)
    {
        _tabs = tabs;
        _left = maxEvents;
    }

    /// <summary>Objects so far.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>What the user should know of the maps, for when the screen is free.</summary>
    public IReadOnlyCollection<string> Notices => _notices;

    bool IEventSink.Event(BpfEvent e)
    {
        _tabs.Give(e);
        Volatile.Write(ref _count, _count + 1);
        return --_left != 0;
    }

    void IEventSink.Notice(string map, string text) => _notices.Add($"{map}: {text}");

    void IEventSink.Lost(string map, ulong count)
    {
        // The streams keep the sums, and the header shows them.
    }
}

/// <summary>What the header of a view says of streams.</summary>
internal static class StreamStatus
{
    /// <summary>Adds up what streams lost, and finds the fullest buffer.</summary>
    /// <param name="streams">The streams.</param>
    /// <param name="count">Objects so far.</param>
    /// <param name="dropped">What Bee's own buffer dropped; null without such a buffer.</param>
    /// <param name="hasEnded">Whether nothing more will come.</param>
    public static LiveStatus Of(IReadOnlyList<RecordStream> streams, long count, long? dropped, bool hasEnded) => new(
        count, LossCount.Of(streams), dropped, streams.Max(stream => stream.Fill), streams.Max(stream => stream.HighWater), streams.Any(stream => stream.HighWater is not null), hasEnded);
}
