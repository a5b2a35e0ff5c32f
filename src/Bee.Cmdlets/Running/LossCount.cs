using Bee.Ebpf;

namespace Bee.Cmdlets;

/// <summary>Adds up what streams lost.</summary>
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
}
