using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;

namespace Bee.Ebpf.Events;

/// <summary>Reads events and map entries of a session. It has no thread: <see cref="Run"/> waits and decodes on the calling thread.</summary>
[SupportedOSPlatform("linux")]
public sealed class EventReader : IDisposable
{
    private static readonly TimeSpan s_shortestInterval = TimeSpan.FromMilliseconds(10);

    private readonly object _gate = new();
    // Keeps the session alive. If only the reader were reachable, the links' finalizers would detach the programs.
    private readonly object _session;
    private readonly SafeHandle _owner;
    private readonly Waiter _waiter;
    private readonly EventSources _sources;
    private readonly TimeSpan _interval;
    private volatile bool _disposed;
    private bool _running;

    /// <param name="source">The loaded maps and programs.</param>
    /// <param name="session">The session, which stays alive while the reader runs.</param>
    /// <param name="owner">Keeps the fds of the object open.</param>
    /// <param name="options">Options.</param>
    internal EventReader(LoadedObject source, object session, SafeHandle owner, EventReaderOptions options)
    {
        _session = session;
        _owner = owner;
        _interval = options.Interval < s_shortestInterval ? s_shortestInterval : options.Interval;
        _waiter = new Waiter();
        try
        {
            _sources = new EventSources(source, options);
            foreach (var fd in _sources.Fds)
            {
                _waiter.Add(fd);
            }
        }
        catch
        {
            _sources?.Dispose();
            _waiter.Dispose();
            throw;
        }
    }

    /// <summary>The maps and iterators that are read, in the order of the object. Selected maps that can neither stream nor be polled, such as stacks and arrays of programs, are skipped.</summary>
    public IReadOnlyList<RecordStream> Streams => _sources.Streams;

    /// <summary>
    /// Reads until the token is canceled, the duration has passed, the sink returns false, the reader or its session is disposed, or, with iterators alone, they have ended. Events that are buffered
    /// at that moment are still passed on, unless the sink has returned false or the reader is disposed. May be called again afterwards, but not concurrently.
    /// </summary>
    /// <param name="sink">Receives the events and entries, on the calling thread.</param>
    /// <param name="cancellationToken">Ends the run, also while it waits.</param>
    /// <param name="duration">The duration of the run; null for no limit.</param>
    /// <exception cref="InvalidOperationException">The reader is running on another thread, or one of the buffers has another reader.</exception>
    /// <exception cref="ObjectDisposedException">The reader or its session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel does not allow reading a map or running an iterator.</exception>
    public void Run(IEventSink sink, CancellationToken cancellationToken, TimeSpan? duration = null)
    {
        ArgumentNullException.ThrowIfNull(sink);
        Enter();
        try
        {
            using var hold = new Lease(_owner, typeof(EventReader));
            using var registration = cancellationToken.UnsafeRegister(static waiter => ((Waiter)waiter!).Wake(), _waiter);
            Loop(sink, duration, cancellationToken);
            GC.KeepAlive(_session);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Passes the events that are buffered now, and the entries that have changed since the last call, to a sink.</summary>
    internal void ReadOnce(IEventSink sink)
    {
        Enter();
        try
        {
            using var hold = new Lease(_owner, typeof(EventReader));
            var stopped = false;
            while (!stopped && _sources.Read(sink, ref stopped) == DrainResult.Much)
            {
            }

            if (!stopped)
            {
                _sources.Poll(sink, iterators: false);
            }

            GC.KeepAlive(_session);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Ends a run and frees the buffers once it has ended. Thread-safe; further calls have no effect.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _sources.Abandon();
            if (_running)
            {
                _waiter.Wake();
                return;
            }
        }

        Free();
    }

    private void Loop(IEventSink sink, TimeSpan? duration, CancellationToken cancellationToken)
    {
        var start = Environment.TickCount64;
        var end = duration is { } span ? start + (long)Math.Max(0, span.TotalMilliseconds) : long.MaxValue;
        var stopped = _sources.Begin(sink);
        var endless = _sources.IsEndless;
        var next = start + (long)_interval.TotalMilliseconds;
        var needsTimer = _sources.WantsPolling;
        var longestWait = _sources.HasRings ? Waiter.LongestRingWait : int.MaxValue;
        while (!stopped && !_disposed && endless)
        {
            var fill = _sources.Read(sink, ref stopped);
            var now = Environment.TickCount64;
            if (stopped || cancellationToken.IsCancellationRequested || now >= end)
            {
                break;
            }

            if (needsTimer && now >= next)
            {
                stopped = _sources.Poll(sink, iterators: true);
                // After a slow poll the next one keeps the interval instead of catching up.
                next = Math.Max(next, Environment.TickCount64 - (long)_interval.TotalMilliseconds) + (long)_interval.TotalMilliseconds;
                continue;
            }

            if (fill == DrainResult.Some)
            {
                _waiter.Rest();
            }
            else if (fill == DrainResult.Empty)
            {
                _waiter.Wait(Remaining(now, Math.Min(needsTimer ? Math.Min(next, end) : end, now + longestWait)));
            }
        }

        if (!stopped && !_disposed && endless)
        {
            _sources.Read(sink, ref stopped);
            if (!stopped)
            {
                // Maps still show the state at the end of the run, but an iterator would show a later one.
                stopped = _sources.Poll(sink, iterators: !cancellationToken.IsCancellationRequested && Environment.TickCount64 >= next);
            }
        }

        if (!stopped && !_disposed && !endless)
        {
            // Trace lines that the iterators wrote.
            _sources.Read(sink, ref stopped);
        }

        if (stopped && !_disposed)
        {
            _sources.PassLastHistograms(sink);
        }
    }

    private static int Remaining(long now, long until) => (int)Math.Clamp(until - now, 0, int.MaxValue);

    private void Enter()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_running)
            {
                throw new InvalidOperationException("The reader is running already.");
            }

            _sources.Enter();
            _running = true;
            _waiter.Reset();
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            _running = false;
            _sources.Leave();
            if (!_disposed)
            {
                return;
            }
        }

        Free();
    }

    private void Free()
    {
        _sources.Dispose();
        _waiter.Dispose();
    }
}
