using System.Buffers;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;

namespace Bee.Telemetry.Captures;

/// <summary>Packed items that are compressed and written together. One thread at a time uses it.</summary>
internal sealed class CaptureBlock : IBufferWriter<byte>
{
    private byte[] _bytes = new byte[64 << 10];

    /// <summary>The file that it belongs to.</summary>
    public CapturePart? Part { get; private set; }

    /// <summary>The bytes in it. Setting a smaller number takes back what was written last.</summary>
    public int Length { get; set; }

    /// <summary>The events in it.</summary>
    public uint Events { get; set; }

    /// <summary>The lost events that it reports.</summary>
    public ulong Lost { get; set; }

    /// <summary>When its first item was added, in ticks, UTC.</summary>
    public long First { get; private set; }

    /// <summary>When it was closed.</summary>
    public long Last { get; set; }

    /// <summary>Its content.</summary>
    public ReadOnlySpan<byte> Content => _bytes.AsSpan(0, Length);

    /// <summary>Empties it, for items of a file.</summary>
    public void Begin(CapturePart part)
    {
        Part = part;
        Length = 0;
        Events = 0;
        Lost = 0;
        First = DateTime.UtcNow.Ticks;
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

/// <summary>One file of a capture: what packs its items, and their sums.</summary>
/// <param name="number">Its number, from 1.</param>
internal sealed class CapturePart(int number)
{
    /// <summary>Its number, from 1.</summary>
    public int Number => number;

    /// <summary>Packs its items.</summary>
    public EventPacker Packer { get; } = new();

    /// <summary>The sums of what was packed.</summary>
    public StreamSums Sums { get; } = new();

    /// <summary>The bytes of items that wait to be written, before compression.</summary>
    public long Pending { get; set; }

    /// <summary>The bytes of items that were written, before compression.</summary>
    public long Packed { get; set; }

    /// <summary>The bytes that the file has.</summary>
    public long Written { get; set; }

    /// <summary>The events of the blocks that were written.</summary>
    public long Events { get; set; }
}

/// <summary>Counts the events and losses of streams.</summary>
internal sealed class StreamSums
{
    private readonly Dictionary<string, Sum> _streams = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, Sum> _byType = [];
    private Type? _lastType;
    private Sum? _last;

    /// <summary>The sums so far.</summary>
    public IReadOnlyList<CaptureStream> Streams => [.. _streams.Values.Select(sum => new CaptureStream(sum.Name, sum.Events, sum.Lost))];

    /// <summary>The lost events of all streams.</summary>
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

    /// <summary>Counts lost events; 0 notes that losses of the stream are counted.</summary>
    public void CountLost(string stream, ulong count)
    {
        Sum sum = Of(stream);
        sum.Lost = (sum.Lost ?? 0) + count;
    }

    /// <summary>Adds other sums.</summary>
    public void Add(StreamSums others)
    {
        foreach (Sum other in others._streams.Values)
        {
            Sum sum = Of(other.Name);
            sum.Events += other.Events;
            sum.Lost = other.Lost is { } lost ? (sum.Lost ?? 0) + lost : sum.Lost;
        }
    }

    /// <summary>Takes away sums that were added.</summary>
    public void Subtract(StreamSums others)
    {
        foreach (Sum other in others._streams.Values)
        {
            Sum sum = Of(other.Name);
            sum.Events -= other.Events;
            sum.Lost -= other.Lost ?? 0;
        }
    }

    /// <summary>The sums with others added.</summary>
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
