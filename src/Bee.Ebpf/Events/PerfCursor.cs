namespace Bee.Ebpf.Events;

/// <summary>Walks the samples of a perf event array, one CPU's buffer after the other. Samples are copied: in the buffer they are aligned to four bytes and may wrap around.</summary>
internal sealed unsafe class PerfCursor : RecordCursor
{
    // A sample's length and header fit into 16 bits.
    private readonly byte[] _sample = GC.AllocateUninitializedArray<byte>(ushort.MaxValue + 1, pinned: true);
    private readonly IReadOnlyList<PerfRing> _rings;
    private readonly ulong[] _positions, _starts, _ends;
    private int _current;
    private bool _disposed;

    /// <exception cref="ObjectDisposedException">The buffers have been disposed.</exception>
    public PerfCursor(IReadOnlyList<PerfRing> rings)
    {
        _rings = rings;
        var leased = 0;
        try
        {
            for (; leased < rings.Count; leased++)
            {
                rings[leased].BeginLease();
            }
        }
        catch
        {
            while (leased > 0)
            {
                rings[--leased].EndLease();
            }

            throw;
        }

        _positions = [.. rings.Select(ring => ring.Tail)];
        _starts = [.. _positions];
        _ends = [.. _positions];
    }

    /// <inheritdoc/>
    public override CursorStep Refresh()
    {
        var step = CursorStep.Wait;
        var (some, busy) = (false, false);
        for (var i = 0; i < _rings.Count; i++)
        {
            _rings[i].Release(_positions[i]);
            var read = _positions[i] - _starts[i];
            _starts[i] = _positions[i];
            some |= read > 0;
            busy |= read >= _rings[i].Size / BusyPart;
        }

        if (some && !busy)
        {
            return CursorStep.Rest;
        }

        for (var i = 0; i < _rings.Count; i++)
        {
            _ends[i] = _rings[i].Head;
            step = _ends[i] != _positions[i] ? CursorStep.Read : step;
        }

        _current = 0;
        return step;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        for (var i = 0; i < _rings.Count; i++)
        {
            _rings[i].Release(_positions[i]);
            _rings[i].EndLease();
        }
    }

    protected override bool NextSlow(out byte* record, out int length)
    {
        for (; !_disposed && _current < _rings.Count; _current++)
        {
            if (_rings[_current].TryNext(ref _positions[_current], _ends[_current], out var sample))
            {
                sample.CopyTo(_sample);
                record = (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref _sample[0]);
                length = sample.Length;
                return true;
            }
        }

        record = null;
        length = 0;
        return false;
    }
}
