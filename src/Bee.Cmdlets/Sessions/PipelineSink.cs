using System.Diagnostics;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Telemetry.Logs;

namespace Bee.Cmdlets.Sessions;

/// <summary>
/// Writes events to the pipeline, on the pipeline's own thread. The only cost per event is a counter and the engine's own write.
/// </summary>
internal sealed class PipelineSink : IEventSink
{
    private readonly ICmdletStreams _streams;
    private readonly ICommandRuntime _pipeline;
    private readonly string _tool;
    private readonly Dictionary<string, ulong> _lost = [];
    private long _left;
    private long _lastWarning;

    /// <param name="streams">Receives warnings.</param>
    /// <param name="pipeline">Receives the objects: the cmdlet's runtime, used directly for speed.</param>
    /// <param name="tool">The name of the tool.</param>
    /// <param name="maxEvents">The number of objects to write; 0 for no limit.</param>
    public PipelineSink(ICmdletStreams streams, ICommandRuntime pipeline, string tool, long maxEvents)
    {
        _streams = streams;
        _pipeline = pipeline;
        _tool = tool;
        _left = maxEvents;
    }

    /// <summary>Reads until the stream ends, and warns of losses.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="duration">How long to read; null for no limit.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <param name="first">The sink that the reader calls, which passes events on to this sink; null for this sink itself.</param>
    public void Run(EventReader reader, TimeSpan? duration, CancellationToken cancellationToken, IEventSink? first = null)
    {
        EventOrigins.Register(reader.Streams, _tool);
        string? outer = EventOrigins.Current;
        EventOrigins.Current = _tool;
        try
        {
            reader.Run(first ?? this, cancellationToken, duration);
        }
        finally
        {
            EventOrigins.Current = outer;
        }

        WarnOfLosses();
    }

    // Without a limit, the counter starts at zero and decreases, so it never becomes zero again.
    bool IEventSink.Event(BpfEvent e)
    {
        _pipeline.WriteObject(EventObject.Of(e));
        return --_left != 0;
    }

    void IEventSink.Notice(string map, string text) => _streams.WriteWarning($"{map}: {text}");

    void IEventSink.Lost(string map, ulong count) => AddLost(_tool, map, count);

    /// <summary>Adds a loss of another tool.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="map">The map, by its name in the object file.</param>
    /// <param name="count">The number of events.</param>
    public void AddLost(string tool, string map, ulong count)
    {
        PipelineLosses.Add(new PipelineLoss(LossReason.Kernel, tool, map, (long)Math.Min(count, long.MaxValue)));
        // The count comes from the program, so it can have any value.
        ulong before = _lost.GetValueOrDefault(map);
        _lost[map] = before + Math.Min(count, ulong.MaxValue - before);
        if (_lastWarning == 0 || Stopwatch.GetElapsedTime(_lastWarning) >= TimeSpan.FromSeconds(1))
        {
            WarnOfLosses();
        }
    }

    /// <summary>Warns of the losses that no warning has reported yet.</summary>
    public void WarnOfLosses()
    {
        if (_lost.Count == 0)
        {
            return;
        }

        string text = string.Join(", ", _lost.Select(pair => $"{pair.Value} of {pair.Key}"));
        _lost.Clear();
        _lastWarning = Stopwatch.GetTimestamp();
        _streams.WriteWarning($"Events were lost, because the ring or perf buffer was full: {text}.");
    }
}

/// <summary>Creates the object that is written to the pipeline for an event.</summary>
internal static class EventObject
{
    /// <summary>Returns the event. A truncated event also gets the type name of its map, so that it appears in the same table as the others.</summary>
    public static object Of(BpfEvent item)
    {
        if (item is not TruncatedEvent truncated)
        {
            return item;
        }

        var wrapped = PSObject.AsPSObject(truncated);
        wrapped.TypeNames.Insert(0, truncated.WholeType().FullName!);
        return wrapped;
    }
}

/// <summary>Sums up and describes the losses of streams.</summary>
internal static class LossCount
{
    /// <summary>Returns the sum over the streams that count losses, or null if none does. The kernel does not count the losses of a ring buffer, so only the program can.</summary>
    public static ulong? Of(IReadOnlyList<RecordStream> streams)
    {
        ulong? sum = null;
        foreach (RecordStream stream in streams)
        {
            if (stream.Lost is { } lost)
            {
                sum = (sum ?? 0) + lost;
            }
        }

        return sum;
    }

    /// <summary>Writes the number of events and losses of each stream, and warns of buffers that were full and whose losses are not counted.</summary>
    public static void Report(IReadOnlyList<RecordStream> streams, ICmdletStreams to)
    {
        foreach (RecordStream stream in streams)
        {
            to.WriteNote(Describe(stream));
            if (Suspicion(stream) is { } suspicion)
            {
                to.WriteWarning(suspicion);
            }
        }
    }

    /// <summary>Returns a sentence about a stream that has ended: its events, losses, and the highest fill level of its buffer.</summary>
    public static string Describe(RecordStream stream)
    {
        string fill = stream.HighWater is { } fullest ? $", buffer up to {fullest * 100:0} % full" : string.Empty;
        string lost = stream.Lost is { } count ? $", {count} lost" : stream.HighWater is not null ? ", lost: not counted" : string.Empty;
        return $"{stream.Name}: {stream.Count} read{lost}{fill}.";
    }

    /// <summary>Returns a warning for a buffer that was full and whose losses are not counted; null otherwise.</summary>
    public static string? Suspicion(RecordStream stream) => stream is { Lost: null, HighWater: >= Full }
        ? $"{stream.Name}: The ring buffer was full, and the program does not count lost events, so events may be missing. Use bee_reserve or bee_output of bee.h, which count them."
        : null;

    // A buffer is full with some room left if the next record does not fit.
    private const double Full = 0.95;
}
