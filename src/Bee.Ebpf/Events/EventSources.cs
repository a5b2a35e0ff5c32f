using Bee.Ebpf.CoRe;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Events;

/// <summary>What a reader reads: buffers of events, maps and histograms that are polled, iterators.</summary>
internal sealed class EventSources : IDisposable
{
    private readonly List<IEventSource> _buffers = [];
    private readonly List<BufferSlot> _slots = [];
    private readonly List<IPolled> _polled = [];
    private readonly List<IteratorSource> _iterators = [];
    private readonly LostCounts? _lost;
    private readonly bool _repeat;
    private readonly List<(string Map, string Text)> _notices = [];
    private volatile bool _abandoned;
    // It was a histogram that the sink wanted to be the last.
    private bool _enoughHistograms;

    public EventSources(LoadedObject source, EventReaderOptions options)
    {
        _repeat = options.RepeatIterators ?? options.AllEntries;
        try
        {
            var streams = new List<RecordStream>();
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
                var iterator = new IteratorSource(program, writes);
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

    /// <summary>All that take part, in the object file's order.</summary>
    public IReadOnlyList<RecordStream> Streams { get; }

    /// <summary>Fds that become readable when events come.</summary>
    public IEnumerable<int> Fds => _buffers.SelectMany(b => b.Fds);

    /// <summary>Whether more may come at any time. Programs without anything to read stay attached all the same; iterators alone have an end, and so do their trace lines.</summary>
    public bool IsEndless => _iterators.Count == 0 || _buffers.Exists(b => b is not TraceSource) || _polled.Count > 0 || _repeat;

    /// <summary>Whether something has to be looked at that tells nobody when there is news.</summary>
    public bool WantsPolling => _polled.Count > 0 || _lost is not null || _buffers.Any(b => b is PerfSource or TraceSource) || (_repeat && _iterators.Count > 0);

    /// <summary>Begins a run: what is to be said, what iterators have, and what stands in maps. A histogram of the first moment says nothing yet.</summary>
    /// <returns>True when the sink wants no more.</returns>
    public bool Begin(IEventSink sink)
    {
        _enoughHistograms = false;
        _notices.ForEach(notice => sink.Notice(notice.Map, notice.Text));
        _notices.Clear();
        var stopped = false;
        ReadIterators(sink, ref stopped);
        Poll(_polled.Where(p => p is not HistogramSource), sink, ref stopped);
        ReportLost(sink, stopped);
        return stopped;
    }

    /// <summary>Looks at what is polled, and tells losses.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="iterators">Whether it is time to run iterators again.</param>
    /// <returns>True when the sink wants no more.</returns>
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
    /// <param name="stopped">Set when the sink wants no more.</param>
    /// <returns>How the fullest was found.</returns>
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

    /// <summary>Gives the histograms once more when the sink has had enough events: they still tell how things stood at the end.</summary>
    public void GiveLastHistograms(IEventSink sink)
    {
        if (!_enoughHistograms)
        {
            foreach (var histograms in _polled.OfType<HistogramSource>())
            {
                histograms.GiveLast(sink);
            }
        }
    }

    /// <summary>Registers the one reader of each buffer.</summary>
    /// <exception cref="InvalidOperationException">One of them has a reader; none is registered.</exception>
    public void Enter()
    {
        for (var i = 0; i < _slots.Count; i++)
        {
            try
            {
                // The session interrupts its readers itself.
                _slots[i].Enter(static () => { });
            }
            catch
            {
                _slots.GetRange(0, i).ForEach(slot => slot.Leave());
                throw;
            }
        }
    }

    /// <summary>Unregisters the reader.</summary>
    public void Leave() => _slots.ForEach(slot => slot.Leave());

    /// <summary>Makes reading under way come to its end. Safe from any thread.</summary>
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
            _enoughHistograms = stopped && one is HistogramSource;
        }
    }

    private void ReportLost(IEventSink sink, bool stopped)
    {
        if (!stopped)
        {
            _buffers.ForEach(b => b.ReportLost(sink));
            _lost?.Report(sink);
        }
    }

    // The objects of a stream can then be packed by their type alone.
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
            if (HistogramType.For(map.Description, out var whyNot) is { } type)
            {
                return OpenHistograms(map, type, options);
            }

            _notices.Add((map.Name, $"streams as it is and not as histograms: {whyNot}."));
        }

        if (map.Description.IsEventStream)
        {
            stream = new RecordStream(map.Name, map.Description, RecordType.ForEvent(map.Description), null) { Stacks = map.Stacks };
            Add(stream, map);
            return stream;
        }

        if (!map.CanPoll || map.Description is { IsInternal: true, Place: null, HasVariables: false })
        {
            return null;
        }

        stream = new RecordStream(map.Name, map.Description, null, map.EntryType);
        _polled.Add(new PolledMap(stream, map, options.AllEntries));
        return stream;
    }

    private RecordStream OpenHistograms(BpfMap map, HistogramType type, EventReaderOptions options)
    {
        var stream = new RecordStream(map.Name, map.Description, null, null, type);
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

/// <summary>How a source was found.</summary>
internal enum DrainResult
{
    /// <summary>Nothing was there.</summary>
    Empty,

    /// <summary>There was something, or something is being written.</summary>
    Some,

    /// <summary>So much that resting before the next look would risk losing events.</summary>
    Much,
}

/// <summary>A buffer that programs write events into.</summary>
internal interface IEventSource : IDisposable
{
    /// <summary>Fds that become readable when events come.</summary>
    IEnumerable<int> Fds { get; }

    /// <summary>Gives the sink what is there now.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="stopped">Set when the sink wants no more.</param>
    DrainResult Read(IEventSink sink, ref bool stopped);

    /// <summary>Reports losses that the source itself knows of, since the last call.</summary>
    void ReportLost(IEventSink sink);
}

/// <summary>What is looked at from time to time.</summary>
internal interface IPolled
{
    /// <summary>Gives the sink what has changed.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="stopped">Set when the sink wants no more.</param>
    void Poll(IEventSink sink, ref bool stopped);
}

/// <summary>A map that is looked at from time to time.</summary>
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
        // Every slot of an array exists from the start; those that no program has written to yet say nothing.
        _skipZeros = map.Description.Type is MapType.Array or MapType.PerCpuArray;
    }

    /// <summary>Gives the sink every entry, or those that are new or other than at the last poll.</summary>
    /// <param name="sink">The sink.</param>
    /// <param name="stopped">Set when the sink wants no more.</param>
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
