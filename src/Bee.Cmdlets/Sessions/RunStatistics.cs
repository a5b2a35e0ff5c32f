using Bee.Ebpf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Programs;

namespace Bee.Cmdlets.Sessions;

/// <summary>What a run holds to count the cost of its programs, and to end when they cost too much.</summary>
internal sealed class RunStatistics : IDisposable
{
    private readonly StatisticsLease? _lease;
    private readonly OverheadGuard? _guard;

    /// <summary>Switches the kernel's statistics on if they are asked for. Call it before anything is loaded: without the right to do so it is refused.</summary>
    /// <param name="counts">Whether to count runs without a limit too.</param>
    /// <param name="limit">The largest share of the time of all online CPUs; null for no limit.</param>
    /// <exception cref="BpfLoadException">The statistics cannot be switched on.</exception>
    public RunStatistics(bool counts, double? limit)
    {
        _guard = limit is { } share ? new OverheadGuard(share) : null;
        _lease = counts && _guard is null ? StatisticsLease.Take() : null;
    }

    /// <summary>Whether runs are counted.</summary>
    public bool Counts => _lease is not null || _guard is not null;

    /// <summary>Cancelled when the programs were detached because they cost too much.</summary>
    public CancellationToken Exceeded => _guard?.Exceeded ?? CancellationToken.None;

    /// <summary>The error with the figures; null as long as the limit holds.</summary>
    public OverheadException? Error => _guard?.Error;

    /// <summary>Begins to watch a session that is attached and, if it is to be, pinned.</summary>
    public void Watch(BpfSession session) => _guard?.Watch(session);

    /// <summary>Throws if the programs were detached because they cost too much.</summary>
    /// <exception cref="OverheadException">They did.</exception>
    public void ThrowIfExceeded() => _guard?.ThrowIfExceeded();

    /// <summary>Ends the watch and gives the statistics back.</summary>
    public void Dispose()
    {
        _guard?.Dispose();
        _lease?.Dispose();
    }
}
