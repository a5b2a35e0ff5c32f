using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Serving;

/// <summary>The server's own metrics. All members are safe from any thread.</summary>
internal sealed class ServerMetrics : IMetricSource
{
    private static readonly double[] s_bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private static readonly MetricDescriptor s_duration = new("bee_scrape_duration_seconds", MetricType.Histogram, "seconds", "The time to read and encode the metrics of a scrape.", []);
    private static readonly MetricDescriptor s_scrapes = new("bee_scrapes", MetricType.Counter, null, "Scrapes that were answered, by format.", ["format"]);
    private static readonly MetricDescriptor s_errors = new("bee_scrape_errors", MetricType.Counter, null, "Sources that a scrape left out because reading them failed.", []);
    private static readonly MetricDescriptor s_conflicts = new("bee_scrape_conflicts", MetricType.Counter, null, "Metrics and series that a scrape left out because they contradict others.", []);
    private static readonly MetricDescriptor s_rejected = new("bee_scrape_rejected", MetricType.Counter, null, "Connections and requests that were refused, by reason.", ["reason"]);

    private readonly object _lock = new();
    private readonly DateTime _created = DateTime.UtcNow;
    private readonly ulong[] _durations = new ulong[s_bounds.Length + 1];
    private readonly long[] _scrapes = new long[Enum.GetValues<ExpositionFormat>().Length];
    private readonly long[] _rejected = new long[Enum.GetValues<RejectReason>().Length];
    private double _sum;
    private long _errors;
    private long _conflicts;
    private DateTime? _last;
    private TimeSpan _lastDuration;

    /// <inheritdoc/>
    public bool IsReady => true;

    /// <summary>Counts an answered scrape.</summary>
    public void CountScrape(ExpositionFormat format, TimeSpan duration)
    {
        var place = Array.FindIndex(s_bounds, bound => duration.TotalSeconds <= bound);
        lock (_lock)
        {
            _durations[place < 0 ? s_bounds.Length : place]++;
            _sum += duration.TotalSeconds;
            _scrapes[(int)format]++;
            (_last, _lastDuration) = (DateTime.UtcNow, duration);
        }
    }

    /// <summary>Counts a source that could not be read.</summary>
    public void CountError() => Interlocked.Increment(ref _errors);

    /// <summary>Counts metrics and series that a scrape left out.</summary>
    public void CountConflicts(int count) => Interlocked.Add(ref _conflicts, count);

    /// <summary>Counts a rejected connection or request.</summary>
    public void CountRejected(RejectReason reason) => Interlocked.Increment(ref _rejected[(int)reason]);

    /// <summary>Returns the current statistics.</summary>
    public MetricServerStatistics Statistics(int connections)
    {
        lock (_lock)
        {
            return new MetricServerStatistics(_scrapes.Sum(), _last, _lastDuration, Interlocked.Read(ref _errors), Interlocked.Read(ref _conflicts), _rejected.Sum(), connections);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var histogram = new MetricHistogram(s_bounds, [.. _durations], _sum);
            return
            [
                new(s_duration, [new([], histogram.Count) { Created = _created, Histogram = histogram }]),
                new(s_scrapes, [.. Enum.GetValues<ExpositionFormat>().Select(format => Counter(_scrapes[(int)format], Label(format)))]),
                new(s_errors, [Counter(Interlocked.Read(ref _errors))]),
                new(s_conflicts, [Counter(Interlocked.Read(ref _conflicts))]),
                new(s_rejected, [.. Enum.GetValues<RejectReason>().Select(reason => Counter(Interlocked.Read(ref _rejected[(int)reason]), Label(reason)))]),
            ];
        }
    }

    private static string Label<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private MetricSeries Counter(long value, params string[] labels) => new(labels, value) { Created = _created };
}

/// <summary>The statistics of a <see cref="MetricServer"/>.</summary>
/// <param name="Scrapes">The number of answered scrapes.</param>
/// <param name="LastScrape">The time of the last scrape, in UTC; null before the first.</param>
/// <param name="LastDuration">The time to read and encode the metrics of the last scrape.</param>
/// <param name="Errors">The number of sources that scrapes left out because reading them failed.</param>
/// <param name="Conflicts">The number of metrics and series that scrapes left out because they contradict others.</param>
/// <param name="Rejected">The number of rejected connections and requests.</param>
/// <param name="Connections">The number of open connections.</param>
internal sealed record MetricServerStatistics(long Scrapes, DateTime? LastScrape, TimeSpan LastDuration, long Errors, long Conflicts, long Rejected, int Connections);
