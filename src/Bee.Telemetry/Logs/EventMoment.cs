using Bee.Ebpf.Records;

namespace Bee.Telemetry.Logs;

/// <summary>Finds the time of an event.</summary>
internal static class EventMoment
{
    /// <summary>Returns the time of an event, in UTC, from its fields; null if its type has no time.</summary>
    /// <param name="item">The event.</param>
    /// <param name="arrived">When Bee read the event, in UTC. Of several times in a record, such as the start of a process, the latest one before this is used.</param>
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
