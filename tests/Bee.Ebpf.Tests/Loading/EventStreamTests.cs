using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Tests.Loading;

[Collection(KernelFactAttribute.Collection)]
public class EventStreamTests
{
    private const string Ring = "print_calls_of_getpgid";

    [KernelFact]
    public async Task ReadAsync_gives_the_events_of_a_ring_as_structs()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        session.Attach();
        CallMany(100);

        var arguments = new List<int>();
        await foreach (var call in session.Events<Call>(Ring).ReadAsync())
        {
            Assert.Equal((uint)Environment.ProcessId, call.Pid);
            Assert.NotEqual(0, call.Comm[0]);
            arguments.Add(call.Argument);
            if (arguments.Count == 100)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(i => -i), arguments);
    }

    [KernelFact]
    public void Read_gives_references_to_the_events_in_the_ring()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        session.Attach();
        CallMany(3);

        ulong expected = 0;
        foreach (ref readonly var call in session.Events<Call>(Ring).Read())
        {
            Assert.Equal(expected, call.Number);
            if (++expected == 3)
            {
                break;
            }
        }
    }

    [KernelFact]
    public async Task An_enumeration_continues_where_the_last_one_ended()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        session.Attach();
        CallMany(5);
        var calls = session.Events<Call>(Ring);

        var first = await Take(calls.ReadAsync(), 2);
        var second = session.Events(Ring).Read().Take(1).Select(e => (ulong)e["NUMBER"]!).ToList();
        var third = await Take(calls.ReadAsync(), 2);

        Assert.Equal([0ul, 1], first.Select(call => call.Number));
        Assert.Equal([2ul], second);
        Assert.Equal([3ul, 4], third.Select(call => call.Number));
    }

    [KernelFact]
    public async Task ReadAsync_waits_for_events_that_come_later()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        session.Attach();
        var reading = Take(session.Events<Call>(Ring).ReadAsync(), 3);
        for (var i = 0; i < 3; i++)
        {
            Assert.False(reading.IsCompleted);
            Calls.GetProcessGroup(-1);
            await Task.Delay(5);
        }

        Assert.Equal(3, (await reading.WaitAsync(Wait.Limit)).Count);
    }

    [KernelFact]
    public async Task ReadAsync_gives_objects_with_fields_by_name()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        session.Attach();
        CallMany(2);

        var e = (await Take(session.Events(Ring).ReadAsync(), 2))[1];

        Assert.Equal(-1, e["argument"]);
        Assert.Equal((uint)Environment.ProcessId, e["pid"]);
        Assert.Equal(Ring, e["MapName"]);
        Assert.Contains("argument", Assert.Throws<ArgumentException>(() => e["arguments"]).Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public async Task Canceling_ends_a_waiting_enumeration_with_an_exception()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        using var stop = new CancellationTokenSource();
        var reading = Take(session.Events<Call>(Ring).ReadAsync(stop.Token), 1);
        Assert.False(reading.IsCompleted);
        stop.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Wait.Limit));

        // The ring is free again.
        session.Attach();
        Calls.GetProcessGroup(-1);
        Assert.Single(await Take(session.Events<Call>(Ring).ReadAsync(), 1));
    }

    [KernelFact]
    public void Canceling_ends_a_blocking_enumeration_between_two_events()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        session.Attach();
        CallMany(5);
        using var stop = new CancellationTokenSource();
        var count = 0;

        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (ref readonly var call in session.Events<Call>(Ring).Read(stop.Token))
            {
                count++;
                stop.Cancel();
            }
        });

        Assert.Equal(1, count);
    }

    [KernelFact]
    public async Task Disposing_of_the_session_ends_a_waiting_enumeration()
    {
        var session = Calls.Load(Fixture.Object("calls"));
        var events = session.Events<Call>(Ring);
        var reading = Take(events.ReadAsync(), 1);
        var blocked = Task.Run(() => session.Events("print_late").Read().ToList());
        await Task.Delay(20);
        session.Dispose();

        Assert.Empty(await reading.WaitAsync(Wait.Limit));
        await Assert.ThrowsAsync<BpfNotFoundException>(() => blocked);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Take(events.ReadAsync(), 1));
    }

    [KernelFact]
    public async Task A_second_reader_of_a_ring_is_refused()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        using var stop = new CancellationTokenSource();
        var reading = Take(session.Events<Call>(Ring).ReadAsync(stop.Token), 1);
        using var reader = session.OpenReader(new EventReaderOptions());

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => Take(session.Events(Ring).ReadAsync(), 1));
        Assert.Contains(Ring, refused.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => reader.Run(new CollectingSink(), CancellationToken.None, TimeSpan.Zero));
        Assert.Throws<InvalidOperationException>(() => RingBuffer.Open(session.Map(Ring)));

        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        reader.Run(new CollectingSink(), CancellationToken.None, TimeSpan.Zero);
    }

    [KernelFact]
    public async Task The_waiting_thread_ends_with_the_last_enumeration()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        using var stop = new CancellationTokenSource();
        var reading = Take(session.Events<Call>(Ring).ReadAsync(stop.Token), 1);
        Assert.Equal(1, WaitThreads());
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);

        for (var i = 0; WaitThreads() > 0; i++)
        {
            Assert.True(i < 1000);
            await Task.Delay(10);
        }
    }

    [KernelFact]
    public void Perf_buffers_give_structs_and_count_lost_events()
    {
        using var session = Calls.Load(Fixture.Object("losses"));
        var events = session.Events<Numbered>("print_perf");
        var ring = session.Events<Numbered>("print_ring");
        session.Attach();
        CallMany(3);
        Assert.Equal(0ul, events.Lost);
        Assert.Equal(0ul, ring.Lost);

        var count = 0;
        foreach (ref readonly var e in events.Read())
        {
            Assert.InRange(e.Number, 0ul, 2ul);
            if (++count == 3)
            {
                break;
            }
        }

        CallMany(5000);
        Assert.True(events.Lost > 0);
        Assert.True(ring.Lost > 0);
    }

    [KernelFact]
    public void Perf_buffers_have_either_a_reader_or_streams()
    {
        using var session = Calls.Load(Fixture.Object("losses"));
        EventReaderOptions both = new() { Select = map => map.IsEventStream }, ring = new() { Select = map => map.Name == "print_ring" };
        session.Attach();
        using (var reader = session.OpenReader(both))
        {
            Assert.Contains("print_perf", Assert.Throws<InvalidOperationException>(() => session.Events("print_perf")).Message, StringComparison.Ordinal);
            Assert.Throws<InvalidOperationException>(() => session.OpenReader(both));
            CallMany(3);
            var sink = new CollectingSink();
            reader.Run(sink, CancellationToken.None, TimeSpan.Zero);
            Assert.Equal(6, sink.Count);
        }

        var events = session.Events("print_perf");
        Assert.Contains("print_perf", Assert.Throws<InvalidOperationException>(() => session.OpenReader(both)).Message, StringComparison.Ordinal);
        using var other = session.OpenReader(ring);
        CallMany(3);
        Assert.Equal([3ul, 4, 5], events.Read().Take(3).Select(e => (ulong)e["number"]!).Order().ToList());
    }

    [KernelFact]
    public void A_record_that_is_shorter_than_the_struct_is_an_error_and_counts_as_read()
    {
        using var session = Calls.Load(Fixture.Object("losses"), ("short_records", 1));
        session.Attach();
        CallMany(2);
        var events = session.Events<Numbered>("print_ring");

        for (var i = 0; i < 2; i++)
        {
            var e = Assert.Throws<ShortRecordException>(() =>
            {
                foreach (ref readonly var _ in events.Read())
                {
                }
            });
            Assert.Equal((256, 8), (e.Expected, e.Found));
        }

        using var ring = RingBuffer.Open(session.Map("print_ring"));
        Assert.Equal(0ul, ring.Waiting);
    }

    [KernelFact]
    public void Wait_of_a_raw_ring_returns_with_a_record_or_the_timeout()
    {
        using var session = Calls.Load(Fixture.Object("calls"));
        using var ring = RingBuffer.Open(session.Map(Ring));
        session.Attach();
        Assert.False(ring.Wait(TimeSpan.Zero));
        for (var i = 0; i < 200; i++)
        {
            Assert.False(ring.Wait(TimeSpan.FromMilliseconds(1)));
        }

        CallMany(3);
        var sink = new CountingSink();
        while (ring.Wait(TimeSpan.FromMilliseconds(5)))
        {
            ring.Drain(ref sink);
        }

        Assert.Equal(3, sink.Count);
        CallMany(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.True(ring.Wait(Timeout.InfiniteTimeSpan));
        ring.Drain(ref sink);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [KernelFact]
    public async Task Wait_of_a_raw_ring_ends_by_cancellation_and_by_disposal()
    {
        var session = Calls.Load(Fixture.Object("calls"));
        using var ring = RingBuffer.Open(session.Map(Ring));
        using var stop = new CancellationTokenSource();
        var waiting = Task.Run(() => ring.Wait(Timeout.InfiniteTimeSpan, stop.Token));
        await Task.Delay(20);
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        waiting = Task.Run(() => ring.Wait(Timeout.InfiniteTimeSpan));
        await Task.Delay(20);
        session.Dispose();
        Assert.False(await waiting.WaitAsync(Wait.Limit));
    }

    [KernelFact]
    public async Task Current_is_empty_after_the_enumeration_is_disposed()
    {
        var session = Calls.Load(Fixture.Object("calls"));
        session.Attach();
        CallMany(1);
        var calls = session.Events<Call>(Ring).ReadAsync().GetAsyncEnumerator();
        Assert.True(await calls.MoveNextAsync());
        Assert.Equal((uint)Environment.ProcessId, calls.Current.Pid);
        await calls.DisposeAsync();
        session.Dispose();
        Assert.Equal(0u, calls.Current.Pid);
    }

    [KernelFact]
    public void A_struct_that_does_not_match_is_refused_with_what_to_write()
    {
        using var session = Calls.Load(Fixture.Object("calls"));

        Refused<UnknownName>("UnknownName.Process", "no member 'Process'", "Its members are pid, argument, number, comm.");
        Refused<OtherOffset>("OtherOffset.Number", "at offset 16", "at offset 8", "[FieldOffset(8)]");
        Refused<OtherSize>("OtherSize.Pid", "ulong at offset 0 with 8 bytes", "__u32 at offset 0 with 4 bytes", "public uint Pid;");
        Refused<OtherSign>("OtherSign.Argument", "uint", "__s32", "public int Argument;");
        Refused<TooShort>("TooShort", "16 bytes", "32 bytes", "comm (char[16] at offset 16)", "Size = 32");
        Refused<WithBool>("WithBool.Pid", "bool");
        Refused<OtherLength>("OtherLength.Comm", "array of 8 byte", "char[16]", "fixed byte Comm[16]");
        Refused<uint>("uint", "struct call");

        Assert.Equal(MapFault.Unsupported, Assert.Throws<BpfMapException>(() => session.Events<Call>("counter_by_argument")).Fault);

        void Refused<T>(params string[] parts)
            where T : unmanaged
        {
            var e = Assert.Throws<BpfMapException>(() => session.Events<T>(Ring));
            Assert.Equal(MapFault.TypeMismatch, e.Fault);
            Assert.All(parts, part => Assert.Contains(part, $"{e.Message} {e.Remedy}", StringComparison.Ordinal));
        }
    }

    private static void CallMany(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Calls.GetProcessGroup(-i);
        }
    }

    private static async Task<List<T>> Take<T>(IAsyncEnumerable<T> events, int count)
    {
        var taken = new List<T>();
        await foreach (var e in events)
        {
            taken.Add(e);
            if (taken.Count == count)
            {
                break;
            }
        }

        return taken;
    }

    private static int WaitThreads() => Directory.GetFiles("/proc/self/task").Concat(Directory.GetDirectories("/proc/self/task")).Count(task => Name(task) == "Bee event wait");

    private static string Name(string task)
    {
        try
        {
            return File.ReadAllText($"{task}/comm").Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }

    private struct CountingSink : IRecordSink
    {
        public int Count;

        public bool Record(ReadOnlySpan<byte> data)
        {
            Count++;
            return true;
        }
    }

#pragma warning disable CS0649, CS0169, IDE0044, IDE0051 // Fields that the kernel writes, or that are never read.
    [InlineArray(16)]
    private struct Text16
    {
        private byte _first;
    }

    [InlineArray(8)]
    private struct Text8
    {
        private byte _first;
    }

    private readonly record struct Call(uint Pid, int Argument, ulong Number, [field: BpfField("comm")] Text16 Comm);

    [StructLayout(LayoutKind.Sequential, Size = 256)]
    private struct Numbered
    {
        public ulong Number;
    }

    private struct UnknownName
    {
        public uint Process;
    }

    private struct OtherOffset
    {
        public uint Pid;
        private ulong _padding;
        public ulong Number;
    }

    private struct OtherSize
    {
        public ulong Pid;
    }

    private struct OtherSign
    {
        public uint Pid, Argument;
    }

    private struct TooShort
    {
        public uint Pid;
        public int Argument;
        public ulong Number;
    }

    private struct WithBool
    {
        public bool Pid;
    }

    [StructLayout(LayoutKind.Explicit, Size = 32)]
    private struct OtherLength
    {
        [FieldOffset(16)]
        public Text8 Comm;
    }
#pragma warning restore
}
