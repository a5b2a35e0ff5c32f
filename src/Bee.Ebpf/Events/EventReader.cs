using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Programs;
using Bee.Posix;

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
    /// <exception cref="InvalidOperationException">Another thread is in this call.</exception>
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
        _sources.Dispose();
        _waiter.Dispose();
    }
}

/// <summary>What an <see cref="EventReader"/> reads, and how often it polls.</summary>
public sealed class EventReaderOptions
{
    /// <summary>Which maps take part. By default those whose name has a prefix that gives them a role (<c>print_</c>, <c>counter_</c>, <c>gauge_</c>, <c>hist_</c>).</summary>
    public Func<MapDescription, bool> Select { get; init; } = map => map.Role != MapRole.None;

    /// <summary>Whether the lines that the programs write with <c>bpf_printk</c> are read too, as <see cref="TraceLine"/>s.</summary>
    public bool TraceLines { get; init; }

    /// <summary>How often maps that are no event streams are looked at, and lost events counted. One second by default; 10 ms at least.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether iterators run again at every interval. By default they do if <see cref="AllEntries"/> is set; otherwise an iterator runs once, and a session that has nothing
    /// else to read ends then.
    /// </summary>
    public bool? RepeatIterators { get; init; }

    /// <summary>Gives every entry at every interval. By default an entry comes once at the start and then when its value has changed.</summary>
    public bool AllEntries { get; init; }
}

/// <summary>Waits for buffers to fill, for a time, or for being told to stop; it uses no CPU meanwhile.</summary>
internal sealed unsafe class Waiter : IDisposable
{
    private const int NapMilliseconds = 1;
    private readonly FdHandle _epoll;
    private readonly FdHandle _wake;

    public Waiter()
    {
        _epoll = new FdHandle(Checked(Libc.epoll_create1(Libc.O_CLOEXEC)));
        _wake = new FdHandle(Checked(Libc.eventfd(0, Libc.O_CLOEXEC | Libc.O_NONBLOCK)));
        Add(_wake.Number);
    }

    /// <summary>Also waits for this fd to become readable.</summary>
    public void Add(int fd)
    {
        // struct epoll_event: the events first; the data after them, at an offset that differs between architectures, is not used.
        var what = stackalloc uint[4] { Libc.EPOLLIN, 0, 0, 0 };
        Checked(Libc.epoll_ctl(_epoll.Number, Libc.EPOLL_CTL_ADD, fd, what));
    }

    /// <summary>Waits until something is readable, a wake-up has come, or the time is over.</summary>
    /// <param name="milliseconds">The longest wait; -1 for no limit.</param>
    public void Wait(int milliseconds)
    {
        var ready = stackalloc uint[4 * 8];
        Libc.epoll_wait(_epoll.Number, ready, 8, milliseconds);
    }

    /// <summary>Rests for a millisecond; only a wake-up ends it earlier, buffers that fill do not.</summary>
    /// <remarks>
    /// The kernel wakes a reader that waits on a buffer at the first record after it had caught up, at the traced program's expense. A reader
    /// that rests first finds many records at once and is woken a thousand times a second at most.
    /// </remarks>
    public void Nap()
    {
        var wake = new Libc.PollEntry { Fd = _wake.Number, Events = Libc.POLLIN };
        Libc.poll(&wake, 1, NapMilliseconds);
    }

    /// <summary>Ends a wait under way, or the next one. From any thread.</summary>
    public void Wake()
    {
        var one = 1ul;
        try
        {
            using var hold = new Lease(_wake);
            Libc.write(_wake, &one, sizeof(ulong));
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    /// <summary>Forgets wake-ups that nobody has waited for.</summary>
    public void Reset()
    {
        ulong count;
        Libc.read(_wake, &count, sizeof(ulong));
    }

    public void Dispose()
    {
        _epoll.Dispose();
        _wake.Dispose();
    }

    private static int Checked(int result) => result >= 0 ? result : throw new BpfLoadException(
        LoadFault.Other, $"The reader cannot wait for events: {Libc.Describe(Marshal.GetLastPInvokeError())}.")
    { Errno = Marshal.GetLastPInvokeError() };
}
