using Bee.Ebpf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;

namespace Bee.Cmdlets.Sessions;

/// <summary>Counts the cost of a run's programs, and ends the run if it exceeds a limit.</summary>
internal sealed class RunStatistics : IDisposable
{
    private readonly StatisticsLease? _lease;
    private readonly OverheadGuard? _guard;

    /// <summary>Switches the kernel's statistics on if needed. Call it before anything is loaded, so that a missing privilege is reported early.</summary>
    /// <param name="counts">Whether to count runs even without a limit.</param>
    /// <param name="limit">The largest share of the time of all online CPUs; null for no limit.</param>
    /// <exception cref="BpfLoadException">The statistics cannot be switched on.</exception>
    public RunStatistics(bool counts, double? limit)
    {
        _guard = limit is { } share ? new OverheadGuard(share) : null;
        _lease = counts && _guard is null ? StatisticsLease.Acquire() : null;
    }

    /// <summary>Whether runs are counted.</summary>
    public bool Counts => _lease is not null || _guard is not null;

    /// <summary>Cancelled when the programs were detached because they exceeded the limit.</summary>
    public CancellationToken Exceeded => _guard?.Exceeded ?? CancellationToken.None;

    /// <summary>The error with the figures; null as long as the limit is not exceeded.</summary>
    public OverheadException? Error => _guard?.Error;

    /// <summary>Starts to monitor a session. Call it after attaching and pinning.</summary>
    public void Watch(BpfSession session) => _guard?.Watch(session);

    /// <summary>Throws if the programs were detached because they exceeded the limit.</summary>
    /// <exception cref="OverheadException">The limit was exceeded.</exception>
    public void ThrowIfExceeded() => _guard?.ThrowIfExceeded();

    /// <summary>Ends the monitoring and switches the statistics off.</summary>
    public void Dispose()
    {
        _guard?.Dispose();
        _lease?.Dispose();
    }
}
