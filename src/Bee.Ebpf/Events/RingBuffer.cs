using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Posix;

namespace Bee.Ebpf.Events;

/// <summary>
/// The consumer's side of a BPF ring buffer, read in place. The kernel shares three parts: a page with the consumer's position (ours to
/// write), a page with the producers' position, and the data, whose pages are mapped twice in a row so that no record is ever split.
/// </summary>
/// <remarks>
/// Layout and flags: include/uapi/linux/bpf.h (BPF_RINGBUF_BUSY_BIT and following) and kernel/bpf/ringbuf.c of Linux. One reader at a time;
/// nothing here locks.
/// </remarks>
[SupportedOSPlatform("linux")]
public sealed unsafe class RingBuffer : IDisposable
{
    private const uint Discarded = 1u << 30, HeaderSize = 8;

    // Space is given back to the kernel in portions of this size: each time costs the producers a cache miss, and too large a portion
    // keeps a nearly full ring full.
    private const ulong MostPortion = 64 * 1024;

    private readonly MappedPages _consumerPages;
    private readonly MappedPages _producerPages;
    private readonly ulong* _consumer;
    private readonly ulong* _producer;
    private readonly byte* _data;
    private readonly ulong _mask;
    private readonly ulong _portion;
    // Of a ring that was opened by its map: what Wait needs.
    private BpfMap? _map;
    private Waiter? _waiter;
    private volatile bool _closed;

    private RingBuffer(MappedPages consumer, MappedPages producer, uint size)
    {
        _consumerPages = consumer;
        _producerPages = producer;
        _consumer = (ulong*)consumer.Address;
        _producer = (ulong*)producer.Address;
        _data = (byte*)producer.Address + Environment.SystemPageSize;
        _mask = size - 1;
        _portion = Math.Min(MostPortion, size / 8);
        Size = size;
    }

    /// <summary>The ring's size in bytes, headers included: a record takes its own size and 8 more, rounded up to 8.</summary>
    public uint Size { get; }

    /// <summary>Bytes that wait to be read, in records finished or not.</summary>
    /// <exception cref="ObjectDisposedException">The ring has been disposed of.</exception>
    public ulong Waiting
    {
        get
        {
            using var hold = new Lease(_producerPages);
            using var holdConsumer = new Lease(_consumerPages);
            return Volatile.Read(ref *_producer) - *_consumer;
        }
    }

    /// <summary>Opens the ring of a map for reading raw records. Until it is disposed of, nothing else can read the map.</summary>
    /// <param name="map">A map of type <see cref="MapType.RingBuffer"/>.</param>
    /// <exception cref="NotSupportedException">The map is not a ring buffer.</exception>
    /// <exception cref="InvalidOperationException">The map has a reader.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed of.</exception>
    /// <exception cref="BpfLoadException">The ring cannot be mapped.</exception>
    public static RingBuffer Open(BpfMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        if (map.Description.Type != MapType.RingBuffer)
        {
            throw new NotSupportedException($"Map '{map.Name}' is of type {map.Description.Type}, not a ring buffer.");
        }

        var ring = MapRing(map);
        try
        {
            ring._waiter = new Waiter();
            ring._waiter.Add(map.Fd);
            map.Buffer.Enter(ring.Close);
            ring._map = map;
            return ring;
        }
        catch
        {
            ring.Dispose();
            throw;
        }
    }

    /// <summary>Waits until a record can be read: <c>while (ring.Wait(timeout, cancellationToken)) ring.Drain(ref sink);</c>. Allocates nothing if one is there.</summary>
    /// <param name="timeout">The longest wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False if the timeout has passed, or the session or the ring has been disposed of meanwhile.</returns>
    /// <exception cref="OperationCanceledException">The token is canceled.</exception>
    /// <exception cref="ObjectDisposedException">The ring was disposed of before the call.</exception>
    public bool Wait(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        using var lease = new Lease(_producerPages);
        using var consumerLease = new Lease(_consumerPages);
        cancellationToken.ThrowIfCancellationRequested();
        if (HasRecord())
        {
            return true;
        }

        if (_closed || _map is not { } map || _waiter is null)
        {
            return false;
        }

        using var owner = new Lease(map.Owner);
        using var epoll = new Lease(_waiter.Epoll);
        using var wake = new Lease(_waiter.WakeFd);
        using var registration = cancellationToken.UnsafeRegister(static waiter => ((Waiter)waiter!).Wake(), _waiter);
        var end = timeout == Timeout.InfiniteTimeSpan ? long.MaxValue : Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (!_closed)
        {
            if (HasRecord())
            {
                return true;
            }

            cancellationToken.ThrowIfCancellationRequested();
            var left = end == long.MaxValue ? -1 : end - Environment.TickCount64;
            if (left <= 0 && left != -1)
            {
                return false;
            }

            if (*_consumer != Volatile.Read(ref *_producer))
            {
                // The first record is still being written, and the kernel reports the ring as readable.
                _waiter.Nap();
            }
            else
            {
                _waiter.Wait((int)Math.Min(left, int.MaxValue));
            }
        }

        return false;
    }

    private bool HasRecord() => *_consumer is var position && position != Volatile.Read(ref *_producer) && (int)Volatile.Read(ref *(uint*)(_data + (position & _mask))) >= 0;

    private void Close()
    {
        _closed = true;
        _waiter?.Wake();
    }

    /// <summary>Maps the ring of a map without becoming its reader.</summary>
    internal static RingBuffer MapRing(BpfMap map)
    {
        using var lease = new Lease(map.Owner);
        return Map(map.Fd, SizeInKernel(map.Description.MaxEntries));
    }

