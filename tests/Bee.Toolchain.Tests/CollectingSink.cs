using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Toolchain.Tests;

/// <summary>Keeps all events; a short or a lost one fails the test.</summary>
internal sealed class CollectingSink : IEventSink
{
    internal List<BpfEvent> Events { get; } = [];

    public bool Event(BpfEvent e)
    {
        Events.Add(e);
        return true;
    }

    public void Lost(string map, ulong count) => Assert.Fail("lost");
}
