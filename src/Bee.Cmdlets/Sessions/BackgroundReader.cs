using System.Diagnostics.CodeAnalysis;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;
using Bee.Telemetry.Collection;

namespace Bee.Cmdlets.Sessions;

/// <summary>The thread that reads one background program into its buffer, and that detaches the program when it is done.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The thread disposes of everything when it ends, which Stop waits for.")]
internal sealed class BackgroundReader : IEventSink
{
    private readonly BpfSession _session;
    private readonly EventReader _reader;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private readonly long _maxEvents;
    private readonly TimeSpan? _duration;
    private readonly RunStatistics? _statistics;
    private readonly List<string> _notices = [];
    private long _events;
    private volatile BpfProgramState _state = BpfProgramState.Running;
    private volatile Exception? _error;
    private CancellationToken _end;

    /// <param name="session">The session, attached. The thread disposes of it and of the reader.</param>
    /// <param name="reader">Its reader.</param>
    /// <param name="name">The session's name.</param>
    /// <param name="bufferSize">How many events are kept until they are received.</param>
    /// <param name="maxEvents">After how many events to end; 0 for no limit.</param>
    /// <param name="duration">After what time to end; null for no limit.</param>
    /// <param name="statistics">Counts what the programs cost, and ends the reading when it is too much; the thread disposes of it.</param>
    public BackgroundReader(BpfSession session, EventReader reader, string name, int bufferSize, long maxEvents, TimeSpan? duration, RunStatistics? statistics = null)
    {
        _session = session;
        _reader = reader;
        _maxEvents = maxEvents;
        _duration = duration;
        _statistics = statistics;
        Buffer = new EventBuffer(bufferSize);
        Streams = reader.Streams;
        Meter = new SessionMeter(session, reader.Streams) { CountsRuns = statistics?.Counts == true };
        _thread = new Thread(Run) { IsBackground = true, Name = $"bee {name}" };
    }

    /// <summary>Let go of at the end, when nothing is read any more.</summary>
    public IDisposable? Hold { get; init; }

    /// <summary>Gets what is read; completed at the end. Null for none.</summary>
    public CaptureWriter? Capture { get; init; }

    /// <summary>Whether the last numbers of the metrics are kept also when the program is stopped, for their export.</summary>
    public bool KeepsLast { get; init; }

    /// <summary>Whether events go to the buffer.</summary>
    public bool Buffers { get; init; } = true;

    public EventBuffer Buffer { get; }

    public IReadOnlyList<RecordStream> Streams { get; }

    /// <summary>What the session measures.</summary>
    public SessionMeter Meter { get; }

    public BpfProgramState State => _state;

    public Exception? Error => _error;

    public long Events => Interlocked.Read(ref _events);

    /// <summary>The sum over the streams that know; null when none does.</summary>
    public ulong? Lost => LossCount.Of(Streams);

    public void Start()
    {
        _statistics?.Watch(_session);
        _thread.Start();
    }

    /// <summary>Reads what is there now, on this thread. Iterators are left to the thread: each run of theirs gives everything again.</summary>
    public void ReadOnce()
    {
        if (Streams.Any(stream => !stream.IsIterator))
        {
            _reader.Run(this, _stop.Token, TimeSpan.Zero);
        }
    }

    /// <summary>Where there are iterators only, waits until they have given everything, within reason.</summary>
    public void WaitForIterators()
    {
        if (Streams.All(stream => stream.IsIterator))
        {
            _thread.Join(TimeSpan.FromSeconds(2));
        }
    }

    public void Stop()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself at this very moment.
        }

        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    /// <summary>Takes out what the user should know of the maps, each sentence once.</summary>
    public IReadOnlyList<string> TakeNotices()
    {
        lock (_notices)
        {
            string[] taken = [.. _notices];
            _notices.Clear();
            return taken;
        }
    }

    bool IEventSink.Event(BpfEvent e)
    {
        try
        {
            Capture?.Write(e, _end);
        }
        catch (OperationCanceledException)
        {
            // Stopped while the disk was slower than the events.
            return false;
        }

        if (Buffers)
        {
            Buffer.Add(e);
        }
        else
        {
            Buffer.Show(e);
        }

        long count = _events + 1;
        Volatile.Write(ref _events, count);
        return count != _maxEvents;
    }

    void IEventSink.Notice(string map, string text)
    {
        lock (_notices)
        {
            _notices.Add($"{map}: {text}");
        }
    }

    void IEventSink.Lost(string map, ulong count)
    {
        try
        {
            Capture?.WriteLost(map, count, _end);
        }
        catch (OperationCanceledException)
        {
            // The streams keep the sums.
        }
    }

    private bool TryComplete()
    {
        try
        {
            Capture?.Complete();
            return true;
        }
        catch (CaptureException e)
        {
            _error ??= e;
            return false;
        }
    }

    private void Run()
    {
        BpfProgramState state = BpfProgramState.Completed;
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, _statistics?.Exceeded ?? CancellationToken.None);
            _end = end.Token;
            _reader.Run(this, _end, _duration);
        }
        catch (OperationCanceledException)
        {
            state = BpfProgramState.Stopped;
        }
        catch (Exception error)
        {
            // An exception that leaves a thread ends the process.
            _error = error;
        }

        // Waits for the detaching, if it is under way.
        _statistics?.Dispose();
        _error ??= _statistics?.Error;
        state = _error is not null ? BpfProgramState.Failed : _stop.IsCancellationRequested ? BpfProgramState.Stopped : state;

        if (KeepsLast || !_stop.IsCancellationRequested)
        {
            // The maps go with the session; what they counted can still be asked for.
            Meter.Freeze();
        }

        // Detached first: what the disk takes long for costs the traced programs nothing.
        _reader.Dispose();
        _session.Dispose();
        if (!TryComplete())
        {
            state = BpfProgramState.Failed;
        }

        Hold?.Dispose();
        _stop.Dispose();
        _state = state;
        Buffer.End();
    }
}
