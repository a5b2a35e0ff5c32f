using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;

namespace Bee.Ebpf;

/// <summary>
/// Detaches a session whose programs exceed a CPU limit. A thread of its own reads the kernel's statistics every second, so a busy or blocked reader does not delay it.
/// </summary>
internal sealed class OverheadGuard : IDisposable
{
    private readonly OverheadLimit _limit;
    private readonly TimeSpan _window;
    private readonly StatisticsLease _statistics;
    private readonly ManualResetEventSlim _stop = new();
    private readonly CancellationTokenSource _exceeded = new();
    private Thread? _thread;
    private bool _disposed;
    private volatile OverheadException? _error;

    /// <summary>Switches the kernel's statistics on. This can fail before a session is loaded; nothing is watched yet.</summary>
    /// <param name="limit">The largest share of the time of all online CPUs, greater than 0 and at most 1.</param>
    /// <exception cref="BpfLoadException">The kernel's statistics cannot be switched on.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is out of range.</exception>
    public OverheadGuard(double limit)
        : this(limit, OverheadLimit.Window)
    {
    }

    internal OverheadGuard(double limit, TimeSpan window)
    {
        _limit = new OverheadLimit(limit);
        _window = window;
        _statistics = StatisticsLease.Acquire();
        // A token stays usable after its source is disposed.
        Exceeded = _exceeded.Token;
    }

    /// <summary>Canceled once the session is detached because its programs exceeded the limit.</summary>
    public CancellationToken Exceeded { get; }

    /// <summary>The error with the figures; null while the programs stay within the limit.</summary>
    public OverheadException? Error => _error;

    /// <summary>Watches a session until the guard is disposed. The pins of a session are removed with its links. Call it once.</summary>
    /// <param name="session">The session, attached and, if wanted, pinned.</param>
    public void Watch(BpfSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        var sampler = new ProgramSampler(session.Programs);
        _thread = new Thread(() => Run(session, sampler)) { IsBackground = true, Name = "bee overhead" };
        _thread.Start();
    }

    /// <summary>Throws if the session was detached because its programs exceeded the limit.</summary>
    /// <exception cref="OverheadException">The session was detached.</exception>
    public void ThrowIfExceeded()
    {
        if (_error is { } error)
        {
            throw error;
        }
    }

    /// <summary>Stops watching, waits for the thread and releases the statistics. <see cref="Error"/> remains.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _stop.Set();
        _thread?.Join();
        _statistics.Dispose();
        _exceeded.Dispose();
        _stop.Dispose();
    }

    private void Run(BpfSession session, ProgramSampler sampler)
    {
        while (!_stop.Wait(_window))
        {
            if (Sample(sampler) is { } window && _limit.Add(window) is { } error)
            {
                End(session.Detach, error);
                return;
            }
        }
    }

    // An unhandled exception on this thread would end the process.
    private static ProgramWindow? Sample(ProgramSampler sampler)
    {
        try
        {
            return sampler.Sample();
        }
        catch (Exception)
        {
            // The statistics or the list of CPUs could not be read. The next window spans both intervals.
            return null;
        }
    }

    /// <summary>Detaches a session that exceeded the limit. A failure to do so becomes the inner exception of <see cref="Error"/>.</summary>
    internal void End(Action detach, OverheadException error)
    {
        // Set first: detaching wakes the reader, which then looks for the error.
        _error = error;
        try
        {
            detach();
        }
        catch (Exception failure)
        {
            _error = OverheadException.Of(error.Limit, error.Windows, failure);
        }
        finally
        {
            _exceeded.Cancel();
        }
    }
}
