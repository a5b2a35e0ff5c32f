using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Bench;

/// <summary>Counts events and drops all of them except one.</summary>
/// <param name="keep">The number of the event to keep, from 1. Keeping every event in turn would measure the write barrier of the garbage collector.</param>
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