    /// <summary>Begins to walk the records. Only one cursor or drain at a time.</summary>
    /// <exception cref="ObjectDisposedException">The ring has been disposed of.</exception>
    internal RingCursor Walk() => new(_consumerPages, _producerPages, _data, Size, _portion);

    /// <summary>The size that libbpf gives a ring: the declared one, rounded up to a power of two that is a multiple of the page size.</summary>
    internal static uint SizeInKernel(uint declared) => BitOperations.RoundUpToPowerOf2(Math.Max(declared, (uint)Environment.SystemPageSize));

    /// <summary>Maps the ring of a map.</summary>
    /// <param name="fd">The map's fd; it may be closed afterwards.</param>
    /// <param name="size">The ring's size as the kernel has it: a power of two and a multiple of the page size.</param>
    internal static RingBuffer Map(int fd, uint size)
    {
        var page = (nuint)Environment.SystemPageSize;
        var consumer = MappedPages.TryMap(fd, page, 0, writable: true) ?? throw Failed();
        var producer = MappedPages.TryMap(fd, page + 2 * (nuint)size, (nint)page, writable: false);
        if (producer is null)
        {
            var failure = Failed();
            consumer.Dispose();
            throw failure;
        }

        return new RingBuffer(consumer, producer, size);
    }

    /// <summary>
    /// Hands over the records that are finished at the moment of the call. Those written meanwhile wait for the next call, so that a busy
    /// producer does not pay for a wake-up at every record: the kernel notifies only a consumer that has caught up.
    /// </summary>
    /// <typeparam name="TSink">A struct, so that the call inlines.</typeparam>
    /// <param name="sink">Takes the records. What it throws reaches the caller, with the ring in order and that record read.</param>
    /// <returns>How many bytes of the ring were read.</returns>
    /// <exception cref="ObjectDisposedException">The ring has been disposed of.</exception>
    public ulong Drain<TSink>(ref TSink sink)
        where TSink : struct, IRecordSink
    {
        // The sink may dispose of the ring, and another thread too: the pages stay until this is done.
        using var hold = new Lease(_producerPages);
        using var holdConsumer = new Lease(_consumerPages);
        var start = *_consumer;
        var position = start;
        var end = Volatile.Read(ref *_producer);
        try
        {
            while (DrainPortion(ref position, end, ref sink))
            {
                Volatile.Write(ref *_consumer, position);
            }
        }
        finally
        {
            Volatile.Write(ref *_consumer, position);
        }

        return position - start;
    }

    // A method of its own, since it is called often enough for the runtime to compile it again with what it has learnt of the sink.
    private bool DrainPortion<TSink>(ref ulong reached, ulong end, ref TSink sink)
        where TSink : struct, IRecordSink
    {
        var data = _data;
        var mask = _mask;
        var position = reached;
        var stop = Math.Min(end, position + _portion);
        while (position < stop)
        {
            var record = data + (position & mask);
            var header = Volatile.Read(ref *(uint*)record);
            if ((int)header < 0)
            {
                // Still being written; later ones must wait for it, since space is given back in order.
                return false;
            }

            var length = header & ~Discarded;
            position += length + HeaderSize + 7 & ~7ul;
            // Before the call: if the sink throws, this record counts as read.
            reached = position;
            if ((header & Discarded) == 0 && !sink.Record(new ReadOnlySpan<byte>(record + HeaderSize, (int)length)))
            {
                return false;
            }
        }

        return position < end;
    }

    /// <summary>Unmaps the ring. The positions stay in the kernel, so that the next reader continues there.</summary>
    public void Dispose()
    {
        var map = Interlocked.Exchange(ref _map, null);
        if (map is not null)
        {
            Close();
            map.Buffer.Leave();
        }

        _waiter?.Dispose();
        _consumerPages.Dispose();
        _producerPages.Dispose();
    }

    private static BpfLoadException Failed()
    {
        var errno = Marshal.GetLastPInvokeError();
        return new BpfLoadException(LoadFault.Other, $"The ring buffer cannot be mapped: {Libc.Describe(errno)}.") { Errno = errno };
    }
}

/// <summary>A ring buffer as a source of events.</summary>
internal sealed class RingSource : IEventSource
{
    // A reader that finds this part of the ring full does not rest before it looks again.
    private const ulong BusyPart = 4;

    private readonly RecordStream _stream;
    private readonly RingBuffer _ring;
    private readonly int _fd;
    private ulong _high;

    public RingSource(RecordStream stream, BpfMap map)
    {
        _stream = stream;
        _ring = RingBuffer.MapRing(map);
        _fd = map.Fd;
        stream.HighWater = 0;
    }

    public IEnumerable<int> Fds => [_fd];

    public DrainResult Read(IEventSink sink, ref bool stopped)
    {
        var waiting = _ring.Waiting;
        _stream.Fill = Math.Min(1, (double)waiting / _ring.Size);
        if (waiting == 0)
        {
            return DrainResult.Empty;
        }

        if (waiting > _high)
        {
            _high = waiting;
            _stream.HighWater = Math.Min(1, (double)waiting / _ring.Size);
        }

        ulong read;
        if (_stream.Tally is { } tally)
        {
            var observing = new ObservingSink(_stream, tally);
            read = _ring.Drain(ref observing);
        }
        else
        {
            var decoding = new DecodingSink(_stream, _stream.RecordType!, sink);
            read = _ring.Drain(ref decoding);
            stopped |= decoding.Stopped;
        }

        return read >= _ring.Size / BusyPart ? DrainResult.Much : DrainResult.Some;
    }

    // The kernel keeps no count; LostCounts has the programs' own.
    public void ReportLost(IEventSink sink)
    {
    }

    public void Dispose() => _ring.Dispose();
}
