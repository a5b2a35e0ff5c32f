using System.Diagnostics;
using System.Management.Automation;
using Bee.Cmdlets.Base;
using Bee.Ebpf.Events;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Sessions;

/// <summary>
/// Writes what is read to the pipeline, on the pipeline's own thread. An event costs a count and the engine's own write, no more.
/// </summary>
internal sealed class PipelineSink : IEventSink
{
    private readonly ICmdletStreams _streams;
    private readonly ICommandRuntime _pipeline;
    private readonly Dictionary<string, ulong> _lost = [];
    private long _left;
    private long _lastTold;

    /// <param name="streams">Where warnings go.</param>
    /// <param name="pipeline">Where objects go: the cmdlet's runtime, without the detour over the cmdlet.</param>
    /// <param name="maxEvents">How many objects to write; 0 for no limit.</param>
    public PipelineSink(ICmdletStreams streams, ICommandRuntime pipeline, long maxEvents)
    {
        _streams = streams;
        _pipeline = pipeline;
        _left = maxEvents;
    }

    /// <summary>Reads until the stream ends, and warns of what was lost.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="duration">How long to read; null for no limit.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public void Run(EventReader reader, TimeSpan? duration, CancellationToken cancellationToken)
    {
        reader.Run(this, cancellationToken, duration);
        WarnOfLosses();
    }

    // Without a limit the count runs below zero and never meets it.
    bool IEventSink.Event(BpfEvent e)
    {
        _pipeline.WriteObject(EventObject.Of(e));
        return --_left != 0;
    }

    void IEventSink.Notice(string map, string text) => _streams.WriteWarning($"{map}: {text}");

    void IEventSink.Lost(string map, ulong count)
    {
        _lost[map] = _lost.GetValueOrDefault(map) + count;
        if (_lastTold == 0 || Stopwatch.GetElapsedTime(_lastTold) >= TimeSpan.FromSeconds(1))
        {
            WarnOfLosses();
        }
    }

    // Of those that have not been told yet.
    private void WarnOfLosses()
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
