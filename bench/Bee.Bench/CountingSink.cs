using Bee.Ebpf;

namespace Bee.Bench;

/// <summary>Counts events and drops them.</summary>
internal sealed class CountingSink : IEventSink
{
    public long Count { get; private set; }

    public ulong LostCount { get; private set; }

    public BpfEvent? Last { get; private set; }

    public bool Event(BpfEvent e)
    {
        Count++;
        Last = e;
        return true;
    }

    public void Short(ShortRecord record) => throw new InvalidOperationException(record.ToString());

    public void Lost(string map, ulong count) => LostCount += count;
}
