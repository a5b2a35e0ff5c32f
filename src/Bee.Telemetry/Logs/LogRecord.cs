using Bee.Ebpf.Metadata;

namespace Bee.Telemetry.Logs;

/// <summary>A log record of an event, or of a gap in the stream of events. Immutable.</summary>
internal sealed record LogRecord
{
    /// <summary>
    /// The sequence number in the stream, from 1. Lost events have numbers too, so a reader sees how many are missing. A loss record has the number of the last event that
    /// was lost.
    /// </summary>
    public required long Sequence { get; init; }

    /// <summary>The time of the event, in UTC; null if its type has no time.</summary>
    public DateTime? Time { get; init; }

    /// <summary>When Bee read the event or noticed the loss, in UTC.</summary>
    public required DateTime Observed { get; init; }

    /// <summary>The severity.</summary>
    public LogSeverity Severity { get; init; } = LogSeverity.Informational;

    /// <summary>The name of the event: <c>tool.map</c>, or only the map if the tool is unknown.</summary>
    public required string EventName { get; init; }

    /// <summary>The name of the tool; null if unknown.</summary>
    public string? Tool { get; init; }

    /// <summary>The name of the map or iterator; null if unknown.</summary>
    public string? Map { get; init; }

    /// <summary>The record as one line without control characters.</summary>
    public required string Body { get; init; }

    /// <summary>The fields in order. Texts may contain control characters, which each transport escapes.</summary>
    public IReadOnlyList<LogAttribute> Attributes { get; init; } = [];

    /// <summary>The number of missing events at this position; 0 for an event.</summary>
    public long LostCount { get; init; }

    /// <summary>Whether the record reports a loss.</summary>
    public bool IsLoss => LostCount > 0;
}

/// <summary>A named value of a log record.</summary>
/// <param name="Name">The name of the field.</param>
/// <param name="Value">
/// Null, <see cref="string"/>, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/>, <c>byte[]</c>, <c>object?[]</c> of such values, or <c>LogAttribute[]</c> for a struct.
/// Durations are in nanoseconds, sizes in bytes. A number that does not fit into a signed 64-bit integer becomes a string of digits.
/// </param>
internal readonly record struct LogAttribute(string Name, object? Value);

/// <summary>Why events are missing.</summary>
internal enum LossReason
{
    /// <summary>A buffer in the kernel was full.</summary>
    Kernel,

    /// <summary>A buffer or queue of Bee was full.</summary>
    BufferFull,

    /// <summary>The receiver rejected them, or did not answer in time.</summary>
    Delivery,
}
