using System.Diagnostics.CodeAnalysis;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Events;

/// <summary>
/// The events of a ring buffer or perf event array, as objects whose properties and indexer are the fields of the C struct. An enumeration reads from the kernel's buffer as it goes: it
/// has no queue of its own, and no thread while nothing is enumerated. One enumeration at a time; the next one continues where the last one ended.
/// </summary>
public sealed class EventStream
{
    private readonly object _session;
    private readonly BpfMap _map;
    private readonly LostEvents _lost;
    private readonly RecordStream _stream;

    [RequiresDynamicCode(DynamicCode.Reason)]
    internal EventStream(LoadedObject source, object session, BpfMap map)
    {
        EventMaps.Open(map);
        _session = session;
        _map = map;
        var type = RecordType.ForEvent(map.Description);
        RecordOrigin.Note(source.File, map.Description, type);
        _stream = new RecordStream(map.Name, map.Description, type, null) { Stacks = map.Stacks };
        _lost = new LostEvents(source, map);
    }

    /// <summary>The map.</summary>
    public BpfMap Map => _map;

    /// <summary>The number of events that a full buffer dropped since the stream was made; null for a ring buffer whose program does not count them (bee.h does), since the kernel keeps no count.</summary>
    public ulong? Lost => _lost.Read();

    /// <summary>The number of records that were shorter than the C struct. Their events are <see cref="TruncatedEvent"/>s.</summary>
    public long ShortRecords => _stream.ShortRecords;

    /// <summary>Reads the events as they come. Waiting blocks no thread of the pool.</summary>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The events. The enumeration ends when the session is disposed.</returns>
    /// <exception cref="InvalidOperationException">The map has a reader.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The buffer cannot be mapped.</exception>
    public IAsyncEnumerable<BpfEvent> ReadAsync(CancellationToken cancellationToken = default) => new AsyncEvents(this, cancellationToken);

    /// <summary>Reads the events as they come, and blocks the calling thread meanwhile.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public IEnumerable<BpfEvent> Read(CancellationToken cancellationToken = default)
    {
        using var reading = new BufferReading(_session, _map, cancellationToken);
        var last = new LastEvent();
        var decoding = new DecodingSink(_stream, _stream.RecordType!, last);
        do
        {
            while (TryNext(reading, ref decoding))
            {
                yield return last.Value;
            }
        }
        while (reading.WaitForMore());
    }

    private static unsafe bool TryNext(BufferReading reading, ref DecodingSink decoding)
    {
        if (!reading.TryNext(out var record, out var length))
        {
            return false;
        }

        decoding.Record(new ReadOnlySpan<byte>(record, length));
        return true;
    }

    private sealed class LastEvent : IEventSink
    {
        public BpfEvent Value { get; private set; } = null!;

        public bool Event(BpfEvent e)
        {
            Value = e;
            return true;
        }

        public void Lost(string map, ulong count)
        {
        }
    }

    private sealed class AsyncEvents(EventStream stream, CancellationToken first) : IAsyncEnumerable<BpfEvent>
    {
        public IAsyncEnumerator<BpfEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default) => new Enumerator(stream, first, cancellationToken);
    }

    private sealed class Enumerator : AsyncReading, IAsyncEnumerator<BpfEvent>
    {
        private readonly LastEvent _last = new();
        private DecodingSink _decoding;

        public Enumerator(EventStream stream, CancellationToken first, CancellationToken second)
            : base(stream._session, stream._map, first, second) => _decoding = new DecodingSink(stream._stream, stream._stream.RecordType!, _last);

        public BpfEvent Current => _last.Value;

        public ValueTask<bool> MoveNextAsync() => TryMove() ? new(true) : MoveSlowAsync();

        protected override bool TryMove() => TryNext(Reading, ref _decoding);
    }
}

