using Bee.Ebpf.Events;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Records;
using Bee.Telemetry.Logs;

namespace Bee.Cmdlets.Sessions;

/// <summary>
/// Maps event types to tools: an event has its type and its map's name, but not its tool. Tools with identical types share a type. Then the tool is known only while one of its events is written
/// to a pipeline.
/// </summary>
internal static class EventOrigins
{
    private static readonly Dictionary<Type, List<EventOrigin>> s_known = [];

    [ThreadStatic]
    private static string? s_current;

    /// <summary>The tool whose events are being written to this thread's pipeline; null for none.</summary>
    public static string? Current
    {
        get => s_current;
        set => s_current = value;
    }

    /// <summary>Registers the types of a tool's streams.</summary>
    public static void Register(IReadOnlyList<RecordStream> streams, string tool)
    {
        foreach (RecordStream stream in streams)
        {
            Register(stream.ClrType, new EventOrigin(tool, stream.Shape?.Metadata ?? stream.Map?.Metadata ?? MapMetadata.None));
        }
    }

    /// <summary>Registers the origin of a type's events. A later call for the same tool replaces the earlier one.</summary>
    public static void Register(Type type, EventOrigin origin)
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

    /// <summary>Returns the origin of an event.</summary>
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
