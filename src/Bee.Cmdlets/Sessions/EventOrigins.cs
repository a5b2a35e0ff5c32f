using Bee.Ebpf.Events;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Telemetry.Logs;

namespace Bee.Cmdlets.Sessions;

/// <summary>
/// Knows where events come from: an event has its type and its map's name, and not its tool. Tools whose types are alike share a type; then the tool is known only while one of its events is written
/// to a pipeline.
/// </summary>
internal static class EventOrigins
{
    private static readonly Dictionary<Type, List<EventOrigin>> s_known = [];

    [ThreadStatic]
    private static string? s_current;

    /// <summary>The tool whose events are being written to the pipeline of this thread; null for none.</summary>
    public static string? Current
    {
        get => s_current;
        set => s_current = value;
    }

    /// <summary>Notes what the streams of a tool give.</summary>
    public static void Know(IReadOnlyList<RecordStream> streams, string tool)
    {
        foreach (RecordStream stream in streams)
        {
            Know(stream.ClrType, new EventOrigin(tool, stream.Shape?.Metadata ?? stream.Map?.Metadata ?? MapMetadata.None));
        }
    }

    /// <summary>Notes where the events of a type come from. Of one tool the latest note counts.</summary>
    public static void Know(Type type, EventOrigin origin)
    {
        lock (s_known)
        {
            if (!s_known.TryGetValue(type, out List<EventOrigin>? origins))
            {
                s_known[type] = origins = [];
            }

            origins.RemoveAll(known => known.Tool == origin.Tool);
            origins.Add(origin);
        }
    }

    /// <summary>Returns where an event comes from.</summary>
    public static EventOrigin Of(BpfEvent item)
    {
        lock (s_known)
        {
            for (Type? type = item is TruncatedEvent truncated ? truncated.WholeType() : item.GetType(); type is not null && type != typeof(BpfEvent); type = type.BaseType)
            {
                if (s_known.TryGetValue(type, out List<EventOrigin>? origins))
                {
                    return origins.Count == 1 ? origins[0] : origins.Find(known => known.Tool == s_current) ?? EventOrigin.Unknown;
                }
            }
        }

        return EventOrigin.Unknown;
    }
}
