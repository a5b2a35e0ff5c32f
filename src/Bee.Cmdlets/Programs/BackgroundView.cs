using System.Diagnostics;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Cmdlets.Live;
using Bee.Cmdlets.Sessions;
using Bee.Cmdlets.Views;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Programs;

/// <summary>Shows background sessions in a live view. It copies events and leaves them in the buffers, so Receive-BeeEvent still returns all of them.</summary>
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

    /// <summary>Shows the sessions until the user ends the view. Without a terminal, writes their events until the sessions end.</summary>
    /// <param name="sessions">The sessions; at least one.</param>
    /// <param name="interval">The time between two readings of their maps.</param>
    /// <param name="cancellationToken">Ends the view.</param>
    /// <returns>The marked events.</returns>
    public List<BpfEvent> Show(IReadOnlyList<BpfProgramSession> sessions, TimeSpan interval, CancellationToken cancellationToken)
    {
        foreach (BpfProgramSession session in sessions)
        {
            // The events of a pinned session may have no reader yet.
            session.Read();
            EventViews.Register(_cmdlet, session.Streams);
        }

        string title = string.Join(' ', sessions.Select(session => session.Name));
        if (LiveScreen.WhyNot() is { } whyNot)
        {
            _cmdlet.WriteWarning($"The live view needs a terminal, but {whyNot}. The events of {title} are written as plain tables.");
            Write(sessions, cancellationToken);
            return [];
        }

        using var share = ShareMeter.Start(sessions.SelectMany(session => session.Programs));
        var model = new LiveModel(title, () => Status(sessions, share?.Read()));
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

    private static LiveStatus Status(IReadOnlyList<BpfProgramSession> sessions, double? share) => StreamStatus.Of(
        [.. sessions.SelectMany(session => session.Streams)],
        sessions.Sum(session => session.Events),
        sessions.Sum(session => session.Dropped),
        sessions.All(session => session.State is not (BpfProgramState.Running or BpfProgramState.Pinned)),
        share);

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
                // Checked before draining, so that a session that ends in between is drained once more.
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
            _cmdlet.WriteWarning($"The table omits {Quantity.Of(events.Dropped, "event")}, which arrived faster than they could be written.");
        }
    }
}

/// <summary>Passes events to a live view. The reader thread formats no text; the view formats what is on the screen.</summary>
internal sealed class LiveSink : IEventSink
{
    private readonly LiveTabs _tabs;
    private readonly HashSet<string> _notices = [];
    private long _left;
    private long _count;

    /// <param name="tabs">Receives the objects.</param>
    /// <param name="maxEvents">The maximum number of objects; 0 for no limit.</param>
    public LiveSink(LiveTabs tabs, long maxEvents)
    {
        _tabs = tabs;
        _left = maxEvents;
    }

    /// <summary>The number of objects so far.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Notices about the maps, to be written after the view has ended.</summary>
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

/// <summary>Measures the share of one CPU that programs use, for the header of a view. Keeps the kernel's statistics on until it is disposed.</summary>
internal sealed class ShareMeter : IDisposable
{
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(1);

    private readonly StatisticsLease _statistics;
    private readonly ProgramSampler _sampler;
    private long _read = Stopwatch.GetTimestamp();
    private double? _share;

    private ShareMeter(ProgramSampler sampler, StatisticsLease statistics)
    {
        _sampler = sampler;
        _statistics = statistics;
    }

    /// <summary>Starts measuring; returns null if the statistics cannot be switched on, and the view then omits the share.</summary>
    /// <param name="programs">The programs.</param>
    public static ShareMeter? Start(IEnumerable<BpfProgram> programs)
    {
        try
        {
            // The lease is taken last: if the first reading failed, it would never be released.
            return new ShareMeter(new ProgramSampler(programs), StatisticsLease.Acquire());
        }
        catch (BpfLoadException)
        {
            return null;
        }
    }

    /// <summary>Returns the share in the last second, where 1 is a whole CPU; null before that, and when all programs have ended. Not thread-safe.</summary>
    public double? Read()
    {
        if (Stopwatch.GetElapsedTime(_read) >= s_window)
        {
            _read = Stopwatch.GetTimestamp();
            ProgramWindow window = _sampler.Sample();
            _share = window.Programs.Count > 0 ? window.Share : null;
        }

        return _share;
    }

    /// <inheritdoc/>
    public void Dispose() => _statistics.Dispose();
}

/// <summary>Creates the status line of a view from its streams.</summary>
internal static class StreamStatus
{
    /// <summary>Sums up the losses of streams, and finds the fullest buffer.</summary>
    /// <param name="streams">The streams.</param>
    /// <param name="count">The number of objects so far.</param>
    /// <param name="dropped">The number of events that Bee's own buffer dropped; null without such a buffer.</param>
    /// <param name="hasEnded">Whether all sessions have ended.</param>
    /// <param name="share">The share of one CPU that the programs use; null if it is not measured.</param>
    public static LiveStatus Of(IReadOnlyList<RecordStream> streams, long count, long? dropped, bool hasEnded, double? share) => new(
        count, LossCount.Of(streams), dropped, streams.Max(stream => stream.Fill), streams.Max(stream => stream.HighWater), streams.Any(stream => stream.HighWater is not null), hasEnded, share);
}
