using System.Diagnostics;

namespace Bee.Ebpf.Tests.Loading;

public class RingTests
{
    private static readonly EventReaderOptions s_ringOnly = new() { Select = m => m.IsEventStream };

    [KernelFact]
    public void EventsOfATracepointComeDecodedAndInOrder()
    {
        using var session = BpfSession.Load(Fixture.Object("calls"), Calls.Own());
        using var reader = session.OpenReader(s_ringOnly);
        session.Attach();
        for (var i = 0; i < 100; i++)
        {
            Calls.GetProcessGroup(-i);
        }

        var sink = new CollectingSink();
        reader.Run(sink, CancellationToken.None, TimeSpan.Zero);

        Assert.Equal(100, sink.Count);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => -i), sink.Events.Select(e => (int)e.Get("argument")!));
        Assert.All(sink.Events, e => Assert.Equal((uint)Environment.ProcessId, e.Get("pid")));
        var stream = Assert.Single(reader.Streams);
        Assert.Equal("print_calls_of_getpgid", stream.Name);
        Assert.Equal(100, stream.Count);
        Assert.True(stream.HighWater is > 0 and <= 1);
        // This program does not count what a full ring refuses, so nobody knows.
        Assert.Null(stream.Lost);
    }
}
