using System.Diagnostics.CodeAnalysis;
using Bee.Ebpf;
using Bee.Ebpf.Interop;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>
/// The metrics of a session for those who scrape them together: one set of names, limits and series. Each collection reads the maps anew; collections that wait for another one take
/// what it found if it began after they did.
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

    /// <summary>Makes a source of the metrics of a session's maps: <c>counter_</c>, <c>gauge_</c> and <c>hist_</c> maps, and others whose metadata defines a metric.</summary>
    /// <param name="session">The session. It stays the caller's, and must be disposed after the last use of this source or later.</param>
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

    /// <summary>Whether the session is being read.</summary>
    public bool IsReady => !_isFrozen;

    /// <summary>Reads the metrics.</summary>
    /// <param name="cancellationToken">Ends a read that takes too long.</param>
    /// <returns>The metrics; after the end of the session those that the last collection found. Of a map that cannot be read those of the last time.</returns>
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

    /// <summary>How often a map could not be read.</summary>
    internal long Failures => Interlocked.Read(ref _failures);

    /// <summary>Reads once more, and from then on gives what that found: for the moment before the session ends by itself.</summary>
    internal void Freeze()
    {
        Collect(CancellationToken.None);
        _isFrozen = true;
    }

    /// <summary>How many entries the last collection found in each map.</summary>
    internal IReadOnlyDictionary<string, int> Entries
    {
        get
        {
            _gate.Wait();
            try
            {
                // Counters and gauges of one map are read apart, and may not agree on the number.
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
                // The other maps can be read all the same, and this one's last values stay.
                Interlocked.Increment(ref _failures);
            }

            map.AddTo(families);
        }

        GC.KeepAlive(_meter);
        return families;
    }
}

/// <summary>How the metrics of a session are named and limited.</summary>
public sealed record SessionMetricsOptions
{
    /// <summary>How many series a metric has by default before further keys are added up in one series.</summary>
    public const int DefaultSeriesLimit = 2000;

    /// <summary>The tool's name, a part of the metrics' names.</summary>
    public required string Tool { get; init; }

    /// <summary>The value of the label <c>session</c>; null leaves the label out.</summary>
    public string? Session { get; init; }

    /// <summary>When the programs were attached, in UTC: the counts began then.</summary>
    public DateTime Started { get; init; } = DateTime.UtcNow;

    /// <summary>How metrics are named.</summary>
    public MetricNaming Naming { get; init; }

    /// <summary>How many series a metric has at most, 1 or more. Further keys go into one more series.</summary>
    public int SeriesLimit { get; init; } = DefaultSeriesLimit;

    /// <summary>How long the last value of a deleted key is served.</summary>
    public TimeSpan KeepDeleted { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The names of labels that are left out, as the fields or the labels are named; series that differ only in them are added up.</summary>
    public IReadOnlyList<string> LeaveOut { get; init; } = [];

    /// <summary>Whether the kernel's statistics are on for those who scrape, so that the metrics have the runs of the programs. They also have them if the session keeps statistics on.</summary>
    internal bool CountsRuns { get; init; }

    /// <summary>The clock.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;
}