/// <summary>
/// The events of a ring buffer or perf event array, as values of a struct that mirrors the C struct. The struct was checked against the record's BTF type when the stream was made (see
/// <see cref="BpfFieldAttribute"/>). A record that is shorter than the struct is a defect of the program, and the enumeration throws; the next one continues behind that record. The bytes
/// behind the struct in a longer record are ignored. Decodes without generated code, and allocates nothing for an event.
/// </summary>
/// <typeparam name="T">An unmanaged struct.</typeparam>
public sealed unsafe class EventStream<[DynamicallyAccessedMembers(StructCheck.Fields)] T>
    where T : unmanaged
{
    private readonly object _session;
    private readonly BpfMap _map;
    private readonly LostEvents _lost;
    private readonly int _least;

    internal EventStream(LoadedObject source, object session, BpfMap map)
    {
        EventMaps.Open(map);
        StructCheck.Event<T>(map.Description);
        // A tracer of Inspektor Gadget submits as much of a struct as it has filled. A flexible array may begin in the padding at the end of the struct.
        _least = map.Description.DataSource is not null ? 0 : Math.Min(sizeof(T), map.Description.Value is { } type ? StructCheck.LeastSize(type) : sizeof(T));
        _session = session;
        _map = map;
        _lost = new LostEvents(source, map);
    }

    /// <inheritdoc cref="EventStream.Map"/>
    public BpfMap Map => _map;

    /// <inheritdoc cref="EventStream.Lost"/>
    public ulong? Lost => _lost.Read();

    /// <inheritdoc cref="EventStream.ReadAsync"/>
    /// <exception cref="ShortRecordException">A record is shorter than the struct.</exception>
    public IAsyncEnumerable<T> ReadAsync(CancellationToken cancellationToken = default) => new AsyncEvents(this, cancellationToken);

    /// <summary>Reads the events in place, and blocks the calling thread meanwhile: <c>foreach (ref readonly T e in stream.Read(cancellationToken))</c>.</summary>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The events. Each is a reference into the kernel's buffer, valid until the next one. The enumeration ends when the session is disposed.</returns>
    public Sequence Read(CancellationToken cancellationToken = default) => new(this, cancellationToken);

    // Copies a record that ends early, and adds zeros.
    private T* Complete(byte* record, int length, ref T[]? copy)
    {
        if (length < _least)
        {
            throw new ShortRecordException(_map.Name, _least, length);
        }

        copy ??= GC.AllocateArray<T>(1, pinned: true);
        var target = (T*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref copy[0]);
        *target = default;
        new ReadOnlySpan<byte>(record, length).CopyTo(new Span<byte>(target, sizeof(T)));
        return target;
    }

    /// <summary>The events of a stream, for <c>foreach</c>.</summary>
    public readonly struct Sequence
    {
        private readonly EventStream<T> _stream;
        private readonly CancellationToken _cancellationToken;

        internal Sequence(EventStream<T> stream, CancellationToken cancellationToken) => (_stream, _cancellationToken) = (stream, cancellationToken);

        /// <summary>Begins to read.</summary>
        /// <exception cref="InvalidOperationException">The map has a reader.</exception>
        /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
        /// <exception cref="BpfLoadException">The buffer cannot be mapped.</exception>
        public Enumerator GetEnumerator() => new(_stream, _cancellationToken);
    }

    /// <summary>Reads events in place.</summary>
    public ref struct Enumerator
    {
        private readonly EventStream<T> _stream;
        private readonly BufferReading _reading;
        private T* _current;
        private T[]? _copy;

        internal Enumerator(EventStream<T> stream, CancellationToken cancellationToken)
        {
            _stream = stream;
            _reading = new BufferReading(stream._session, stream._map, cancellationToken);
        }

        /// <summary>The event, valid until the next call of <see cref="MoveNext"/>.</summary>
        [UnscopedRef]
        public readonly ref readonly T Current => ref *_current;

        /// <summary>Waits for the next event.</summary>
        /// <returns>False if the session has been disposed.</returns>
        /// <exception cref="OperationCanceledException">The token is canceled.</exception>
        /// <exception cref="ShortRecordException">A record is shorter than the struct.</exception>
        public bool MoveNext()
        {
            if (_reading.TryNext(out var record, out var length) && length >= sizeof(T))
            {
                _current = (T*)record;
                return true;
            }

            return MoveSlow(record, length);
        }

        /// <summary>Ends the enumeration; events that were not read stay in the buffer.</summary>
        public readonly void Dispose() => _reading.Dispose();

        private bool MoveSlow(byte* record, int length)
        {
            while (record is null)
            {
                if (!_reading.WaitForMore())
                {
                    return false;
                }

                _reading.TryNext(out record, out length);
            }

            _current = length >= sizeof(T) ? (T*)record : _stream.Complete(record, length, ref _copy);
            return true;
        }
    }

    private sealed class AsyncEvents(EventStream<T> stream, CancellationToken first) : IAsyncEnumerable<T>
    {
        public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default) => new AsyncEnumerator(stream, first, cancellationToken);
    }

    private sealed class AsyncEnumerator(EventStream<T> stream, CancellationToken first, CancellationToken second)
        : AsyncReading(stream._session, stream._map, first, second), IAsyncEnumerator<T>
    {
        private T* _current;
        private T[]? _copy;

        public T Current => _current is null ? default : *_current;

        public ValueTask<bool> MoveNextAsync() => TryMove() ? new(true) : MoveSlowAsync();

        public override ValueTask DisposeAsync()
        {
            // The buffer may be unmapped from now on.
            _current = null;
            return base.DisposeAsync();
        }

        protected override bool TryMove()
        {
            if (!Reading.TryNext(out var record, out var length))
            {
                return false;
            }

            _current = length >= sizeof(T) ? (T*)record : stream.Complete(record, length, ref _copy);
            return true;
        }
    }
}

