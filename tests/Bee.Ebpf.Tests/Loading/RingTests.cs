using System.Diagnostics;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public class RingTests
{
    private static readonly EventReaderOptions s_ringOnly = new() { Select = m => m.Name == "print_calls_of_getpgid" };

    [KernelFact]
    public void Events_of_a_tracepoint_are_decoded_in_order()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
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
        // This program does not count lost events, so the number is unknown.
        Assert.Null(stream.Lost);
    }

    [KernelFact]
    public void A_map_that_is_not_a_ring_buffer_is_not_opened()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        var map = session.Maps.First(m => m.Description.Type == MapType.Hash);

        Assert.Equal(MapFault.Unsupported, Assert.Throws<BpfMapException>(() => RingBuffer.Open(map)).Fault);
    }

    [KernelFact]
    public void A_sink_that_throws_has_consumed_the_event()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        using var reader = session.OpenReader(s_ringOnly);
        session.Attach();
        for (var i = 0; i < 10; i++)
        {
            Calls.GetProcessGroup(-1);
        }

        var throwing = new CollectingSink { OnEvent = e => (ulong)e.Get("number")! < 3 ? true : throw new InvalidOperationException("enough") };
        var thrown = Assert.Throws<InvalidOperationException>(() => reader.Run(throwing, CancellationToken.None, TimeSpan.Zero));
        var rest = new CollectingSink();
        reader.Run(rest, CancellationToken.None, TimeSpan.Zero);

        Assert.Equal("enough", thrown.Message);
        Assert.Equal([4ul, 5, 6, 7, 8, 9], rest.Events.Select(e => (ulong)e.Get("number")!));
    }

    [KernelFact]
    public void A_sink_that_stops_receives_no_further_event()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        using var reader = session.OpenReader(s_ringOnly);
        session.Attach();
        for (var i = 0; i < 10; i++)
        {
            Calls.GetProcessGroup(-1);
        }

        var sink = new CollectingSink { OnEvent = e => (ulong)e.Get("number")! < 4 };
        reader.Run(sink, CancellationToken.None);

        Assert.Equal(5, sink.Count);
    }

    [KernelFact]
    public async Task An_idle_reader_sees_the_first_event_soon_and_stops_when_canceled()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        using var reader = session.OpenReader(s_ringOnly);
        session.Attach();
        var seen = new TaskCompletionSource();
        var sink = new CollectingSink
        {
            OnEvent = _ =>
            {
                seen.TrySetResult();
                return true;
            },
        };
        using var stop = new CancellationTokenSource();
        var run = Task.Factory.StartNew(() => reader.Run(sink, stop.Token), TaskCreationOptions.LongRunning);
        await Task.Delay(200);
        Calls.GetProcessGroup(-1);
        await seen.Task.WaitAsync(Wait.Limit);
        await Task.Delay(50);
        stop.Cancel();
        await run.WaitAsync(Wait.Limit);
    }

    [KernelFact]
    public void An_idle_reader_uses_no_CPU()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        using var reader = session.OpenReader(s_ringOnly);
        session.Attach();
        var used = TimeSpan.MaxValue;
        var thread = new Thread(() =>
        {
            reader.Run(new CollectingSink(), CancellationToken.None, TimeSpan.FromMilliseconds(20));
            var before = ThreadTime();
            reader.Run(new CollectingSink(), CancellationToken.None, TimeSpan.FromMilliseconds(500));
            used = ThreadTime() - before;
        });
        thread.Start();
        thread.Join();

        Assert.True(used < TimeSpan.FromMilliseconds(20), $"{used}");
    }

    [KernelFact]
    public async Task Dispose_of_the_session_ends_a_run_on_another_thread()
    {
        var session = Calls.Load(Fixture.Object("calls"));
        var reader = session.OpenReader(s_ringOnly);
        session.Attach();
        var run = Task.Factory.StartNew(() => reader.Run(new CollectingSink(), CancellationToken.None), TaskCreationOptions.LongRunning);
        await Task.Delay(100);
        session.Dispose();
        session.Dispose();
        await run.WaitAsync(Wait.Limit);

        Assert.Throws<ObjectDisposedException>(() => reader.Run(new CollectingSink(), CancellationToken.None));
        Assert.Throws<ObjectDisposedException>(() => session.OpenReader(s_ringOnly));
    }

    [KernelFact]
    public void A_sink_may_dispose_the_session()
    {
        var session = Calls.Load(Fixture.Object("calls"));
        var reader = session.OpenReader(s_ringOnly);
        session.Attach();
        Calls.GetProcessGroup(-1);
        Calls.GetProcessGroup(-1);
        var sink = new CollectingSink
        {
            OnEvent = _ =>
            {
                session.Dispose();
                return true;
            },
        };
        reader.Run(sink, CancellationToken.None);

        Assert.Equal(2, sink.Count);
    }

    [KernelFact]
    public void Run_without_streams_lasts_for_its_duration()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        using var reader = session.OpenReader(new EventReaderOptions { Select = _ => false });
        session.Attach();
        var clock = Stopwatch.StartNew();
        reader.Run(new CollectingSink(), CancellationToken.None, TimeSpan.FromMilliseconds(100));

        Assert.Empty(reader.Streams);
        // The reader's clock has a resolution of a few milliseconds.
        Assert.InRange(clock.ElapsedMilliseconds, 90, 60_000);
    }

    [KernelFact]
    public void A_sink_may_dispose_the_ring()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        var ring = RingBuffer.Open(session.Maps.Single(m => m.Description.Type == MapType.RingBuffer));
        session.Attach();
        Calls.GetProcessGroup(-1);
        Calls.GetProcessGroup(-1);
        var sink = new DisposingSink { Ring = ring };
        ring.Drain(ref sink);

        Assert.Equal(2, sink.Count);
        Assert.Throws<ObjectDisposedException>(() => ring.Waiting);
    }

    private struct DisposingSink : IRecordSink
    {
        public RingBuffer Ring;
        public int Count;

        public bool Record(ReadOnlySpan<byte> data)
        {
            Ring.Dispose();
            Count += data.Length > 0 ? 1 : 0;
            return true;
        }
    }

    private static TimeSpan ThreadTime()
    {
        var text = File.ReadAllText("/proc/thread-self/schedstat");
        return TimeSpan.FromTicks(long.Parse(text.Split(' ')[0]) / 100);
    }
}
