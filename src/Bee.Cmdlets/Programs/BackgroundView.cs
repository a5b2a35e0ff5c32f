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

/// <summary>The share of one CPU that programs run for, for the header of a view. It keeps the kernel's statistics on until it is disposed of.</summary>
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

    /// <summary>Begins to measure; null where this process may not switch statistics on, or the kernel has none: the view does without.</summary>
    /// <param name="programs">The programs.</param>
    public static ShareMeter? Start(IEnumerable<BpfProgram> programs)
    {
        try
        {
            // The lease last: if the first reading failed, the statistics would stay on.
            return new ShareMeter(new ProgramSampler(programs), StatisticsLease.Take());
        }
        catch (BpfLoadException)
        {
            return null;
        }
    }

    /// <summary>The share in the last second, 1 for a whole CPU; null before that, and when all programs are gone. One thread at a time.</summary>
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

/// <summary>What the header of a view says of streams.</summary>
internal static class StreamStatus
{
    /// <summary>Adds up what streams lost, and finds the fullest buffer.</summary>
    /// <param name="streams">The streams.</param>
    /// <param name="count">Objects so far.</param>
    /// <param name="dropped">What Bee's own buffer dropped; null without such a buffer.</param>
    /// <param name="hasEnded">Whether nothing more will come.</param>
    /// <param name="share">The share of one CPU that the programs ran for; null where that is not counted.</param>
    public static LiveStatus Of(IReadOnlyList<RecordStream> streams, long count, long? dropped, bool hasEnded, double? share) => new(
        count, LossCount.Of(streams), dropped, streams.Max(stream => stream.Fill), streams.Max(stream => stream.HighWater), streams.Any(stream => stream.HighWater is not null), hasEnded, share);
}
