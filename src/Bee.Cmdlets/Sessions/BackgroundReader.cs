using System.Diagnostics.CodeAnalysis;
using Bee.Ebpf;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Telemetry.Collection;

namespace Bee.Cmdlets.Sessions;

/// <summary>The thread that reads one background program into its buffer, and that detaches the program when it is done.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The thread disposes of everything when it ends, which Stop waits for.")]
internal sealed class BackgroundReader : IEventSink
{
    // A broken program can send nothing but short records; the first ones say all there is to say.

    private readonly BpfSession _session;
    private readonly EventReader _reader;
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _thread;
    private readonly long _maxEvents;
    private readonly TimeSpan? _duration;
    private readonly List<string> _notices = [];
    private long _events;
    private volatile BpfProgramState _state = BpfProgramState.Running;
    private volatile Exception? _error;

    public BackgroundReader(BpfSession session, EventReader reader, string name, int bufferSize, long maxEvents, TimeSpan? duration)
    {
        _session = session;
        _reader = reader;
        _maxEvents = maxEvents;
        _duration = duration;
        Buffer = new EventBuffer(bufferSize);
        Streams = reader.Streams;
        Meter = new SessionMeter(session, reader.Streams);
        _thread = new Thread(Run) { IsBackground = true, Name = $"bee {name}" };
    }

    /// <summary>Let go of at the end, when nothing is read any more.</summary>
    public IDisposable? Hold { get; init; }

    public EventBuffer Buffer { get; }

    public IReadOnlyList<RecordStream> Streams { get; }

    /// <summary>What the session measures.</summary>
    public SessionMeter Meter { get; }

    public BpfProgramState State => _state;

    public Exception? Error => _error;

    public long Events => Interlocked.Read(ref _events);

    /// <summary>The sum over the streams that know; null when none does.</summary>
    public ulong? Lost => LossCount.Of(Streams);

    public void Start() => _thread.Start();

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
        Buffer.Add(e);
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
        // The streams keep the sums.
    }

    private void Run()
    {
        BpfProgramState end = BpfProgramState.Completed;
        try
        {
            _reader.Run(this, _stop.Token, _duration);
        }
        catch (OperationCanceledException)
        {
            end = BpfProgramState.Stopped;
        }
        catch (Exception error)
        {
            // An exception that leaves a thread ends the process.
            _error = error;
            end = BpfProgramState.Failed;
        }

        if (_stop.IsCancellationRequested && _error is null)
        {
            end = BpfProgramState.Stopped;
        }

        if (!_stop.IsCancellationRequested)
        {
            // The maps go with the session; what they counted can still be asked for.
            Meter.Freeze();
        }

        _reader.Dispose();
        _session.Dispose();
        Hold?.Dispose();
        _stop.Dispose();
        _state = end;
        Buffer.End();
    }
}
