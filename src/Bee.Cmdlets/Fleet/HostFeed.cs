using System.Collections.Concurrent;
using System.Diagnostics;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Telemetry.Captures;
using Bee.Telemetry.Logs;

namespace Bee.Cmdlets.Fleet;

/// <summary>Something that a host reports besides its events: one of its parts is set.</summary>
/// <param name="Host">The host as the user gave it.</param>
internal sealed record HostReport(string Host)
{
    /// <summary>A message of the agent.</summary>
    public StreamMessage? Message { get; init; }

    /// <summary>The map of lost events.</summary>
    public string? LostMap { get; init; }

    /// <summary>The number of lost events.</summary>
    public ulong Lost { get; init; }

    /// <summary>Types whose first objects follow.</summary>
    public IReadOnlyList<(IRecordShape Shape, string? Tool)>? Shapes { get; init; }

    /// <summary>Types of histograms whose first objects follow.</summary>
    public IReadOnlyList<HistogramType>? Histograms { get; init; }

    /// <summary>The distance of the host's clock from this machine's; positive if the host's is ahead.</summary>
    public TimeSpan? ClockAhead { get; init; }

    /// <summary>Why the host's run has ended; null if it was completed.</summary>
    public FleetException? Fault { get; init; }

    /// <summary>Whether the host's run has ended.</summary>
    public bool HasEnded { get; init; }
}

/// <summary>
/// Feeds the events of one host into the merge, on the thread that reads the host. The order is that of this machine's clock: times of events are moved by the distance of the two clocks, which heartbeats measure.
/// The events themselves keep the host's times.
/// </summary>
internal sealed class HostFeed : ICaptureStreamSink
{
    // A heartbeat of a host that has sent no event for this long is a promise. A younger one may overtake events in the host's buffers.
    private static readonly long s_idle = TimeSpan.FromMilliseconds(400).Ticks;
    private static readonly long s_worthNaming = TimeSpan.FromMilliseconds(50).Ticks;
    private static readonly long s_slack = TimeSpan.FromMilliseconds(20).Ticks;

    // More messages that wait for the pipeline would fill the memory.
    private const int MostReports = 10_000;
    private static readonly TimeSpan s_retry = TimeSpan.FromMilliseconds(10);

    private readonly string _host;
    private readonly StreamMerge _merge;
    private readonly StreamMerge.Source _source;
    private readonly EventUnpacker _unpacker;
    private readonly ConcurrentQueue<HostReport> _reports;
    private readonly List<(long Time, BpfEvent Event)> _block = [];
    private long _last;
    private int _bytes;
    private long _now;
    private int _shapes;
    private int _histograms;
    private long _latest = long.MinValue;
    private long _lastEvent = long.MinValue;
    private long _ahead;
    private TimeSpan _roundTrip = TimeSpan.MaxValue;
    private bool _isClosed;

    /// <param name="host">The host as the user gave it.</param>
    /// <param name="merge">Receives the events.</param>
    /// <param name="source">The source of the host's events.</param>
    /// <param name="unpacker">Has the types of the host's events.</param>
    /// <param name="reports">Receives everything else.</param>
    public HostFeed(string host, StreamMerge merge, StreamMerge.Source source, EventUnpacker unpacker, ConcurrentQueue<HostReport> reports) =>
        (_host, _merge, _source, _unpacker, _reports) = (host, merge, source, unpacker, reports);

    /// <inheritdoc/>
    public void BeginBlock(long first, long last, int bytes) => (_last, _bytes, _now) = (last, bytes, MergeClock.Now);

    /// <inheritdoc/>
    public bool Event(BpfEvent e)
    {
        // An event is not younger than its block, so a wrong time does not hold back or overtake the others for long.
        long time = EventMoment.Of(e, new DateTime(_last, DateTimeKind.Utc)) is { } moment && e is not MapEntry ? moment.Ticks : _last;
        _latest = Math.Max(_latest, time);
        _lastEvent = Math.Max(_lastEvent, _last);
        // Nor is it younger than its arrival. Otherwise a clock that is set forward would make all later events of other hosts late.
        _block.Add((Math.Min(time - _ahead, _now), e));
        return !_isClosed;
    }

    /// <inheritdoc/>
    public void EndBlock()
    {
        ReportTypes();
        _isClosed |= !_merge.Add(_source, _block, _bytes);
        if (_latest > long.MinValue)
        {
            _merge.Promise(_source, Math.Min(_latest - _ahead, _now) - s_slack);
        }
    }

    /// <inheritdoc/>
    public void Notice(string map, string text) => Report(new HostReport(_host) { Message = new StreamMessage(AgentMessage.Warning, $"{map}: {text}") });

    /// <inheritdoc/>
    public void Lost(string map, ulong count) => Report(new HostReport(_host) { LostMap = map, Lost = count });

    /// <inheritdoc/>
    public void Message(StreamMessage message) => Report(new HostReport(_host) { Message = message });

    /// <inheritdoc/>
    public void Beat(Heartbeat beat)
    {
        long now = MergeClock.Now;
        if (beat.Sent > 0)
        {
            Measure(beat, now);
        }

        if (beat.Now - s_idle > _lastEvent)
        {
            _merge.Promise(_source, Math.Min(beat.Now - _ahead, now) - s_slack);
        }
    }

    // As NTP: of several measurements, the one with the shortest round trip is the best.
    private void Measure(Heartbeat beat, long now)
    {
        var roundTrip = TimeSpan.FromTicks(Math.Max(0, now - beat.Sent - (beat.Now - beat.Received)));
        if (roundTrip <= _roundTrip)
        {
            long ahead = unchecked(beat.Received - beat.Sent + (beat.Now - now)) / 2;
            // The error is half of the round trip at most. A smaller distance may be none: hosts usually synchronize their clocks.
            ahead = Math.Abs(ahead) > roundTrip.Ticks / 2 ? ahead : 0;
            bool isMoved = Math.Abs(ahead - _ahead) > s_worthNaming;
            (_roundTrip, _ahead) = (roundTrip, ahead);
            if (isMoved)
            {
                Report(new HostReport(_host) { ClockAhead = TimeSpan.FromTicks(ahead) });
            }
        }
        else
        {
            // Forgets a good measurement slowly, because clocks drift.
            _roundTrip += TimeSpan.FromTicks(_roundTrip.Ticks / 8);
        }
    }

    private void ReportTypes()
    {
        if (_unpacker.Shapes.Count > _shapes || _unpacker.Histograms.Count > _histograms)
        {
            Report(new HostReport(_host)
            {
                Shapes = [.. _unpacker.Shapes.Skip(_shapes).Select(shape => (shape, _unpacker.ToolOf(shape)))],
                Histograms = [.. _unpacker.Histograms.Skip(_histograms)],
            });
            (_shapes, _histograms) = (_unpacker.Shapes.Count, _unpacker.Histograms.Count);
        }
    }

    private void Report(HostReport report)
    {
        // The host waits for the pipeline, as with events.
        while (_reports.Count >= MostReports && !_merge.IsClosed)
        {
            Thread.Sleep(s_retry);
        }

        _reports.Enqueue(report);
        _merge.Wake();
    }
}

/// <summary>The clock of merged events: this machine's, in UTC ticks, without the jumps of a clock that is set.</summary>
internal static class MergeClock
{
    private static readonly long s_start = DateTime.UtcNow.Ticks;
    private static readonly long s_mark = Stopwatch.GetTimestamp();

    /// <summary>The time.</summary>
    public static long Now => s_start + Stopwatch.GetElapsedTime(s_mark).Ticks;
}
