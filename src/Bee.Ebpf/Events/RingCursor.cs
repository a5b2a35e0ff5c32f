using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Events;

/// <summary>Walks the records of a <see cref="RingBuffer"/>.</summary>
internal sealed unsafe class RingCursor : RecordCursor
{
    private readonly MappedPages _consumerPages, _producerPages;
    private readonly ulong* _consumer, _producer;
    private readonly ulong _portion, _size;
    private ulong _start, _end;
    private bool _disposed;

    /// <exception cref="ObjectDisposedException">The ring has been disposed.</exception>
    public RingCursor(MappedPages consumer, MappedPages producer, byte* data, uint size, ulong portion)
    {
        var leased = false;
        consumer.DangerousAddRef(ref leased);
        try
        {
            producer.DangerousAddRef(ref leased);
        }
        catch
        {
            consumer.DangerousRelease();
            throw;
        }

        (_consumerPages, _producerPages) = (consumer, producer);
        _consumer = (ulong*)consumer.Address;
        _producer = (ulong*)producer.Address;
        (_size, _portion) = (size, portion);
        Data = data;
        Mask = size - 1;
        Position = Stop = _start = _end = *_consumer;
    }

    /// <inheritdoc/>
    public override int LongestWait => Waiter.LongestRingWait;

    /// <inheritdoc/>
    public override bool HasQuietRecords => Volatile.Read(ref *_producer) != Position;

    /// <inheritdoc/>
    public override CursorStep Refresh()
    {
        Volatile.Write(ref *_consumer, Position);
        var read = Position - _start;
        _start = Position;
        if (read > 0 && read < _size / BusyPart)
        {
            return CursorStep.Rest;
        }

        _end = Volatile.Read(ref *_producer);
        Stop = Math.Min(_end, Position + _portion);
        if (Position == _end)
        {
            return CursorStep.Wait;
        }

        // A record that is still being written holds up those behind it: space is given back in order.
        return (int)Volatile.Read(ref *(uint*)(Data + (Position & Mask))) < 0 ? CursorStep.Rest : CursorStep.Read;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Volatile.Write(ref *_consumer, Position);
            Stop = Position;
            _consumerPages.DangerousRelease();
            _producerPages.DangerousRelease();
        }
    }

    protected override bool NextSlow(out byte* record, out int length)
    {
        while (!_disposed && Position < _end)
        {
            if (Position >= Stop)
            {
                Volatile.Write(ref *_consumer, Position);
                Stop = Math.Min(_end, Position + _portion);
            }

            var start = Data + (Position & Mask);
            var header = Volatile.Read(ref *(uint*)start);
            if ((int)header < 0)
            {
                break;
            }

            var size = header & ~Discarded;
            Position += size + HeaderSize + 7 & ~7ul;
            if ((header & Discarded) == 0)
            {
                record = start + HeaderSize;
                length = (int)size;
                return true;
            }
        }

        record = null;
        length = 0;
        return false;
    }
}
