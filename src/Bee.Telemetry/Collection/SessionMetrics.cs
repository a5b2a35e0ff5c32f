using System.Diagnostics.CodeAnalysis;
using Bee.Ebpf;
using Bee.Ebpf.Interop;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>
/// The metrics of a session's maps, as a source for <see cref="Serving.MetricServer"/> and <see cref="Otlp.MetricPusher"/>. Each collection reads the maps; concurrent collections share one read. All
/// members are safe from any thread.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A SemaphoreSlim holds nothing unless its AvailableWaitHandle is used.")]
public sealed class SessionMetrics : IMetricSource
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly SessionMeter _meter;
    private readonly SessionMetricsOptions _options;
    private readonly List<MapMetrics> _maps = [];
    private IReadOnlyList<MetricFamily> _found = [];
    private long _begun = long.MinValue;
    private volatile bool _isFrozen;
    private long _failures;

    /// <summary>Creates a source of the metrics of a session's maps: <c>counter_</c>, <c>gauge_</c> and <c>hist_</c> maps, and others that the metadata declares as metrics.</summary>
    /// <param name="session">The session. It stays the caller's. After it is disposed, the last metrics are returned.</param>
    /// <param name="options">Names and limits; null for the defaults.</param>
    public SessionMetrics(BpfSession session, SessionMetricsOptions? options = null)
        : this(new SessionMeter(session, []), options ?? new SessionMetricsOptions { Tool = ToolOf(session) })
    {
    }

    /// <param name="meter">The meter of the session.</param>
    /// <param name="options">Names and limits.</param>
    internal SessionMetrics(SessionMeter meter, SessionMetricsOptions options)
    {
        ArgumentNullException.ThrowIfNull(meter);
        ArgumentNullException.ThrowIfNull(options);
        _meter = meter;
        _options = options;
        foreach (var (plan, map, tally) in meter.Measured)
        {
            _maps.Add(new MapMetrics(plan, map, tally, options));
        }

        meter.Register(this);
    }

    /// <summary>Whether the session still runs.</summary>
    public bool IsReady => !_isFrozen;

    /// <summary>Reads the metrics.</summary>
    /// <param name="cancellationToken">Cancels a read that takes too long.</param>
    /// <returns>The metrics. A map that cannot be read keeps its last values, as do all maps after the end of the session.</returns>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    public IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken)
    {
        var asked = _options.Clock.GetTimestamp();
        _gate.Wait(cancellationToken);
        try
        {
            if (_begun >= asked || _isFrozen)
            {
                return _found;
            }

            _begun = _options.Clock.GetTimestamp();
            return _found = Read(cancellationToken);
        }
        catch (ObjectDisposedException)
        {
            // The session has ended.
            _isFrozen = true;
            return _found;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The number of failed reads of maps.</summary>
    internal long Failures => Interlocked.Read(ref _failures);

    /// <summary>Reads once more and keeps the result. Call this before the session ends.</summary>
    internal void Freeze()
    {
        Collect(CancellationToken.None);
        _isFrozen = true;
    }

    /// <summary>The number of entries in each map, as of the last collection.</summary>
    internal IReadOnlyDictionary<string, int> Entries
    {
        get
        {
            _gate.Wait();
            try
            {
                // The counters and gauges of one map are read separately, and may find different numbers of entries.
                return _maps.Where(map => map.Entries is not null).GroupBy(map => map.Map.Name).ToDictionary(maps => maps.Key, maps => maps.Max(map => map.Entries!.Value));
            }
            finally
            {
                _gate.Release();
            }
        }
    }

    /// <summary>Returns the name of a session's object file without folder and extensions: <c>opensnoop</c> for <c>/tmp/opensnoop.bpf.o</c>.</summary>
    internal static string ToolOf(BpfSession session)
    {
        ArgumentNullException.ThrowIfNull(session);
        var name = Path.GetFileName(session.File.Name);
        var end = name.IndexOf('.', StringComparison.Ordinal);
        return end > 0 ? name[..end] : name;
    }

    private List<MetricFamily> Read(CancellationToken cancellationToken)
    {
        var now = _options.Clock.GetUtcNow().UtcDateTime;
        var families = new List<MetricFamily>();
        foreach (var map in _maps)
        {
            try
            {
                map.Refresh(now, cancellationToken);
            }
            catch (BpfLoadException)
            {
                // The other maps can still be read, and this one keeps its last values.
                Interlocked.Increment(ref _failures);
            }

            map.AddTo(families);
        }

        GC.KeepAlive(_meter);
        return families;
    }
}

/// <summary>The names and limits of a session's metrics.</summary>
public sealed record SessionMetricsOptions
{
    /// <summary>The default of <see cref="SeriesLimit"/>.</summary>
    public const int DefaultSeriesLimit = 2000;

    /// <summary>The name of the tool, which becomes part of the metric names.</summary>
    public required string Tool { get; init; }

    /// <summary>The value of the label <c>session</c>; null leaves the label out.</summary>
    public string? Session { get; init; }

    /// <summary>When the programs were attached and counting began, in UTC.</summary>
    public DateTime Started { get; init; } = DateTime.UtcNow;

    /// <summary>The way to name metrics.</summary>
    public MetricNaming Naming { get; init; }

    /// <summary>The maximum number of series of a metric, 1 or more. Keys beyond it are added up in one more series, with the label <c>bee_overflow</c>.</summary>
    public int SeriesLimit { get; init; } = DefaultSeriesLimit;

    /// <summary>How long the last value of a deleted key is served. The default is 5 minutes.</summary>
    public TimeSpan KeepDeleted { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The labels to leave out, by the name of the field or of the label. Series that differ only in them are added up.</summary>
    public IReadOnlyList<string> LeaveOut { get; init; } = [];

    /// <summary>Whether the kernel's statistics are enabled for the scraper, so that the metrics include the runs of the programs. If the session keeps statistics enabled, they are included too.</summary>
    internal bool CountsRuns { get; init; }

    /// <summary>The clock.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}
