using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;

namespace Bee.Ebpf.Events;

/// <summary>The mapped memory of a ring buffer, or of a perf event array's buffers, that the streams of one map share.</summary>
internal sealed class MappedBuffer : IDisposable
{
    private readonly RingBuffer? _ring;
    private readonly List<PerfRing> _perf = [];
    private readonly int _fd;
    private ulong _lost;

    /// <param name="map">A ring buffer or perf event array.</param>
    /// <exception cref="BpfLoadException">The buffer cannot be mapped.</exception>
    public MappedBuffer(BpfMap map)
    {
        _fd = map.Fd;
        if (map.Description.Type == MapType.RingBuffer)
        {
            _ring = RingBuffer.MapRing(map);
            return;
        }

        try
        {
            foreach (var cpu in Cpus.Online())
            {
                if (PerfRing.Open(map.Fd, cpu) is { } ring)
                {
                    _perf.Add(ring);
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Fds that become readable when records come.</summary>
    public IEnumerable<int> Fds => _ring is not null ? [_fd] : _perf.Select(ring => ring.Fd);

    /// <summary>Begins to walk the records.</summary>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    public RecordCursor Walk() => _ring is not null ? _ring.Walk() : new PerfCursor(_perf);

    /// <summary>Reads how many records the kernel dropped since the buffer was opened; null for a ring buffer, of which it keeps no count.</summary>
    public ulong? ReadLost()
    {
        if (_ring is not null)
        {
            return null;
        }

        lock (_perf)
        {
            foreach (var ring in _perf)
            {
                ring.BeginLease();
                _lost += ring.TakeLost();
                ring.EndLease();
            }

            return _lost;
        }
    }

    public void Dispose()
    {
        _ring?.Dispose();
        _perf.ForEach(ring => ring.Dispose());
    }
}
