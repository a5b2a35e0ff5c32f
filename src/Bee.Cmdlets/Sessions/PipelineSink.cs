using System.Diagnostics;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;
using Bee.Telemetry.Logs;

namespace Bee.Cmdlets.Sessions;

/// <summary>
/// Writes what is read to the pipeline, on the pipeline's own thread. An event costs a count and the engine's own write, no more.
/// </summary>
internal sealed class PipelineSink : IEventSink
{
    private readonly ICmdletStreams _streams;
    private readonly ICommandRuntime _pipeline;
    private readonly string _tool;
    private readonly Dictionary<string, ulong> _lost = [];
    private long _left;
    private long _lastTold;

    /// <param name="streams">Where warnings go.</param>
    /// <param name="pipeline">Where objects go: the cmdlet's runtime, without the detour over the cmdlet.</param>
    /// <param name="tool">The name of the tool that is read.</param>
    /// <param name="maxEvents">How many objects to write; 0 for no limit.</param>
    public PipelineSink(ICmdletStreams streams, ICommandRuntime pipeline, string tool, long maxEvents)
    {
        _streams = streams;
        _pipeline = pipeline;
        _tool = tool;
        _left = maxEvents;
    }

    /// <summary>Reads until the stream ends, and warns of what was lost.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="duration">How long to read; null for no limit.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <param name="first">The sink that the reader gives to: one that passes on to this sink, or null for this sink itself.</param>
    public void Run(EventReader reader, TimeSpan? duration, CancellationToken cancellationToken, IEventSink? first = null)
    {
        EventOrigins.Know(reader.Streams, _tool);
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

    // Without a limit the count runs below zero and never meets it.
    bool IEventSink.Event(BpfEvent e)
    {
        _pipeline.WriteObject(EventObject.Of(e));
        return --_left != 0;
    }

    void IEventSink.Notice(string map, string text) => _streams.WriteWarning($"{map}: {text}");

    void IEventSink.Lost(string map, ulong count) => AddLost(_tool, map, count);

    /// <summary>Tells of a loss of another tool's.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="map">The map, by its name in the object file.</param>
    /// <param name="count">How many events.</param>
    public void AddLost(string tool, string map, ulong count)
    {
        PipelineLosses.Add(new PipelineLoss(LossReason.Kernel, tool, map, (long)Math.Min(count, long.MaxValue)));
        // A program counts its losses itself, and may count anything.
        ulong before = _lost.GetValueOrDefault(map);
        _lost[map] = before + Math.Min(count, ulong.MaxValue - before);
        if (_lastTold == 0 || Stopwatch.GetElapsedTime(_lastTold) >= TimeSpan.FromSeconds(1))
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
        _lastTold = Stopwatch.GetTimestamp();
        _streams.WriteWarning($"Events were lost, because the buffer was full: {text}.");
    }
}

/// <summary>What is written to the pipeline for an event.</summary>
internal static class EventObject
{
    /// <summary>The event itself; one that was truncated also goes by the name of its map's type, so that it stands in the same table as the others.</summary>
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

/// <summary>Adds up what streams lost, and says how full their buffers were.</summary>
internal static class LossCount
{
    /// <summary>The sum over the streams that know, or null when none does: nobody counts what a ring refused unless the program itself does.</summary>
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

    /// <summary>Notes how many events each stream gave and lost, and warns of buffers that were found full where nobody counts.</summary>
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

    /// <summary>What can be said of one stream when reading ends: how many it gave and lost, and how full its buffer was found.</summary>
    public static string Describe(RecordStream stream)
    {
        string fill = stream.HighWater is { } fullest ? $", the buffer at most {fullest * 100:0} % full" : string.Empty;
        string lost = stream.Lost is { } count ? $", {count} lost" : stream.HighWater is not null ? ", lost: not counted" : string.Empty;
        return $"{stream.Name}: {stream.Count} given{lost}{fill}.";
    }

    /// <summary>A warning about a buffer that was found full where nobody counts what it refused; null for others.</summary>
    public static string? Suspicion(RecordStream stream) => stream is { Lost: null, HighWater: >= Full }
        ? $"{stream.Name}: the ring was found full, and the program does not count what it could not submit: events may be missing. bee_reserve and bee_output of bee.h count."
        : null;

    // The last record that does not fit leaves a little room.
    private const double Full = 0.95;
}
