using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;

namespace Bee.Ebpf.Events;

/// <summary>Reads a session's events and map entries. It has no thread of its own: <see cref="Run"/> waits and decodes on the caller's.</summary>
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

    /// <param name="source">What the session has loaded.</param>
    /// <param name="session">The session, which is kept alive while the reader runs.</param>
    /// <param name="owner">Keeps the object's fds open.</param>
    /// <param name="options">What to read.</param>
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

    /// <summary>The maps and iterators that take part, in the object file's order. Selected maps that can neither stream nor be polled (stacks, arrays of programs) are left out.</summary>
    public IReadOnlyList<RecordStream> Streams => _sources.Streams;

    /// <summary>
    /// Reads until the token is cancelled, the duration has passed, the sink says stop, the reader or its session is disposed, or (when there
    /// are iterators only) everything has been read. What is in the buffers at that moment is still given to the sink, unless the sink said stop
    /// or the reader is disposed. May be called again afterwards; one call at a time.
    /// </summary>
    /// <param name="sink">Gets everything, on the calling thread.</param>
    /// <param name="cancellationToken">Ends the run; it wakes a waiting reader at once.</param>
    /// <param name="duration">How long to read; null for no limit.</param>
    /// <exception cref="InvalidOperationException">Another thread is in this call, or something else reads one of the buffers.</exception>
    /// <exception cref="ObjectDisposedException">The reader or its session has been disposed of.</exception>
    /// <exception cref="BpfLoadException">The kernel refuses to read a map or to run an iterator.</exception>
    public void Run(IEventSink sink, CancellationToken cancellationToken, TimeSpan? duration = null)
    {
        ArgumentNullException.ThrowIfNull(sink);
        Enter();
        try
        {
            using var hold = new Lease(_owner);
            using var registration = cancellationToken.UnsafeRegister(static waiter => ((Waiter)waiter!).Wake(), _waiter);
            Loop(sink, duration, cancellationToken);
            GC.KeepAlive(_session);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Gives the sink what is in the buffers now, and the entries that have changed since the last call.</summary>
    internal void ReadOnce(IEventSink sink)
    {
        Enter();
        try
        {
            using var hold = new Lease(_owner);
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
                // After a slow poll the next one keeps its distance instead of catching up.
                next = Math.Max(next, Environment.TickCount64 - (long)_interval.TotalMilliseconds) + (long)_interval.TotalMilliseconds;
                continue;
            }

            if (fill == DrainResult.Some)
            {
                _waiter.Nap();
            }
            else if (fill == DrainResult.Empty)
            {
                _waiter.Wait(Remaining(now, needsTimer ? Math.Min(next, end) : end));
            }
        }

        if (!stopped && !_disposed && endless)
        {
            _sources.Read(sink, ref stopped);
            if (!stopped)
            {
                // Maps tell how things stood at the end; an iterator would tell of the moment after it.
                stopped = _sources.Poll(sink, iterators: !cancellationToken.IsCancellationRequested && Environment.TickCount64 >= next);
            }
        }

        if (!stopped && !_disposed && !endless)
        {
            // What iterators wrote while they ran.
            _sources.Read(sink, ref stopped);
        }

        if (stopped && !_disposed)
        {
            _sources.GiveLastHistograms(sink);
        }
    }

    private static int Remaining(long now, long until) => until == long.MaxValue ? -1 : (int)Math.Clamp(until - now, 0, int.MaxValue);

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
