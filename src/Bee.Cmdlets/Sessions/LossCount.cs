using Bee.Cmdlets.Base;
using Bee.Ebpf.Events;

namespace Bee.Cmdlets.Sessions;

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
        string lost = stream.Lost is { } count ? $", {count} lost" : stream.HighWater is not null ? ", lost: nobody counts" : string.Empty;
        return $"{stream.Name}: {stream.Count} given{lost}{fill}.";
    }

    /// <summary>A warning about a buffer that was found full where nobody counts what it refused; null for others.</summary>
    public static string? Suspicion(RecordStream stream) => stream is { Lost: null, HighWater: >= Full }
        ? $"{stream.Name}: the ring was found full, and the program does not count what it could not submit: events may be missing. bee_reserve and bee_output of bee.h count."
        : null;

    // The last record that does not fit leaves a little room.
    private const double Full = 0.95;
}
