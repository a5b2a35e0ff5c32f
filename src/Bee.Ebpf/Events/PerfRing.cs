using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Bee.Ebpf.Host;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Posix;

namespace Bee.Ebpf.Events;

/// <summary>Reads the perf buffer of one CPU in place, except for records that wrap around its end.</summary>
/// <remarks>Layout: struct perf_event_mmap_page and the record types of include/uapi/linux/perf_event.h.</remarks>
internal sealed unsafe class PerfRing : IDisposable
{
    /// <summary>The number of data pages for each CPU.</summary>
    internal const int DataPages = 64;
    private const int HeadOffset = 1024, TailOffset = 1032;
    private const uint LostRecord = 2, SampleRecord = 9;
    private const int HeaderSize = 8;
    // Space goes back to the kernel in this many portions, so that a slow sink does not keep the buffer full of records that were read long ago.
    private const uint Portions = 8;

    private readonly FdHandle _output;
    private readonly MappedPages _pages;
    private readonly bool _counts;
    private readonly byte* _data;
    private readonly ulong* _head;
    private readonly ulong* _tail;
    private byte[] _wrapped = [];
    private ulong _lostRecords;
    private ulong _reported;

    private PerfRing(FdHandle output, MappedPages pages, bool counts)
    {
        _output = output;
        _pages = pages;
        _counts = counts;
        Size = (uint)(DataPages * Environment.SystemPageSize);
        _data = (byte*)pages.Address + Environment.SystemPageSize;
        _head = (ulong*)(pages.Address + HeadOffset);
        _tail = (ulong*)(pages.Address + TailOffset);
    }

    public int Fd => _output.Number;

    /// <summary>The size of the data in bytes.</summary>
    public uint Size { get; }

    public ulong Waiting => Volatile.Read(ref *_head) - *_tail;

    /// <summary>Opens the buffer of a CPU and adds it to the map.</summary>
    /// <returns>Null if the CPU has gone offline.</returns>
    public static PerfRing? Open(int map, int cpu)
    {
        var output = PerfEvent.TryOutput(cpu, out var counts);
        if (output is null)
        {
            return Marshal.GetLastPInvokeError() == Libc.ENODEV ? null : throw Failed(cpu);
        }

        var pages = MappedPages.TryMap(output.Number, (nuint)((DataPages + 1) * Environment.SystemPageSize), 0, writable: true);
        var fd = output.Number;
        if (pages is null || LibbpfCalls.bpf_map_update_elem(map, &cpu, &fd, 0) < 0 || Libc.ioctl(fd, PerfEvent.Enable, 0) < 0)
        {
            var failure = Failed(cpu);
            pages?.Dispose();
            output.Dispose();
            throw failure;
        }

        return new PerfRing(output, pages, counts);
    }

    /// <summary>Passes the samples that the buffer holds now to a sink. An exception of the sink reaches the caller; that sample counts as read.</summary>
    /// <returns>The number of bytes that were read.</returns>
    public ulong Drain<TSink>(ref TSink sink)
        where TSink : struct, IRecordSink
    {
        var start = *_tail;
        var position = start;
        var end = Volatile.Read(ref *_head);
        try
        {
            while (TryNext(ref position, end, out var sample) && sink.Record(sample))
            {
            }
        }
        finally
        {
            Release(position);
        }

        return position - start;
    }

    /// <summary>The position of the first record that has not been read.</summary>
    public ulong Tail => *_tail;

    /// <summary>The position behind the last record.</summary>
    public ulong Head => Volatile.Read(ref *_head);

    /// <summary>Finds the next sample.</summary>
    /// <param name="position">The position to look from; moves behind the sample.</param>
    /// <param name="end">Where to stop.</param>
    /// <param name="sample">The sample's bytes, valid until the next call.</param>
    /// <returns>False if there is none before <paramref name="end"/>.</returns>
    public bool TryNext(ref ulong position, ulong end, out ReadOnlySpan<byte> sample)
    {
        while (position < end)
        {
            if (position - *_tail >= Size / Portions)
            {
                Release(position);
            }

            var offset = (uint)(position & (Size - 1));
            // Records are multiples of 8 bytes, so a header is never split.
            var type = *(uint*)(_data + offset);
            var size = *(ushort*)(_data + offset + 6);
            position += size;
            var record = offset + size <= Size ? new ReadOnlySpan<byte>(_data + offset, size) : Join(offset, size);
            if (type == LostRecord)
            {
                _lostRecords += BinaryPrimitives.ReadUInt64LittleEndian(record[(HeaderSize + 8)..]);
            }
            else if (type == SampleRecord)
            {
                sample = record.Slice(HeaderSize + 4, BinaryPrimitives.ReadInt32LittleEndian(record[HeaderSize..]));
                return true;
            }
        }

        sample = default;
        return false;
    }

