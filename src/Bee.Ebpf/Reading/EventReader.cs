using System.Runtime.InteropServices;

namespace Bee.Ebpf;

/// <summary>Reads a session's events and map entries. It has no thread of its own: <see cref="Run"/> waits and decodes on the caller's.</summary>
public sealed partial class EventReader : IDisposable
{
    private static readonly TimeSpan s_shortestInterval = TimeSpan.FromMilliseconds(10);

    private readonly object _gate = new();
    // Its links would be finalized, and with them the events end, if only the reader were still in use.
    private readonly BpfSession _session;
    private readonly SafeHandle _owner;
    private readonly Waiter _waiter;
    private readonly List<IEventSource> _sources = [];
    private readonly List<IPolled> _polled = [];
    private readonly List<IteratorSource> _iterators = [];
    private readonly LostCounts? _lost;
    private readonly TimeSpan _interval;
    private readonly bool _repeat;
    private readonly List<(string Map, string Text)> _notices = [];
    private volatile bool _disposed;
    private bool _running;
    // It was a histogram that the sink wanted to be the last.
    private bool _enoughHistograms;

    internal EventReader(BpfSession session, SafeHandle owner, EventReaderOptions options)
    {
        _session = session;
        _owner = owner;
        _interval = options.Interval < s_shortestInterval ? s_shortestInterval : options.Interval;
        _repeat = options.AllEntries;
        _waiter = new Waiter();
        try
        {
            var streams = new List<RecordStream>();
            foreach (var map in session.Maps.Where(m => options.Select(m.Description) && !LostCounts.IsCount(m.Description, session.File)))
            {
                if (Open(map, options) is { } stream)
                {
                    streams.Add(stream);
                }
            }

            foreach (var program in session.Programs.Where(p => p.IsLoaded && p.Description.Kind == Attacher.Iterator))
            {
                var stream = IteratorSource.Describe(program);
                _iterators.Add(new IteratorSource(stream, program));
                streams.Add(stream);
            }

            foreach (var source in _sources)
            {
                foreach (var descriptor in source.Descriptors)
                {
                    _waiter.Add(descriptor);
                }
            }

            _lost = LostCounts.Find(session, streams);
            Streams = streams;
        }
        catch
        {
            Free();
            throw;
        }
    }

    /// <summary>The maps and iterators that take part, in the object file's order. Selected maps that can neither stream nor be polled (stacks, arrays of programs) are left out.</summary>
    public IReadOnlyList<RecordStream> Streams { get; }

    /// <summary>
    /// Reads until the token is cancelled, the duration has passed, the sink says stop, the reader or its session is disposed, or (when there
    /// are iterators only) everything has been read. What is in the buffers at that moment is still given to the sink, unless the sink said stop
    /// or the reader is disposed. May be called again afterwards; one call at a time.
    /// </summary>
    /// <param name="sink">Gets everything, on the calling thread.</param>
    /// <param name="stop">Ends the run; it wakes a waiting reader at once.</param>
    /// <param name="duration">How long to read; null for no limit.</param>
    /// <exception cref="InvalidOperationException">Another thread is in this call.</exception>
    /// <exception cref="ObjectDisposedException">The reader or its session has been disposed of.</exception>
    /// <exception cref="BpfLoadException">The kernel refuses to read a map or to run an iterator.</exception>
    public void Run(IEventSink sink, CancellationToken stop, TimeSpan? duration = null)
    {
        ArgumentNullException.ThrowIfNull(sink);
        Enter();
        try
        {
            using var hold = new Hold(_owner);
            using var registration = stop.UnsafeRegister(static waiter => ((Waiter)waiter!).Wake(), _waiter);
            Loop(sink, stop, duration);
            GC.KeepAlive(_session);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Ends a run under way and frees the buffers, if need be when the run has ended. Safe from any thread, and more than once.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            if (_running)
            {
                _waiter.Wake();
                return;
            }
        }

        Free();
    }

    private void Loop(IEventSink sink, CancellationToken stop, TimeSpan? duration)
    {
        var start = Environment.TickCount64;
        var end = duration is { } span ? start + (long)Math.Max(0, span.TotalMilliseconds) : long.MaxValue;
        _enoughHistograms = false;
        _notices.ForEach(notice => sink.Notice(notice.Map, notice.Text));
        _notices.Clear();
        var stopped = Poll(sink, first: true);
        // Programs without anything to read stay attached all the same; iterators alone have an end.
        var endless = _iterators.Count == 0 || _sources.Count > 0 || _polled.Count > 0 || _repeat;
        var next = start + (long)_interval.TotalMilliseconds;
        var needsTimer = _polled.Count > 0 || _lost is not null || _sources.Any(s => s is PerfSource) || (_repeat && _iterators.Count > 0);
        while (!stopped && !_disposed && endless)
        {
            var fill = ReadSources(sink, ref stopped);
            var now = Environment.TickCount64;
            if (stopped || stop.IsCancellationRequested || now >= end)
            {
                break;
            }

            if (needsTimer && now >= next)
            {
                stopped = Poll(sink, first: false);
                // After a slow poll the next one keeps its distance instead of catching up.
                next = Math.Max(next, Environment.TickCount64 - (long)_interval.TotalMilliseconds) + (long)_interval.TotalMilliseconds;
                continue;
            }

            if (fill == Fill.Some)
            {
                _waiter.Nap();
            }
            else if (fill == Fill.Empty)
            {
                _waiter.Wait(Remaining(now, needsTimer ? Math.Min(next, end) : end));
            }
        }

        if (!stopped && !_disposed && endless)
        {
            ReadSources(sink, ref stopped);
            if (!stopped)
            {
                stopped = Poll(sink, first: false);
            }
        }

        if (stopped && !_disposed && !_enoughHistograms)
        {
            // Enough events: the histograms still tell how things stood at the end.
            foreach (var histograms in _polled.OfType<HistogramSource>())
            {
                histograms.GiveLast(sink);
            }
        }
    }

    private static int Remaining(long now, long until) => until == long.MaxValue ? -1 : (int)Math.Clamp(until - now, 0, int.MaxValue);

    private Fill ReadSources(IEventSink sink, ref bool stopped)
    {
        var fullest = Fill.Empty;
        foreach (var source in _sources)
        {
            var fill = source.Read(sink, ref stopped);
            fullest = fill > fullest ? fill : fullest;
            if (stopped || _disposed)
            {
                break;
            }
        }

        return fullest;
    }

    private bool Poll(IEventSink sink, bool first)
    {
        var stopped = false;
        if (first || _repeat)
        {
            for (var i = 0; i < _iterators.Count && !stopped && !_disposed; i++)
            {
                _iterators[i].Read(sink, ref stopped);
            }
        }

        for (var i = 0; i < _polled.Count && !stopped && !_disposed; i++)
        {
            // A histogram of the first moment says nothing yet.
            if (first && _polled[i] is HistogramSource)
            {
                continue;
            }

            _polled[i].Poll(sink, ref stopped);
            _enoughHistograms = stopped && _polled[i] is HistogramSource;
        }

        if (!stopped)
        {
            _sources.ForEach(s => s.ReportLost(sink));
            _lost?.Report(sink);
        }

        return stopped;
    }

    private void Enter()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_running)
            {
                throw new InvalidOperationException("The reader is running already.");
            }

            _running = true;
            _waiter.Reset();
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            _running = false;
            if (!_disposed)
            {
                return;
            }
        }

        Free();
    }

    private void Free()
    {
        foreach (var source in _sources)
        {
            source.Dispose();
        }

        _waiter.Dispose();
    }
}
