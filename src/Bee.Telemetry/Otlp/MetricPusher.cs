using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Bee.Ebpf;
using Bee.Posix;
using Bee.Telemetry.Collection;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Otlp;

/// <summary>
/// Exports metrics to an OpenTelemetry collector by OTLP/HTTP. One thread reads the sources at each interval, another one sends. While the receiver is down, up to 60 exports wait; then the oldest are dropped
/// and counted. All members are safe from any thread.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The sending thread disposes of the client and the token when it ends.")]
public sealed class MetricPusher : IDisposable
{
    /// <summary>The maximum number of waiting exports.</summary>
    internal const int MostWaiting = 60;

    /// <summary>The maximum size of the waiting exports in bytes, unless only one waits.</summary>
    internal const long MostBytes = 32 << 20;

    private static readonly TimeSpan s_collectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_lastFlush = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_longestAsked = TimeSpan.FromMinutes(10);

    // The time that a canceled request may take to return.
    private static readonly TimeSpan s_farewell = TimeSpan.FromMilliseconds(500);

    private readonly OtlpOptions _options;
    private readonly Func<IReadOnlyList<IMetricSource>> _sources;
    private readonly OtlpClient _client;
    private readonly PushMetrics _metrics = new();
    private readonly DeltaSeries? _deltas;
    private readonly object _reading = new();
    private readonly object _gate = new();
    private readonly Queue<Export> _waiting = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Thread _reader;
    private readonly Thread _sender;
    private long _waitingBytes;
    private Export? _inFlight;
    private bool _isEnding;
    private bool _hasEnded;