    /// <summary>Gives the space before a position back to the kernel.</summary>
    public void Release(ulong position) => Volatile.Write(ref *_tail, position);

    /// <summary>Keeps the pages and the fd open until <see cref="EndLease"/>.</summary>
    /// <exception cref="ObjectDisposedException">The buffer has been disposed.</exception>
    public void BeginLease()
    {
        var leased = false;
        _pages.DangerousAddRef(ref leased);
        try
        {
            _output.DangerousAddRef(ref leased);
        }
        catch
        {
            _pages.DangerousRelease();
            throw;
        }
    }

    /// <summary>Releases the buffer that <see cref="BeginLease"/> kept mapped, so that disposal can unmap it.</summary>
    public void EndLease()
    {
        _output.DangerousRelease();
        _pages.DangerousRelease();
    }

    /// <summary>Returns the number of records that were lost since the last call.</summary>
    public ulong TakeLost()
    {
        // The kernel's counter includes a loss at once; a lost-record follows only with the next record that fits.
        var total = _counts ? PerfEvent.ReadLostCount(_output) : _lostRecords;
        var news = total > _reported ? total - _reported : 0;
        _reported += news;
        return news;
    }

    public void Dispose()
    {
        _pages.Dispose();
        _output.Dispose();
    }

    private ReadOnlySpan<byte> Join(uint offset, int size)
    {
        if (_wrapped.Length < size)
        {
            _wrapped = new byte[ushort.MaxValue + 1];
        }

        var first = (int)(Size - offset);
        new ReadOnlySpan<byte>(_data + offset, first).CopyTo(_wrapped);
        new ReadOnlySpan<byte>(_data, size - first).CopyTo(_wrapped.AsSpan(first));
        return _wrapped.AsSpan(0, size);
    }

    private static BpfLoadException Failed(int cpu)
    {
        var errno = Marshal.GetLastPInvokeError();
        return errno is Libc.EPERM or Libc.EACCES
            ? Permissions.Refused($"open the perf buffer of CPU {cpu}", errno, null, "", perf: true)
            : new BpfLoadException(LoadFault.Other, $"The perf buffer of CPU {cpu} cannot be opened: {Libc.Describe(errno)}.") { Errno = errno };
    }
}

/// <summary>Reads events from a perf event array, which has one buffer for each CPU.</summary>
internal sealed class PerfSource : IEventSource
{
    private const ulong BusyPart = 4;

    private readonly RecordStream _stream;
    private readonly BufferSlot _slot;
    private readonly List<PerfRing> _rings = [];
    private ulong _high;

    /// <exception cref="InvalidOperationException">Another reader or an event stream has opened the map's buffers.</exception>
    public PerfSource(RecordStream stream, BpfMap map)
    {
        _stream = stream;
        _slot = map.Buffer;
        _slot.Claim();
        stream.HighWater = 0;
        stream.Lost = 0;
        try
        {
            foreach (var cpu in Cpus.Online())
            {
                if (PerfRing.Open(map.Fd, cpu) is { } ring)
                {
                    _rings.Add(ring);
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IEnumerable<int> Fds => _rings.Select(r => r.Fd);

    public DrainResult Read(IEventSink sink, ref bool stopped)
    {
        var fill = DrainResult.Empty;
        double fullest = 0;
        foreach (var ring in _rings)
        {
            var waiting = ring.Waiting;
            fullest = Math.Max(fullest, Math.Min(1, (double)waiting / ring.Size));
            if (waiting == 0)
            {
                continue;
            }

            if (waiting > _high)
            {
                _high = waiting;
                _stream.HighWater = Math.Min(1, (double)waiting / ring.Size);
            }

            ulong read;
            if (_stream.Tally is { } tally)
            {
                var observing = new ObservingSink(_stream, tally);
                read = ring.Drain(ref observing);
            }
            else
            {
                var decoding = new DecodingSink(_stream, _stream.RecordType!, sink);
                read = ring.Drain(ref decoding);
                stopped |= decoding.Stopped;
            }

            fill = read >= ring.Size / BusyPart ? DrainResult.Much : fill == DrainResult.Much ? fill : DrainResult.Some;
            if (stopped)
            {
                break;
            }
        }

        _stream.Fill = fullest;
        return fill;
    }

    public void ReportLost(IEventSink sink)
    {
        ulong lost = 0;
        foreach (var ring in _rings)
        {
            lost += ring.TakeLost();
        }

        if (lost > 0)
        {
            _stream.Lost += lost;
            sink.Lost(_stream.Name, lost);
        }
    }

    public void Dispose()
    {
        foreach (var ring in _rings)
        {
            ring.Dispose();
        }

        _rings.Clear();
        _slot.Unclaim();
    }
}
