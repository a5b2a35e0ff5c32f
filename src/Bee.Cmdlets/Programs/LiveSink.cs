using Bee.Cmdlets.Live;
using Bee.Cmdlets.Sessions;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Programs;

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
