using Bee.Ebpf.Metadata;

namespace Bee.Telemetry.Logs;

/// <summary>An event, or a gap in the stream of events, as a log has it. Immutable.</summary>
internal sealed record LogRecord
{
    /// <summary>
    /// The place in the stream, from 1. Each event has a number, also one that was lost, so a reader sees a gap of as many numbers as events are missing. A loss record has the number of the last
    /// event that it is about.
    /// </summary>
    public required long Sequence { get; init; }

    /// <summary>When the event happened, in UTC; null where its type has no moment.</summary>
    public DateTime? Time { get; init; }

    /// <summary>When Bee saw the event or the loss, in UTC.</summary>
    public required DateTime Observed { get; init; }

    /// <summary>How severe it is.</summary>
    public LogSeverity Severity { get; init; } = LogSeverity.Informational;

    /// <summary>What kind of event it is: <c>tool.map</c>, or the map alone where the tool is not known.</summary>
    public required string EventName { get; init; }

    /// <summary>The name of the tool that reported the event; null where it is not known.</summary>
    public string? Tool { get; init; }

    /// <summary>The name of the map or iterator that the event came from; null where it is not known.</summary>
    public string? Map { get; init; }

    /// <summary>The record as one line, without characters that a terminal obeys.</summary>
    public required string Body { get; init; }

    /// <summary>The fields in their order. Text is as the program sent it: it may hold control characters, and each writer escapes it as its format has it.</summary>
    public IReadOnlyList<LogAttribute> Attributes { get; init; } = [];

    /// <summary>How many events are missing at this place; 0 for a record that is an event.</summary>
    public long LostCount { get; init; }

    /// <summary>Whether the record tells of a loss.</summary>
    public bool IsLoss => LostCount > 0;
}

/// <summary>A named value of a log record.</summary>
/// <param name="Name">The name, which is the field's.</param>
/// <param name="Value">
/// Null, or one of these: <see cref="string"/>, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/>, <c>byte[]</c>, <c>object?[]</c> of such values, or <c>LogAttribute[]</c> for a struct.
/// Durations are nanoseconds and sizes bytes. A number that does not fit into 64 bits with a sign is its digits as text.
/// </param>
internal readonly record struct LogAttribute(string Name, object? Value);

/// <summary>Why events are missing.</summary>
internal enum LossReason
{
    /// <summary>A buffer in the kernel was full.</summary>
    Kernel,

    /// <summary>A buffer or queue of Bee was full.</summary>
    BufferFull,

    /// <summary>The receiver refused them, or did not answer in time.</summary>
    Delivery,
}
