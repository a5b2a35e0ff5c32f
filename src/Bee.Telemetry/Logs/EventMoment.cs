using Bee.Ebpf.Records;

namespace Bee.Telemetry.Logs;

/// <summary>The moment of an event.</summary>
internal static class EventMoment
{
    /// <summary>Returns when the kernel made an event, in UTC, where its type says so; null where it does not.</summary>
    /// <param name="item">The event.</param>
    /// <param name="arrived">When Bee saw it, in UTC. A record may have older moments too, such as a process's start, so the latest one until then counts.</param>
    public static DateTime? Of(BpfEvent item, DateTime arrived)
    {
        ArgumentNullException.ThrowIfNull(item);
        DateTime? latest = null;
        foreach (EventField field in EventShape.Of(item.GetType()).Fields)
        {
            if (field.IsMoment && ((DateTime)field.Value(item)!).ToUniversalTime() is var time && time <= arrived && !(time < latest))
            {
                latest = time;
            }
        }

        return latest;
    }
}
