using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Live;

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
