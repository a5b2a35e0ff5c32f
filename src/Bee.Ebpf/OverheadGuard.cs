using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;

namespace Bee.Ebpf;

/// <summary>
/// Detaches a session whose programs cost more than they may. It has a thread of its own, which reads the kernel's statistics once a second, so a reader that is busy or blocked does not
/// delay it.
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

    /// <summary>Switches the kernel's statistics on. Nothing is watched yet, so this can be refused before a session is loaded.</summary>
    /// <param name="limit">The largest share of the time of all online CPUs, over 0 and up to 1.</param>
    /// <exception cref="BpfLoadException">The kernel's statistics cannot be switched on.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The limit is something else.</exception>
    public OverheadGuard(double limit)
        : this(limit, OverheadLimit.Window)
    {
    }

    internal OverheadGuard(double limit, TimeSpan window)
    {
        _limit = new OverheadLimit(limit);
        _window = window;
        _statistics = StatisticsLease.Take();
        // Kept: the source is disposed of with the guard.
        Exceeded = _exceeded.Token;
    }

    /// <summary>Cancelled when the session has been detached because its programs exceeded the limit.</summary>
    public CancellationToken Exceeded { get; }

    /// <summary>The error with the figures; null as long as the limit holds.</summary>
    public OverheadException? Error => _error;

    /// <summary>Watches a session until the guard is disposed of. The pins of a session are removed with its links. Call it once.</summary>
    /// <param name="session">The session, attached and, if it is to be, pinned.</param>
    public void Watch(BpfSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        var sampler = new ProgramSampler(session.Programs);
        _thread = new Thread(() => Run(session, sampler)) { IsBackground = true, Name = "bee overhead" };
        _thread.Start();
    }

    /// <summary>Throws if the session was detached because its programs exceeded the limit.</summary>
    /// <exception cref="OverheadException">They did.</exception>
    public void ThrowIfExceeded()
    {
        if (_error is { } error)
        {
            throw error;
        }
    }

    /// <summary>Ends the watch, waits for its thread and gives the statistics back. <see cref="Error"/> stays.</summary>
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

    // An exception that leaves a thread ends the process.
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

    /// <summary>Ends a session that exceeded the limit. A failure to detach becomes the inner exception of <see cref="Error"/>.</summary>
    internal void End(Action detach, OverheadException error)
    {
        // Before anything ends: a reader that the detaching wakes looks for it.
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
