using System.Buffers;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;

namespace Bee.Telemetry.Captures;

/// <summary>Packed items that are compressed and written together. Not thread-safe.</summary>
internal sealed class CaptureBlock : IBufferWriter<byte>
{
    private byte[] _bytes = new byte[64 << 10];

    /// <summary>The file that the block belongs to.</summary>
    public CapturePart? Part { get; private set; }

    /// <summary>The length of the content in bytes.</summary>
    public int Length { get; private set; }

    /// <summary>The number of events in the block.</summary>
    public uint Events { get; private set; }

    /// <summary>The number of lost events that the block reports.</summary>
    public ulong Lost { get; set; }

    /// <summary>The time of the first item, in UTC ticks.</summary>
    public long First { get; private set; }

    /// <summary>The time when the block was closed, in UTC ticks.</summary>
    public long Last { get; set; }

    /// <summary>The content.</summary>
    public ReadOnlySpan<byte> Content => _bytes.AsSpan(0, Length);

    /// <summary>Clears the block for items of a file.</summary>
    public void Begin(CapturePart part)
    {
        Part = part;
        Length = 0;
        Events = 0;
        Lost = 0;
        First = DateTime.UtcNow.Ticks;
    }

    /// <summary>Packs an event into the block, and counts it. If it throws, the block is unchanged; <see cref="CapturePart.IsBroken"/> says whether others can follow.</summary>
    /// <exception cref="PackException">The event has a value that a capture cannot hold.</exception>
    public void Add(BpfEvent item)
    {
        CapturePart part = Part!;
        int before = Length;
        try
        {
            part.Packer.Pack(item, this);
        }
        catch (Exception e)
        {
            part.IsBroken |= Length != before || e is not PackException { Fault: PackFault.NotPackable };
            Length = before;
            throw;
        }

        Events++;
        part.Sums.Count(item);
    }

    /// <inheritdoc/>
    public void Advance(int count) => Length += count;

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(Length);
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(Length);
    }

    private void Reserve(int count)
    {
        if (_bytes.Length - Length < Math.Max(count, 1))
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, checked(Length + count)));
        }
    }
}

/// <summary>One file of a capture: its packer and its totals.</summary>
/// <param name="number">The number of the file, from 1.</param>
internal sealed class CapturePart(int number)
{
    /// <summary>The number of the file, from 1.</summary>
    public int Number => number;

    /// <summary>Packs the items of the file.</summary>
    public EventPacker Packer { get; } = new();

    /// <summary>The totals of the packed items.</summary>
    public StreamSums Sums { get; } = new();

    /// <summary>Whether the packer counts definitions as written that no block has, so that no item can follow.</summary>
    public bool IsBroken { get; set; }

    /// <summary>The size of the items that are not written yet, in bytes before compression.</summary>
    public long Pending { get; set; }

    /// <summary>The size of the items that were written, in bytes before compression.</summary>
    public long Packed { get; set; }

    /// <summary>The length of the file in bytes.</summary>
    public long Written { get; set; }

    /// <summary>The number of events in the written blocks.</summary>
    public long Events { get; set; }
}

/// <summary>Counts events and lost events by stream.</summary>
internal sealed class StreamSums
{
    private readonly Dictionary<string, Sum> _streams = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, Sum> _byType = [];
    private Type? _lastType;
    private Sum? _last;

    /// <summary>The totals of each stream.</summary>
    public IReadOnlyList<CaptureStream> Streams => [.. _streams.Values.Select(sum => new CaptureStream(sum.Name, sum.Events, sum.Lost))];

    /// <summary>The number of lost events of all streams.</summary>
    public ulong Lost
    {
        get
        {
            ulong lost = 0;
            foreach (Sum sum in _streams.Values)
            {
                lost += sum.Lost ?? 0;
            }

            return lost;
        }
    }

    /// <summary>Counts an event.</summary>
    public void Count(BpfEvent item)
    {
        Type type = item.GetType();
        if (type != _lastType)
        {
            _lastType = type;
            if (!_byType.TryGetValue(type, out _last))
            {
                _byType[type] = _last = Of(type.GetProperty("MapName")?.GetValue(item) as string ?? type.Name);
            }
        }

        _last!.Events++;
    }

    /// <summary>Counts lost events. 0 marks the stream as one whose losses are counted.</summary>
    public void CountLost(string stream, ulong count)
    {
        Sum sum = Of(stream);
        sum.Lost = (sum.Lost ?? 0) + count;
    }

    /// <summary>Adds the totals of another instance.</summary>
    public void Add(StreamSums others)
    {
        foreach (Sum other in others._streams.Values)
        {
            Sum sum = Of(other.Name);
            sum.Events += other.Events;
            sum.Lost = other.Lost is { } lost ? (sum.Lost ?? 0) + lost : sum.Lost;
        }
    }

    /// <summary>Subtracts totals that were added before.</summary>
    public void Subtract(StreamSums others)
    {
        foreach (Sum other in others._streams.Values)
        {
            Sum sum = Of(other.Name);
            sum.Events -= other.Events;
            sum.Lost -= other.Lost ?? 0;
        }
    }

    /// <summary>Returns these totals plus those of another instance.</summary>
    public IReadOnlyList<CaptureStream> Plus(StreamSums others)
    {
        var all = new StreamSums();
        all.Add(this);
        all.Add(others);
        return all.Streams;
    }

    private Sum Of(string name)
    {
        if (!_streams.TryGetValue(name, out Sum? sum))
        {
            _streams[name] = sum = new Sum(name);
        }

        return sum;
    }

    private sealed class Sum(string name)
    {
        public string Name => name;

        public long Events { get; set; }

        public ulong? Lost { get; set; }
    }
}
