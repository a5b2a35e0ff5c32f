using System.Diagnostics.CodeAnalysis;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;
using Bee.Telemetry.Collection;

namespace Bee.Cmdlets.Sessions;

/// <summary>The reader thread of a background session. It fills the session's buffer, and detaches the tool at the end.</summary>
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

    /// <param name="session">The session, attached. The thread disposes it and the reader.</param>
    /// <param name="reader">The session's reader.</param>
    /// <param name="name">The session's name.</param>
    /// <param name="bufferSize">The number of events to buffer.</param>
    /// <param name="maxEvents">The number of events to read; 0 for no limit.</param>
    /// <param name="duration">The time to read; null for no limit.</param>
    /// <param name="statistics">Measures the overhead and enforces its limit. The thread disposes it.</param>
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

    /// <summary>A resource that is disposed when the reading has ended.</summary>
    public IDisposable? Lease { get; init; }

    /// <summary>Writes the events to a capture, which is completed at the end. Null for none.</summary>
    public CaptureWriter? Capture { get; init; }

    /// <summary>Whether the last values of the metrics are kept for export after the session is stopped.</summary>
    public bool KeepsLast { get; init; }

    /// <summary>Whether events are added to the buffer.</summary>
    public bool Buffers { get; init; } = true;

    public EventBuffer Buffer { get; }

    public IReadOnlyList<RecordStream> Streams { get; }

    /// <summary>The measurements of the session.</summary>
    public SessionMeter Meter { get; }

    public BpfProgramState State => _state;

    public Exception? Error => _error;

    public long Events => Interlocked.Read(ref _events);

    /// <summary>The sum of the losses over the streams that count them; null if none does.</summary>
    public ulong? Lost => LossCount.Of(Streams);

    public void Start()
    {
        _statistics?.Watch(_session);
        _thread.Start();
    }

    /// <summary>Reads the available events on the calling thread. Skips iterators, because each run returns all their objects again.</summary>
    public void ReadOnce()
    {
        if (Streams.Any(stream => !stream.IsIterator))
        {
            _reader.Run(this, _stop.Token, TimeSpan.Zero);
        }
    }

    /// <summary>If all streams are iterators, waits until they have finished, up to a limit.</summary>
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
            // The reader ended by itself at the same moment.
        }

        if (Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }
    }

    /// <summary>Returns the notices about the maps and removes them. Each one is returned once.</summary>
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
            // The session was stopped while it waited for a slow disk.
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
            // An unhandled exception on a thread would end the process.
            _error = error;
        }

        // Waits for a detach that the overhead guard has started.
        _statistics?.Dispose();
        _error ??= _statistics?.Error;
        state = _error is not null ? BpfProgramState.Failed : _stop.IsCancellationRequested ? BpfProgramState.Stopped : state;

        if (KeepsLast || !_stop.IsCancellationRequested)
        {
            // The maps are closed with the session, but their counts remain available.
            Meter.Freeze();
        }

        // Detached before the capture is completed, so that a slow disk does not keep the programs attached.
        _reader.Dispose();
        _session.Dispose();
        if (!TryComplete())
        {
            state = BpfProgramState.Failed;
        }

        Lease?.Dispose();
        _stop.Dispose();
        _state = state;
        Buffer.End();
    }
}
