using Bee.Ebpf;

namespace Bee.Toolchain.Tests;

/// <summary>Keeps what a reader gives.</summary>
internal sealed class CollectingSink : IEventSink
{
    internal List<BpfEvent> Events { get; } = [];

    public bool Event(BpfEvent e)
    {
        Events.Add(e);
        return true;
    }

    public void Short(ShortRecord record) => Assert.Fail($"short record of {record.Map}");

    public void Lost(string map, ulong count)
    {
    }
}
