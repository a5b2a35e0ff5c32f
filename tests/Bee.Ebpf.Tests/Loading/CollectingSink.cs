using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Loading;

/// <summary>Collects the events of a reader.</summary>
internal sealed class CollectingSink : IEventSink
{
    public List<BpfEvent> Events { get; } = [];

    public Dictionary<string, ulong> Losses { get; } = [];

    public List<string> Notices { get; } = [];

    /// <summary>Called with each event before it is stored; false ends the run.</summary>
    public Func<BpfEvent, bool> OnEvent { get; init; } = _ => true;

    public bool Event(BpfEvent e)
    {
        lock (Events)
        {
            Events.Add(e);
        }

        return OnEvent(e);
    }

    public void Lost(string map, ulong count) => Losses[map] = Losses.GetValueOrDefault(map) + count;

    public void Notice(string map, string text) => Notices.Add($"{map}: {text}");

    public int Count
    {
        get
        {
            lock (Events)
            {
                return Events.Count;
            }
        }
    }
}

internal static class EventValues
{
    /// <summary>Returns the value of a property by its name.</summary>
    public static object? Get(this BpfEvent e, string property) => e.GetType().GetProperty(property)!.GetValue(e);
}
