namespace Bee.Terminal.Models;

/// <summary>How a view's source is doing.</summary>
/// <param name="Count">Events and entries so far.</param>
/// <param name="Lost">Events lost so far because a buffer of the kernel was full; null if they are not counted, or cannot be lost.</param>
/// <param name="Dropped">Events that Bee's own buffer dropped; null where the source has none.</param>
/// <param name="Fill">How full the fullest buffer was found last, from 0 to 1; null where the source has none.</param>
/// <param name="HighWater">The fullest that one was ever found.</param>
/// <param name="CanLose">Whether the source has a buffer that can lose events.</param>
/// <param name="HasEnded">Whether nothing more will come.</param>
public sealed record LiveStatus(long Count, ulong? Lost, long? Dropped, double? Fill, double? HighWater, bool CanLose, bool HasEnded);