/// <summary>An asynchronous enumeration. <c>MoveNextAsync</c> completes synchronously while there are records.</summary>
internal abstract class AsyncReading : IAsyncDisposable
{
    private readonly CancellationTokenSource? _linked;

    protected AsyncReading(object session, BpfMap map, CancellationToken first, CancellationToken second)
    {
        _linked = first.CanBeCanceled && second.CanBeCanceled && first != second ? CancellationTokenSource.CreateLinkedTokenSource(first, second) : null;
        try
        {
            Reading = new BufferReading(session, map, _linked?.Token ?? (first.CanBeCanceled ? first : second));
        }
        catch
        {
            _linked?.Dispose();
            throw;
        }
    }

    protected BufferReading Reading { get; }

    public virtual ValueTask DisposeAsync()
    {
        Reading.Dispose();
        _linked?.Dispose();
        return default;
    }

    /// <summary>Moves to the next record that is in the buffer.</summary>
    protected abstract bool TryMove();

    [System.Runtime.CompilerServices.AsyncMethodBuilder(typeof(System.Runtime.CompilerServices.PoolingAsyncValueTaskMethodBuilder<>))]
    protected async ValueTask<bool> MoveSlowAsync()
    {
        while (await Reading.WaitForMoreAsync().ConfigureAwait(false))
        {
            if (TryMove())
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>The count of a map's lost events, from the kernel or from the program.</summary>
internal sealed class LostEvents(LoadedObject source, BpfMap map) : IEventSink
{
    private readonly object _gate = new();
    private readonly RecordStream _stream = new(map.Name, map.Description, null, null);
    private LostCounts? _counts;
    private bool _found;

    /// <summary>Returns the count; null if it is not known.</summary>
    public ulong? Read()
    {
        lock (_gate)
        {
            try
            {
                if (!_found)
                {
                    _counts = LostCounts.Find(source, [_stream]);
                    _found = true;
                }

                _counts?.Report(this);
                _stream.Lost = map.Buffer.Open(() => new MappedBuffer(map)).ReadLost() ?? _stream.Lost;
            }
            catch (ObjectDisposedException)
            {
                // The session is gone; the last count is the final one.
            }

            return _stream.Lost;
        }
    }

    bool IEventSink.Event(BpfEvent e) => true;

    void IEventSink.Lost(string map, ulong count)
    {
    }
}

/// <summary>Opens the buffers of maps that hold events.</summary>
internal static class EventMaps
{
    /// <summary>Opens a map's buffer. A perf event array has none in the kernel until then, and drops what programs send.</summary>
    /// <exception cref="BpfMapException">The map holds entries.</exception>
    /// <exception cref="BpfLoadException">The buffer cannot be mapped.</exception>
    public static void Open(BpfMap map)
    {
        if (!map.Description.IsEventStream)
        {
            throw new BpfMapException(MapFault.Unsupported, map.Name, $"Map '{map.Name}' is of type {map.Description.Type}, which holds entries and not events.", "Read its entries through the session's map, or name a ring buffer or perf event array.");
        }

        map.Buffer.Open(() => new MappedBuffer(map));
    }
}
