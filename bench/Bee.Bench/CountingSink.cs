using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Bench;

/// <summary>Counts events and drops them, but for one.</summary>
/// <param name="keep">The event to keep, counted from 1; keeping each in turn would measure the garbage collector's write barrier.</param>
internal sealed class CountingSink(long keep = 0) : IEventSink
{
    public long Count { get; private set; }

    public ulong LostCount { get; private set; }

    public BpfEvent? Kept { get; private set; }

    public bool Event(BpfEvent e)
    {
        if (++Count == keep)
        {
            Kept = e;
        }

        return true;
    }

    public void Lost(string map, ulong count) => LostCount += count;
}
