using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>Bee's own metrics of a session: events, losses, decoding errors, the fill of maps and buffers, and the tool that runs.</summary>
internal sealed class StatusMetrics : IMetricSource
{
    // Counting the entries of a map that is not a metric reads all of its keys.
    private static readonly TimeSpan s_recount = TimeSpan.FromSeconds(10);

    private readonly object _gate = new();
    private readonly SessionMeter _meter;
    private readonly SessionMetrics _metrics;
    private readonly Func<SessionStatus> _status;
    private readonly SessionMetricsOptions _options;
    private readonly Dictionary<string, (long? Entries, DateTime Counted)> _counts = new(StringComparer.Ordinal);

    /// <param name="meter">The meter of the session.</param>
    /// <param name="metrics">The session's metrics, for the number of entries in their maps.</param>
    /// <param name="options">The start time and the clock.</param>
    /// <param name="status">Returns the state of the session. Called at each collection; must not throw.</param>
    public StatusMetrics(SessionMeter meter, SessionMetrics metrics, SessionMetricsOptions options, Func<SessionStatus> status)
    {
        ArgumentNullException.ThrowIfNull(meter);
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(status);
        (_meter, _metrics, _options, _status) = (meter, metrics, options, status);
    }

    /// <inheritdoc/>
    public bool IsReady => _status().IsRunning;

    /// <inheritdoc/>
    public IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken)
    {
        var status = _status();
        var families = new List<MetricFamily>
        {
            Family("bee_session_up", MetricType.Gauge, null, "Whether the programs of the session are attached and its events are read.", [Of(status, status.IsRunning ? 1 : 0)]),
            new(new MetricDescriptor("bee_session", MetricType.Info, null, "The tool that the session runs, and the state of the image's signature.",
                ["session", "tool", "image", "digest", "signature"]),
                [new MetricSeries([status.Session, status.Tool, status.Image, status.Digest, status.Signature], 1)]),
        };
        var streams = _meter.Streams;
        AddIf(families, Family("bee_session_events", MetricType.Counter, null, "Events and entries that were read.",
            [.. streams.Select(stream => Of(status, stream.Count, stream.Name))], "map"));
        AddIf(families, Family("bee_session_lost_events", MetricType.Counter, null, "Events that a full buffer in the kernel dropped, where the kernel or the tool counts them.",
            [.. streams.Where(stream => stream.Lost is not null).Select(stream => Of(status, stream.Lost!.Value, stream.Name))], "map"));
        AddIf(families, Family("bee_session_decode_errors", MetricType.Counter, null, "Records that ended before their type does.",
            [.. streams.Where(stream => stream.Map is { IsEventStream: true }).Select(stream => Of(status, stream.ShortRecords, stream.Name))], "map"));
        AddIf(families, Family("bee_session_buffer_fill_ratio", MetricType.Gauge, "ratio", "The fullest that a buffer in the kernel was found.",
            [.. streams.Where(stream => stream.HighWater is not null).Select(stream => Of(status, stream.HighWater!.Value, stream.Name))], "map"));
        if (status.Dropped is { } dropped)
        {
            families.Add(Family("bee_session_dropped_events", MetricType.Counter, null, "Events that the full background buffer dropped before they were received.", [Of(status, dropped)]));
        }

        AddIf(families, Family("bee_session_read_failures", MetricType.Counter, null, "Failed reads of maps.", [Of(status, _metrics.Failures)]));
        AddMaps(families, status, cancellationToken);
        if (_options.CountsRuns || _meter.CountsRuns)
        {
            AddPrograms(families, status);
        }

        return families;
    }

    private void AddPrograms(List<MetricFamily> families, SessionStatus status)
    {
        var runs = new List<MetricSeries>();
        var seconds = new List<MetricSeries>();
        foreach (var (program, statistics) in _meter.ReadPrograms())
        {
            runs.Add(Of(status, statistics.Runs, program));
            seconds.Add(Of(status, statistics.RunNanoseconds / 1e9, program));
        }

        AddIf(families, Family("bee_program_runs", MetricType.Counter, null, "Runs of a program, counted while the kernel's statistics are enabled.", runs, "program"));
        AddIf(families, Family("bee_program_run_seconds", MetricType.Counter, "seconds", "The time of the counted runs on all CPUs.", seconds, "program"));
    }

    private void AddMaps(List<MetricFamily> families, SessionStatus status, CancellationToken cancellationToken)
    {
        var known = _metrics.Entries;
        var entries = new List<MetricSeries>();
        var capacity = new List<MetricSeries>();
        foreach (var map in _meter.Session.Maps.Where(map => !map.Description.IsInternal && !map.Description.IsOfHeader && MapAccess.CanPoll(map.Description.Type)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            capacity.Add(Of(status, map.Description.MaxEntries, map.Name));
            if ((known.TryGetValue(map.Name, out var count) ? count : Count(map)) is { } found)
            {
                entries.Add(Of(status, found, map.Name));
            }
        }

        AddIf(families, Family("bee_session_map_entries", MetricType.Gauge, null, "Entries in a map; of an array those that are not zero.", entries, "map"));
        AddIf(families, Family("bee_session_map_capacity", MetricType.Gauge, null, "The maximum number of entries of a map.", capacity, "map"));
    }

    private long? Count(BpfMap map)
    {
        lock (_gate)
        {
            var now = _options.Clock.GetUtcNow().UtcDateTime;
            if (_counts.TryGetValue(map.Name, out var known) && now - known.Counted < s_recount && now >= known.Counted)
            {
                return known.Entries;
            }

            long? entries;
            try
            {
                entries = map.Count();
            }
            catch (Exception error) when (error is BpfLoadException or ObjectDisposedException)
            {
                entries = known.Entries;
            }

            _counts[map.Name] = (entries, now);
            return entries;
        }
    }

    private static MetricSeries Of(SessionStatus status, double value, params string[] labels) => new([status.Session, .. labels], value);

    private MetricFamily Family(string name, MetricType type, string? unit, string help, IReadOnlyList<MetricSeries> series, params string[] labels) => new(
        new MetricDescriptor(name, type, unit, help, ["session", .. labels]),
        type == MetricType.Counter ? [.. series.Select(one => one with { Created = _options.Started })] : series);

    private static void AddIf(List<MetricFamily> families, MetricFamily family)
    {
        if (family.Series.Count > 0)
        {
            families.Add(family);
        }
    }
}

/// <summary>The state of a session at one moment, apart from its maps and streams.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Tool">The tool's name.</param>
internal sealed record SessionStatus(string Session, string Tool)
{
    /// <summary>The source of the tool: the reference of an image, or the name of a file.</summary>
    public string Image { get; init; } = "";

    /// <summary>The digest of the image; empty for a tool from a file.</summary>
    public string Digest { get; init; } = "";

    /// <summary>The state of the image's signature: <c>verified</c>, <c>allowed</c> (by a policy, without a signature) or <c>unchecked</c>.</summary>
    public string Signature { get; init; } = "unchecked";

    /// <summary>Whether the programs are attached and their events are read.</summary>
    public bool IsRunning { get; init; }

    /// <summary>The number of events that a full background buffer dropped; null if the session has no such buffer.</summary>
    public long? Dropped { get; init; }
}
