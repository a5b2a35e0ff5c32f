namespace Bee.Telemetry.Metrics;

/// <summary>The exponential buckets of a native histogram, as <c>io.prometheus.client.Histogram</c> has them.</summary>
/// <param name="Schema">The resolution: bucket <c>i</c> ends at <c>2^(i * 2^-schema)</c>, inclusive. 0 for powers of two.</param>
/// <param name="ZeroThreshold">Observations whose absolute value is at most this are in the zero bucket.</param>
/// <param name="ZeroCount">The observations in the zero bucket.</param>
/// <param name="FirstIndex">The index of the first of <paramref name="Positive"/>.</param>
/// <param name="Positive">The observations of each bucket above zero, from <paramref name="FirstIndex"/> on.</param>
public sealed record NativeBuckets(int Schema, double ZeroThreshold, ulong ZeroCount, int FirstIndex, IReadOnlyList<ulong> Positive);
