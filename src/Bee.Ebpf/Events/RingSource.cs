using Bee.Ebpf.Maps;

namespace Bee.Ebpf.Events;

/// <summary>A ring buffer as a source of events.</summary>
internal sealed class RingSource : IEventSource
{
    // A reader that finds this part of the ring full does not rest before it looks again.
    private const ulong BusyPart = 4;

    private readonly RecordStream _stream;
    private readonly RingBuffer _ring;
    private readonly int _descriptor;
    private ulong _high;

    public RingSource(RecordStream stream, BpfMap map)
    {
        _stream = stream;
        _ring = RingBuffer.Open(map);
        _descriptor = map.Descriptor;
        stream.HighWater = 0;
    }

    public IEnumerable<int> Descriptors => [_descriptor];

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
