using System.Globalization;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Telemetry.Logs;

/// <summary>Creates log records of events and losses. Safe from any thread.</summary>
internal static class LogRecords
{
    /// <summary>Creates the record of an event.</summary>
    /// <param name="item">The event, map entry, histogram or line.</param>
    /// <param name="origin">The tool and the metadata of the event.</param>
    /// <param name="sequence">The sequence number of the event.</param>
    /// <param name="observed">When Bee read the event, in UTC.</param>
    public static LogRecord Of(BpfEvent item, EventOrigin origin, long sequence, DateTime observed)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(origin);
        var type = EventShape.Of(item.GetType());
        string? map = type.MapName(item);
        return new LogRecord
        {
            Sequence = sequence,
            Time = EventMoment.Of(item, observed),
            Observed = observed,
            Severity = LogSeverities.Of(type, item, origin.Metadata),
            EventName = Name(origin.Tool, map ?? type.Name),
            Tool = origin.Tool,
            Map = map,
            Body = LogText.Of(type, item, origin.Metadata),
            Attributes = type.Attributes(item),
        };
    }

    /// <summary>Creates the record of a loss, with the severity warning.</summary>
    /// <param name="reason">Why events are missing.</param>
    /// <param name="tool">The tool of the events; null if unknown.</param>
    /// <param name="map">The map of the events; null if unknown.</param>
    /// <param name="count">The number of missing events, at least one.</param>
    /// <param name="sequence">The sequence number of the last missing event.</param>
    /// <param name="observed">When Bee noticed the loss, in UTC.</param>
    public static LogRecord OfLoss(LossReason reason, string? tool, string? map, long count, long sequence, DateTime observed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        string why = reason switch
        {
            LossReason.Kernel => "a buffer in the kernel was full",
            LossReason.BufferFull => "a buffer of Bee was full",
            _ => "the receiver did not accept them",
        };
        LogAttribute[] attributes =
        [
            new("reason", NameOf(reason)),
            .. map is null ? Array.Empty<LogAttribute>() : [new("map", map)],
            new("count", count),
        ];
        return new LogRecord
        {
            Sequence = sequence,
            Observed = observed,
            Severity = LogSeverity.Warning,
            EventName = Name(tool, "lost"),
            Tool = tool,
            Map = map,
            Body = $"{Quantity.Of(count, "event")}{(map is null ? "" : $" of {TerminalText.Show(map)}")} {(count == 1 ? "was" : "were")} lost, because {why}.",
            Attributes = attributes,
            LostCount = count,
        };
    }

    /// <summary>Returns the attribute value for a reason: <c>kernel</c>, <c>buffer_full</c> or <c>delivery</c>.</summary>
    /// <param name="reason">The reason.</param>
    public static string NameOf(LossReason reason) => reason switch
    {
        LossReason.Kernel => "kernel",
        LossReason.BufferFull => "buffer_full",
        _ => "delivery",
    };

    private static string Name(string? tool, string part) => tool is null ? part : string.Create(CultureInfo.InvariantCulture, $"{tool}.{part}");
}