    /// <summary>Creates the exporter. It exports nothing before <see cref="Start()"/>.</summary>
    /// <param name="options">The receiver, the interval and the encoding.</param>
    /// <param name="sources">Returns the sources; called at each export.</param>
    /// <exception cref="OtlpException">A certificate of <paramref name="options"/> cannot be used.</exception>
    internal MetricPusher(OtlpOptions options, Func<IReadOnlyList<IMetricSource>> sources)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(sources);
        (_options, _sources, _client) = (options, sources, new OtlpClient(options, OtlpSignal.Metrics));
        _deltas = options.Temporality == OtlpTemporality.Delta ? new DeltaSeries() : null;
        _reader = new Thread(ReadAtIntervals) { IsBackground = true, Name = "bee otlp reader" };
        _sender = new Thread(Send) { IsBackground = true, Name = "bee otlp sender" };
    }

    /// <summary>Starts to export the metrics of a session's maps.</summary>
    /// <param name="session">The session. It stays the caller's.</param>
    /// <param name="options">The receiver, the interval and the encoding, usually from <see cref="OtlpOptions.ForMetrics"/>.</param>
    /// <param name="metrics">Names and limits of the metrics; null for the defaults.</param>
    /// <exception cref="OtlpException">A certificate of <paramref name="options"/> cannot be used.</exception>
    public static MetricPusher Start(BpfSession session, OtlpOptions options, SessionMetricsOptions? metrics = null)
    {
        IMetricSource[] sources = [new SessionMetrics(session, metrics)];
        return Start(options, () => sources);
    }

    /// <summary>Starts to export the metrics of sources.</summary>
    /// <param name="options">The receiver, the interval and the encoding, usually from <see cref="OtlpOptions.ForMetrics"/>.</param>
    /// <param name="sources">Returns the sources; called at each export, on a thread of the exporter.</param>
    /// <exception cref="OtlpException">A certificate of <paramref name="options"/> cannot be used.</exception>
    public static MetricPusher Start(OtlpOptions options, Func<IReadOnlyList<IMetricSource>> sources)
    {
        var pusher = new MetricPusher(options, sources);
        pusher.Start();
        return pusher;
    }

    /// <summary>The receiver, for messages. Contains no secret.</summary>
    public string Destination => _options.Destination;

    /// <summary>The exporter's own metrics, such as failed requests. Its exports include them.</summary>
    public IMetricSource Metrics => _metrics;

    /// <summary>The numbers of delivered and lost data points so far.</summary>
    internal OtlpCounts Counts => _metrics.Counts;

    /// <summary>Why the last request that failed or was partly rejected did so, as one sentence; null if none did.</summary>
    public string? LastFault => _metrics.LastFault;

    /// <summary>Starts to export.</summary>
    internal void Start()
    {
        _reader.Start();
        _sender.Start();
    }

    /// <summary>Reads the sources on the caller's thread and queues an export, in addition to those at each interval. Sources that fail are left out and counted.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    public void Push(CancellationToken cancellationToken)
    {
        lock (_reading)
        {
            var families = MetricSources.Collect(_sources, s_collectTimeout, _metrics.CountReadFailure, cancellationToken);
            if (families.Count == 0)
            {
                return;
            }

            try
            {
                families.InsertRange(0, _metrics.Collect(cancellationToken));
                Add(Encode(families));
            }
            catch (Exception exception)
            {
                _metrics.CountFailedExport($"An export could not be encoded ({exception.GetType().Name}: {exception.Message}).");
            }
        }
    }

    /// <summary>Sends the waiting exports and stops.</summary>
    /// <param name="timeout">The longest time that this takes. Data points that are left then count as undelivered.</param>
    /// <param name="cancellationToken">Cancels the wait, as if the timeout had passed.</param>
    public void Complete(TimeSpan timeout, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _isEnding = true;
            Monitor.PulseAll(_gate);
            // Dispose would wait for a running callback, which waits for this lock.
            var wake = cancellationToken.Register(Pulse);
            var start = Stopwatch.GetTimestamp();
            while (_sender.IsAlive && !_hasEnded && !cancellationToken.IsCancellationRequested && timeout - Stopwatch.GetElapsedTime(start) is var left && left > TimeSpan.Zero)
            {
                Monitor.Wait(_gate, left);
            }

            wake.Unregister();
            if (!_hasEnded)
            {
                _stop.Cancel();
                Monitor.PulseAll(_gate);
            }
        }

        if (_sender.IsAlive)
        {
            _sender.Join(s_farewell);
        }

        lock (_gate)
        {
            LeaveUndelivered();
        }
    }

    /// <summary>Sends the waiting exports for at most two seconds and stops.</summary>
    public void Dispose() => Complete(s_lastFlush, CancellationToken.None);

    /// <summary>Returns a sentence about the data points that were lost, and why; null if none was.</summary>
    public string? Report()
    {
        var counts = Counts;
        string[] missing = [.. Missing(counts)];
        return missing.Length == 0 ? null : $"{string.Join(" and ", missing)} of metrics did not reach {Destination}{(counts.Missing > 0 ? ": " + string.Join(", ", Parts(counts)) : "")}. {LastFault}".TrimEnd();
    }

    private IEnumerable<string> Missing(OtlpCounts counts)
    {
        if (counts.Missing > 0)
        {
            yield return Quantity.Of(counts.Missing, "data point");
        }

        if (_metrics.FailedExports is > 0 and var exports)
        {
            yield return Quantity.Of(exports, "export");
        }
    }

    private static IEnumerable<string> Parts(OtlpCounts counts)
    {
        if (counts.Refused > 0)
        {
            yield return $"{counts.Refused} refused";
        }

        if (counts.Dropped > 0)
        {
            yield return $"{counts.Dropped} dropped from the full queue";
        }

        if (counts.Undelivered > 0)
        {
            yield return $"{counts.Undelivered} unsent at the end";
        }
    }

    private Export Encode(List<MetricFamily> families)
    {
        var now = DateTime.UtcNow;
        var merged = MergedFamilies.Merge(families).Families;
        using var buffer = new ExpositionBuffer();
        var points = OtlpMetrics.Write(_deltas?.Next(merged, now) ?? merged, _options, _options.Resource, now, buffer);
        return new Export(OtlpRequest.Body(buffer, _options.IsCompressed), points);
    }

    private void Add(Export export)
    {
        lock (_gate)
        {
            if (_hasEnded)
            {
                _metrics.Count(undelivered: export.Points);
                return;
            }

            while (_waiting.Count > 0 && (_waiting.Count >= MostWaiting || _waitingBytes + export.Body.Length > MostBytes))
            {
                var oldest = _waiting.Dequeue();
                _waitingBytes -= oldest.Body.Length;
                _metrics.Count(dropped: oldest.Points);
            }

            _waiting.Enqueue(export);
            _waitingBytes += export.Body.Length;
            Monitor.PulseAll(_gate);
        }
    }

    private void Pulse()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private void ReadAtIntervals()
    {
        while (true)
        {
            var start = Stopwatch.GetTimestamp();
            lock (_gate)
            {
                while (!_isEnding && _options.Interval - Stopwatch.GetElapsedTime(start) is var left && left > TimeSpan.Zero)
                {
                    Monitor.Wait(_gate, left);
                }

                if (_isEnding)
                {
                    return;
                }
            }

            Push(CancellationToken.None);
        }
    }

    private void Send()
    {
        try
        {
            while (Take() is { } export && Deliver(export))
            {
            }
        }
        catch (OperationCanceledException)
        {
            // The time limit of the last flush has passed.
        }
        catch (Exception exception)
        {
            // An unhandled exception on a thread would end the process.
            _metrics.Fault(Unexpected(exception));
        }

        _client.Dispose();
        lock (_gate)
        {
            LeaveUndelivered();
            _hasEnded = true;
            Monitor.PulseAll(_gate);
            _stop.Dispose();
        }
    }

    private Export? Take()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0)
            {
                if (_isEnding)
                {
                    return null;
                }

                Monitor.Wait(_gate);
            }

            _inFlight = _waiting.Dequeue();
            _waitingBytes -= _inFlight.Body.Length;
            return _inFlight;
        }
    }

    // Returns false if the exporter ends and the receiver does not accept the export.
    private bool Deliver(Export export)
    {
        var backoff = new Backoff(int.MaxValue, s_longestPause) { LongestAsked = s_longestAsked };
        while (true)
        {
            bool isLast;
            lock (_gate)
            {
                isLast = _isEnding;
            }

            var answer = Post(export);
            if (answer.Reason is { } reason)
            {
                _metrics.Fault(reason);
            }

            if (answer.Outcome != OtlpOutcome.Retry)
            {
                var refused = answer.Outcome == OtlpOutcome.Refused ? export.Points : Math.Min(answer.Rejected, export.Points);
                Settle(delivered: export.Points - refused, refused);
                return true;
            }

            _metrics.CountFailedTry();
            if (isLast && answer.RetryAfter is null)
            {
                return false;
            }

            Rest(backoff.Next(answer.RetryAfter), canEndEarly: answer.RetryAfter is null);
        }
    }

    private OtlpAnswer Post(Export export)
    {
        try
        {
            return _client.PostAsync(export.Body, _stop.Token).GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Not retried: it would fail again, and delay the exports after it.
            return new OtlpAnswer(OtlpOutcome.Refused, 0, null, Unexpected(exception));
        }
    }

    private static string Unexpected(Exception exception) => $"Sending failed unexpectedly ({exception.GetType().Name}).";

    private void Settle(long delivered, long refused)
    {
        lock (_gate)
        {
            // After the end, it was already counted as undelivered.
            if (_inFlight is not null)
            {
                _inFlight = null;
                _metrics.Count(delivered, refused);
            }
        }
    }

    // The end cuts a pause short, unless the receiver asked for it. Waiting exports are then tried once more.
    private void Rest(TimeSpan pause, bool canEndEarly)
    {
        lock (_gate)
        {
            var start = Stopwatch.GetTimestamp();
            while (!(canEndEarly && _isEnding) && pause - Stopwatch.GetElapsedTime(start) is var left && left > TimeSpan.Zero)
            {
                _stop.Token.ThrowIfCancellationRequested();
                Monitor.Wait(_gate, left);
            }
        }
    }

    private void LeaveUndelivered()
    {
        long points = _inFlight?.Points ?? 0;
        _inFlight = null;
        while (_waiting.TryDequeue(out var export))
        {
            points += export.Points;
        }

        _waitingBytes = 0;
        _metrics.Count(undelivered: points);
    }

    private sealed record Export(byte[] Body, int Points);
}

