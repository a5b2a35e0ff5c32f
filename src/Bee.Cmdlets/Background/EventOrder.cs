using System.Collections.Concurrent;
using System.Reflection;
using Bee.Ebpf.Records;

namespace Bee.Cmdlets;

/// <summary>The order of events that come from several buffers.</summary>
internal static class EventOrder
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo[]> s_moments = new();

    /// <summary>Returns the place of the source whose next event is the oldest. Of equals the first.</summary>
    /// <param name="sources">The sources, one at least.</param>
    /// <param name="buffer">A source's buffer.</param>
    public static int Oldest<T>(IReadOnlyList<T> sources, Func<T, EventBuffer> buffer)
    {
        int oldest = 0;
        DateTime first = DateTime.MaxValue;
        for (int i = 0; i < sources.Count; i++)
        {
            if (buffer(sources[i]).TryPeek(out BpfEvent item, out DateTime arrived) && Time(item, arrived) is var time && time < first)
            {
                (oldest, first) = (i, time);
            }
        }

        return oldest;
    }

    // When the kernel made it, where its type says so: readers empty their rings one after the other. A record may have older moments too, such as a process's start.
    private static DateTime Time(BpfEvent item, DateTime arrived)
    {
        DateTime? latest = null;
        foreach (PropertyInfo moment in s_moments.GetOrAdd(item.GetType(), static type => [.. type.GetProperties().Where(property => property.PropertyType == typeof(DateTime))]))
        {
            DateTime time = ((DateTime)moment.GetValue(item)!).ToUniversalTime();
            if (time <= arrived && !(time < latest))
            {
                latest = time;
            }
        }

        return latest ?? arrived;
    }
}
