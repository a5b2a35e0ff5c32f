using Bee.Ebpf.Events;
using Bee.Terminal.Models;

namespace Bee.Cmdlets.Live;

/// <summary>What the header of a view says of streams.</summary>
internal static class StreamStatus
{
    /// <summary>Adds up what streams lost, and finds the fullest buffer.</summary>
    /// <param name="streams">The streams.</param>
    /// <param name="count">Objects so far.</param>
    /// <param name="dropped">What Bee's own buffer dropped; null without such a buffer.</param>
    /// <param name="hasEnded">Whether nothing more will come.</param>
    public static LiveStatus Of(IReadOnlyList<RecordStream> streams, long count, long? dropped, bool hasEnded) => new(
        count, LossCount.Of(streams), dropped, streams.Max(stream => stream.Fill), streams.Max(stream => stream.HighWater), streams.Any(stream => stream.HighWater is not null), hasEnded);
}