/// <summary>The numbers of data points by outcome.</summary>
/// <param name="Delivered">The number that the receiver accepted.</param>
/// <param name="Refused">The number that the receiver rejected permanently.</param>
/// <param name="Dropped">The number dropped because too many exports waited.</param>
/// <param name="Undelivered">The number left when the time limit of the last flush passed; 0 before the end.</param>
internal readonly record struct OtlpCounts(long Delivered, long Refused, long Dropped, long Undelivered)
{
    /// <summary>The number that did not and will not reach the receiver.</summary>
    public long Missing => Refused + Dropped + Undelivered;
}

/// <summary>The exporter's own metrics. All members are safe from any thread.</summary>
internal sealed class PushMetrics : IMetricSource
{
    private static readonly MetricDescriptor s_points = new("bee_otlp_data_points", MetricType.Counter, null, "Data points that were read for export, by outcome.", ["outcome"]);
    private static readonly MetricDescriptor s_tries = new("bee_otlp_failed_requests", MetricType.Counter, null, "Requests that did not reach the receiver, or that it asked to retry.", []);
    private static readonly MetricDescriptor s_errors = new("bee_otlp_read_errors", MetricType.Counter, null, "Sources and whole exports that were left out because reading failed.", []);

    private readonly object _lock = new();
    private readonly DateTime _created = DateTime.UtcNow;
    private long _failedTries;
    private long _readFailures;
    private long _failedExports;
    private volatile string? _fault;

    /// <inheritdoc/>
    public bool IsReady => true;

    public OtlpCounts Counts { get; private set; }

    public string? LastFault => _fault;

    public void Fault(string reason) => _fault = reason;

    public void CountFailedTry() => Interlocked.Increment(ref _failedTries);

    public void CountReadFailure() => Interlocked.Increment(ref _readFailures);

    public long FailedExports => Interlocked.Read(ref _failedExports);

    public void CountFailedExport(string reason)
    {
        CountReadFailure();
        Interlocked.Increment(ref _failedExports);
        Fault(reason);
    }

    public void Count(long delivered = 0, long refused = 0, long dropped = 0, long undelivered = 0)
    {
        lock (_lock)
        {
            Counts = new OtlpCounts(Counts.Delivered + delivered, Counts.Refused + refused, Counts.Dropped + dropped, Counts.Undelivered + undelivered);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<MetricFamily> Collect(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return
            [
                new(s_points, [Counter(Counts.Delivered, "delivered"), Counter(Counts.Refused, "refused"), Counter(Counts.Dropped, "dropped")]),
                new(s_tries, [Counter(Interlocked.Read(ref _failedTries))]),
                new(s_errors, [Counter(Interlocked.Read(ref _readFailures))]),
            ];
        }
    }

    private MetricSeries Counter(long value, params string[] labels) => new(labels, value) { Created = _created };
}
