using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Posix;

namespace Bee.Ebpf.Events;

/// <summary>
/// Reads a BPF ring buffer in place, as its consumer. The kernel shares three parts: a writable page with the consumer position, a page with the producer position, and the data, whose
/// pages are mapped twice in a row, so that no record is split.
/// </summary>
/// <remarks>Layout and flags: include/uapi/linux/bpf.h (BPF_RINGBUF_BUSY_BIT and following) and kernel/bpf/ringbuf.c of Linux. Not thread-safe, except for <see cref="Dispose"/>.</remarks>
[SupportedOSPlatform("linux")]
public sealed unsafe class RingBuffer : IDisposable
{
    private const uint Discarded = 1u << 30, HeaderSize = 8;

    // The consumer position is published after this many bytes. Each update costs the producers a cache miss; an update that is too rare keeps a nearly full ring full.
    private const ulong MostPortion = 64 * 1024;

    private readonly MappedPages _consumerPages;
    private readonly MappedPages _producerPages;
    private readonly ulong* _consumer;
    private readonly ulong* _producer;
    private readonly byte* _data;
    private readonly ulong _mask;
    private readonly ulong _portion;
    // Set if the ring was opened by its map; needed by Wait.
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

    /// <summary>The size in bytes, including headers. A record takes its own size plus 8, rounded up to 8.</summary>
    public uint Size { get; }

    /// <summary>The number of bytes between the consumer and the producer position. The records there may still be incomplete.</summary>
    /// <exception cref="ObjectDisposedException">The ring has been disposed.</exception>
    public ulong Waiting
    {
        get
        {
            using var hold = new Lease(_producerPages, typeof(RingBuffer));
            using var holdConsumer = new Lease(_consumerPages, typeof(RingBuffer));
            return Volatile.Read(ref *_producer) - *_consumer;
        }
    }

    /// <summary>Opens the ring of a map for reading raw records. Until it is disposed, nothing else can read the map.</summary>
    /// <param name="map">A map of type <see cref="MapType.RingBuffer"/>.</param>
    /// <exception cref="BpfMapException">The map is not a ring buffer (<see cref="MapFault.Unsupported"/>).</exception>
    /// <exception cref="InvalidOperationException">The map has a reader.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The ring cannot be mapped.</exception>
    public static RingBuffer Open(BpfMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        if (map.Description.Type != MapType.RingBuffer)
        {
            throw new BpfMapException(MapFault.Unsupported, map.Name, $"Map '{map.Name}' is of type {map.Description.Type}, not a ring buffer.", "Use the session's event stream, which also reads perf event arrays, or name a ring buffer.");
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

    /// <summary>Waits until a record can be read, as in <c>while (ring.Wait(timeout, cancellationToken)) ring.Drain(ref sink);</c>. Does not allocate if a record is ready.</summary>
    /// <param name="timeout">The longest time to wait; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>False if the timeout has passed, or if the session or the ring was disposed during the wait.</returns>
    /// <exception cref="OperationCanceledException">The token is canceled.</exception>
    /// <exception cref="ObjectDisposedException">The ring was disposed before the call.</exception>
    public bool Wait(TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        using var lease = new Lease(_producerPages, typeof(RingBuffer));
        using var consumerLease = new Lease(_consumerPages, typeof(RingBuffer));
        cancellationToken.ThrowIfCancellationRequested();
        if (HasRecord())
        {
            return true;
        }

        if (_closed || _map is not { } map || _waiter is null)
        {
            return false;
        }

        using var owner = new Lease(map.Owner, typeof(BpfMap));
        using var epoll = new Lease(_waiter.Epoll);
        using var wake = new Lease(_waiter.WakeFd);
        // A canceled wait leaves a wake-up behind. Close sets _closed first, so its wake-up may be cleared too.
        _waiter.Reset();
        using var registration = cancellationToken.UnsafeRegister(static waiter => ((Waiter)waiter!).Wake(), _waiter);
        var end = timeout == Timeout.InfiniteTimeSpan ? long.MaxValue : Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (!_closed)
        {
            if (HasRecord())
            {
                return true;
            }

            cancellationToken.ThrowIfCancellationRequested();
            var left = end == long.MaxValue ? Timeout.Infinite : end - Environment.TickCount64;
            if (end != long.MaxValue && left <= 0)
            {
                return false;
            }

            if (*_consumer != Volatile.Read(ref *_producer))
            {
                // The first record is still being written, but the kernel already reports the ring as readable.
                _waiter.Rest();
            }
            else
            {
                _waiter.Wait(left < 0 ? Waiter.LongestRingWait : (int)Math.Min(left, Waiter.LongestRingWait));
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

    /// <summary>Maps the ring of a map without registering as its reader.</summary>
    internal static RingBuffer MapRing(BpfMap map)
    {
        using var lease = new Lease(map.Owner, typeof(BpfMap));
        return Map(map.Fd, SizeInKernel(map.Description.MaxEntries));
    }

    /// <summary>Starts a cursor over the records. Only one cursor or drain may run at a time.</summary>
    /// <exception cref="ObjectDisposedException">The ring has been disposed.</exception>
    internal RingCursor Walk() => new(_consumerPages, _producerPages, _data, Size, _portion);

    /// <summary>Returns the size that libbpf gives a ring: the declared size, rounded up to a power of two that is a multiple of the page size.</summary>
    internal static uint SizeInKernel(uint declared) => BitOperations.RoundUpToPowerOf2(Math.Max(declared, (uint)Environment.SystemPageSize));

    /// <summary>Maps the ring of a map.</summary>
    /// <param name="fd">The map's fd; it may be closed afterwards.</param>
    /// <param name="size">The size in the kernel: a power of two and a multiple of the page size.</param>
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
    /// Passes the records that are complete at the time of the call to a sink. Records that are written during the call remain for the next one: the kernel wakes only a consumer that has caught
    /// up, so this spares a busy producer a wake-up for each record.
    /// </summary>
    /// <typeparam name="TSink">A struct, so that the call inlines.</typeparam>
    /// <param name="sink">Receives the records. An exception of the sink reaches the caller; that record counts as read.</param>
    /// <returns>The number of bytes that were read.</returns>
    /// <exception cref="ObjectDisposedException">The ring has been disposed.</exception>
    public ulong Drain<TSink>(ref TSink sink)
        where TSink : struct, IRecordSink
    {
        // The sink or another thread may dispose the ring: keep the pages mapped until the end.
        using var hold = new Lease(_producerPages, typeof(RingBuffer));
        using var holdConsumer = new Lease(_consumerPages, typeof(RingBuffer));
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

    // A separate method: it is called often enough for the runtime to recompile it with profile data about the sink.
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
                // Still being written. Later records must wait, since space is returned in order.
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

/// <summary>Reads events from a ring buffer.</summary>
internal sealed class RingSource : IEventSource
{
    // After reading this fraction of the ring at once, the reader polls again without a rest.
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

    // The kernel keeps no count for ring buffers; LostCounts reads the programs' own.
    public void ReportLost(IEventSink sink)
    {
    }

    public void Dispose() => _ring.Dispose();
}
