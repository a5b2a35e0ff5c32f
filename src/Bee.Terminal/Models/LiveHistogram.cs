namespace Bee.Terminal.Models;

/// <summary>A histogram as a view shows it: counts since the start.</summary>
/// <param name="Labels">What tells it from others of its map; empty if it is the only one.</param>
/// <param name="Count">How many values there were.</param>
/// <param name="Summary">What can be said of all values, on one line.</param>
/// <param name="Buckets">The buckets in rising order.</param>
public sealed record LiveHistogram(string Labels, ulong Count, string Summary, IReadOnlyList<LiveBucket> Buckets);

/// <summary>A bucket.</summary>
/// <param name="From">The lower limit; null where it has none.</param>
/// <param name="Range">The limits as text.</param>
/// <param name="Count">How many values are in it.</param>
public readonly record struct LiveBucket(double? From, string Range, ulong Count);
