using System.Collections.Concurrent;
using Bee.Ebpf.CoRe;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Events;

/// <summary>The sources of a reader: buffers of events, polled maps and histograms, and iterators.</summary>
internal sealed class EventSources : IDisposable
{
    private readonly List<IEventSource> _buffers = [];
    private readonly List<BufferSlot> _slots = [];
    private readonly List<IPolled> _polled = [];
    private readonly List<IteratorSource> _iterators = [];
    private readonly LostCounts? _lost;
    private readonly bool _repeat;
    private readonly List<(string Map, string Text)> _notices = [];
    private readonly ConcurrentQueue<(string Map, string Text)>? _later;
    private volatile bool _abandoned;
    // Whether the sink ended the run at a histogram, so that it receives no further ones.
    private bool _stoppedAtHistogram;

    public EventSources(LoadedObject source, EventReaderOptions options)
    {
        _repeat = options.RepeatIterators ?? options.AllEntries;
        _later = options.Notices;
        try
        {
            var streams = new List<RecordStream>();
            foreach (var map in options.Containers is null ? [] : source.Maps)
            {
                map.NameContainers(options.Containers!, options.Extras, options.ContainerFilter);
            }

            foreach (var map in source.Maps.Where(m => options.Select(m.Description) && !LostCounts.IsCount(m.Description, source.File)))
            {
                if (Open(map, options) is { } stream)
                {
                    Note(source.File, stream);
                    streams.Add(stream);
                }
            }

            var writes = new Lazy<IReadOnlyList<RecordWrite>>(() => RecordWrites.In(source.File));
            foreach (var program in source.Programs.Where(p => p.IsLoaded && p.Description.Kind == ProgramKinds.Iterator))
            {
                var iterator = new IteratorSource(program, writes, options);
                Note(source.File, iterator.Stream);
                _iterators.Add(iterator);
                streams.Add(iterator.Stream);
            }

            if (options.TraceLines)
            {
                var stream = TraceSource.Describe();
                _buffers.Add(new TraceSource(stream, source.Programs));
                streams.Add(stream);
            }

            _lost = LostCounts.Find(source, streams);
            Streams = streams;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The streams of all sources, in the order of the object.</summary>
    public IReadOnlyList<RecordStream> Streams { get; }

    /// <summary>The fds that become readable when there are events.</summary>
    public IEnumerable<int> Fds => _buffers.SelectMany(b => b.Fds);

    /// <summary>Whether further events are possible. False with iterators and their trace lines alone. A session with nothing to read is endless too: its programs stay attached.</summary>
    public bool IsEndless => _iterators.Count == 0 || _buffers.Exists(b => b is not TraceSource) || _polled.Count > 0 || _repeat;

    /// <summary>Whether a source must be polled because it does not report news through an fd.</summary>
    public bool WantsPolling => _polled.Count > 0 || _lost is not null || _later is not null || _buffers.Any(b => b is PerfSource or TraceSource) || (_repeat && _iterators.Count > 0);

    /// <summary>Whether a source is a ring buffer, whose records may come without a wake-up (<see cref="Waiter.LongestRingWait"/>).</summary>
    public bool HasRings => _buffers.Exists(b => b is RingSource);

    /// <summary>Begins a run: passes on notices, the output of iterators, and the entries of maps. Histograms are left to the first poll, since they have counted nothing yet.</summary>
    /// <returns>True if the sink has ended the run.</returns>
    public bool Begin(IEventSink sink)
    {
        _stoppedAtHistogram = false;
        _notices.ForEach(notice => sink.Notice(notice.Map, notice.Text));
        _notices.Clear();
        var stopped = false;
        ReadIterators(sink, ref stopped);
        Poll(_polled.Where(p => p is not HistogramSource), sink, ref stopped);
        ReportLost(sink, stopped);
        return stopped;
    }

    /// <summary>Polls the maps and reports losses.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="iterators">Whether the iterators run again.</param>
    /// <returns>True if the sink has ended the run.</returns>
    public bool Poll(IEventSink sink, bool iterators)
    {
        var stopped = false;
        if (_repeat && iterators)
        {
            ReadIterators(sink, ref stopped);
        }

        Poll(_polled, sink, ref stopped);
        ReportLost(sink, stopped);
        return stopped;
    }

    /// <summary>Reads the buffers.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="stopped">Set to true if the sink ends the run.</param>
    /// <returns>The result for the fullest buffer.</returns>
    public DrainResult Read(IEventSink sink, ref bool stopped)
    {
        var fullest = DrainResult.Empty;
        foreach (var buffer in _buffers)
        {
            var fill = buffer.Read(sink, ref stopped);
            fullest = fill > fullest ? fill : fullest;
            if (stopped || _abandoned)
            {
                break;
            }
        }

        return fullest;
    }

    /// <summary>Passes the changed histograms on when the sink has ended the run at an event, so that they show the final state.</summary>
    public void PassLastHistograms(IEventSink sink)
    {
        if (!_stoppedAtHistogram)
        {
            foreach (var histograms in _polled.OfType<HistogramSource>())
            {
                histograms.PassLast(sink);
            }
        }
    }

    /// <summary>Registers this reader with each buffer.</summary>
    /// <exception cref="InvalidOperationException">A buffer has another reader. No buffer is registered then.</exception>
    public void Enter()
    {
        for (var i = 0; i < _slots.Count; i++)
        {
            try
            {
                // The session disposes its event readers itself.
                _slots[i].Enter(static () => { });
            }
            catch
            {
                _slots.GetRange(0, i).ForEach(slot => slot.Leave());
                throw;
            }
        }
    }

    /// <summary>Unregisters this reader.</summary>
    public void Leave() => _slots.ForEach(slot => slot.Leave());

    /// <summary>Makes the current read return early. Thread-safe.</summary>
    public void Abandon() => _abandoned = true;

    public void Dispose()
    {
        foreach (var buffer in _buffers)
        {
            buffer.Dispose();
        }
    }

    private void ReadIterators(IEventSink sink, ref bool stopped)
    {
        for (var i = 0; i < _iterators.Count && !stopped && !_abandoned; i++)
        {
            _iterators[i].Read(sink, ref stopped);
        }
    }

    private void Poll(IEnumerable<IPolled> polled, IEventSink sink, ref bool stopped)
    {
        foreach (var one in polled)
        {
            if (stopped || _abandoned)
            {
                return;
            }

            one.Poll(sink, ref stopped);
            _stoppedAtHistogram = stopped && one is HistogramSource;
        }
    }

    private void ReportLost(IEventSink sink, bool stopped)
    {
        if (!stopped)
        {
            _buffers.ForEach(b => b.ReportLost(sink));
            _lost?.Report(sink);
            while (_later?.TryDequeue(out var notice) == true)
            {
                sink.Notice(notice.Map, notice.Text);
            }
        }
    }

    // Lets objects be packed by their type alone.
    private static void Note(ObjectFile file, RecordStream stream)
    {
        if (stream.HistogramType is { } histograms)
        {
            RecordOrigin.Note(file, stream.Map!, histograms);
        }
        else if (stream.RecordType is { } type)
        {
            RecordOrigin.Note(file, stream.Map, type);
        }
    }

    private void Add(RecordStream stream, BpfMap map)
    {
        _buffers.Add(map.Description.Type == MapType.RingBuffer ? new RingSource(stream, map) : new PerfSource(stream, map));
        _slots.Add(map.Buffer);
    }

    private RecordStream? Open(BpfMap map, EventReaderOptions options)
    {
        RecordStream stream;
        if (map.Description.Role == MapRole.Histogram && (map.Description.IsEventStream || map.CanPoll))
        {
            if (HistogramType.For(map.Description, out var whyNot, options.Extras) is { } histograms)
            {
                return OpenHistograms(map, histograms, options);
            }

            _notices.Add((map.Name, $"is streamed without histograms: {whyNot}."));
        }

        if (map.Description.IsEventStream)
        {
            var type = RecordType.ForEvent(map.Description, options.Extras);
            stream = new RecordStream(map.Name, map.Description, type, null)
            {
                Stacks = map.Stacks,
                Containers = ContainerLookup.Of(options, type.Where),
            };
            Add(stream, map);
            return stream;
        }

        if (!map.CanPoll || map.Description is { IsInternal: true, Place: null, HasVariables: false })
        {
            return null;
        }

        stream = new RecordStream(map.Name, map.Description, null, map.EntryType) { Containers = options.ContainerFilter is null ? null : ContainerLookup.Of(options, map.EntryType?.Where) };
        _polled.Add(new PolledMap(stream, map, options.AllEntries));
        return stream;
    }

    private RecordStream OpenHistograms(BpfMap map, HistogramType type, EventReaderOptions options)
    {
        var stream = new RecordStream(map.Name, map.Description, null, null, type)
        {
            Containers = options.ContainerFilter is null ? null : ContainerLookup.Of(options, type.Plan.Source.Where),
            LabelContainers = ContainerLookup.Of(options.Containers, type.Where),
        };
        if (map.Description.IsEventStream)
        {
            Add(stream, map);
            stream.Tally = new HistogramTally(stream, options.AllEntries);
            _polled.Add(stream.Tally);
        }
        else
        {
            _polled.Add(new HistogramScan(stream, map.Scan(), options.AllEntries));
        }

        return stream;
    }
}

/// <summary>How much a source had to read.</summary>
internal enum DrainResult
{
    /// <summary>The source was empty.</summary>
    Empty,

    /// <summary>The source had records, or one that is still being written.</summary>
    Some,

    /// <summary>The source had so many records that a rest before the next read would risk losing events.</summary>
    Much,
}

/// <summary>A buffer that programs write events into.</summary>
internal interface IEventSource : IDisposable
{
    /// <summary>The fds that become readable when there are events.</summary>
    IEnumerable<int> Fds { get; }

    /// <summary>Passes the events that are buffered now to a sink.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="stopped">Set to true if the sink ends the run.</param>
    DrainResult Read(IEventSink sink, ref bool stopped);

    /// <summary>Reports the losses that this buffer counts itself, since the last call.</summary>
    void ReportLost(IEventSink sink);
}

/// <summary>A source that is polled.</summary>
internal interface IPolled
{
    /// <summary>Passes the changes since the last poll to a sink.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="stopped">Set to true if the sink ends the run.</param>
    void Poll(IEventSink sink, ref bool stopped);
}

/// <summary>A map that is polled.</summary>
internal sealed class PolledMap : IPolled
{
    private readonly RecordStream _stream;
    private readonly BpfMap _map;
    private readonly MapScan _scan;
    private readonly SeenValues _seen;
    private readonly EntryType _type;
    private readonly bool _all;
    private readonly bool _skipZeros;

    public PolledMap(RecordStream stream, BpfMap map, bool all)
    {
        _stream = stream;
        _map = map;
        _type = stream.EntryType!;
        _scan = map.Scan();
        _seen = new SeenValues(_scan.KeySize, _scan.ValueStride);
        _all = all;
        // All slots of an array exist from the start. A slot that is still zero is not reported.
        _skipZeros = map.Description.Type is MapType.Array or MapType.PerCpuArray;
    }

    /// <summary>Passes every entry to the sink, or those that are new or have changed since the last poll.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="stopped">Set to true if the sink ends the run.</param>
    public void Poll(IEventSink sink, ref bool stopped)
    {
        _scan.Restart();
        _seen.NextPass();
        while (_scan.Next())
        {
            for (var i = 0; i < _scan.Count; i++)
            {
                var key = _scan.Key(i);
                var value = _scan.Value(i);
                // An entry that is not selected is not noted as seen: its container may get its name later.
                if (_stream.Containers?.Selects(out _, key, value) == false)
                {
                    _stream.Filtered++;
                    continue;
                }

                if (!_all && (!_seen.Changed(key, value, out var known) || (_skipZeros && !known && !value.ContainsAnyExcept((byte)0))))
                {
                    continue;
                }

                _stream.Count++;
                if (!sink.Event(_map.Decode(_type, key, value)))
                {
                    stopped = true;
                    return;
                }
            }
        }
    }
}
