using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;

namespace Bee.Ebpf.Events;

/// <summary>A perf event array as a source of events: one buffer a CPU.</summary>
internal sealed class PerfSource : IEventSource
{
    private const ulong BusyPart = 4;

    private readonly RecordStream _stream;
    private readonly List<PerfRing> _rings = [];
    private ulong _high;

    public PerfSource(RecordStream stream, BpfMap map)
    {
        _stream = stream;
        stream.HighWater = 0;
        stream.Lost = 0;
        try
        {
            foreach (var cpu in Cpus.Online())
            {
                if (PerfRing.Open(map.Descriptor, cpu) is { } ring)
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

    public IEnumerable<int> Descriptors => _rings.Select(r => r.Descriptor);

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
    }
}
