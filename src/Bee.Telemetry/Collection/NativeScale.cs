using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>The buckets of a native histogram of schema 0, whose bounds are powers of two of the base unit, for whole numbers in a unit of their own.</summary>
internal sealed class NativeScale
{
    private readonly MetricUnit _unit;
    private readonly int _first;

    /// <param name="unit">The unit of the values.</param>
    public NativeScale(MetricUnit unit)
    {
        _unit = unit;
        _first = Index(unit.ToBase(1));
        Buckets = Index(unit.ToBase(ulong.MaxValue)) - _first + 1;
    }

    /// <summary>How many buckets there are above zero.</summary>
    public int Buckets { get; }

    /// <summary>How many totals they take: one for values of zero or less, then the buckets.</summary>
    public int Totals => Buckets + 1;

    /// <summary>The total of a value, counted from the first: 0 for zero.</summary>
    /// <param name="value">The value in the tool's unit.</param>
    public int Of(ulong value) => value == 0 ? 0 : Index(_unit.ToBase(value)) - _first + 1;

    /// <summary>Returns the buckets.</summary>
    /// <param name="totals">The totals of a series, from that of zero on.</param>
    public NativeBuckets Make(ReadOnlySpan<ulong> totals)
    {
        var positive = totals[1..];
        var from = positive.IndexOfAnyExcept(0ul);
        return from < 0
            ? new NativeBuckets(0, 0, totals[0], 0, [])
            : new NativeBuckets(0, 0, totals[0], _first + from, positive[from..(positive.LastIndexOfAnyExcept(0ul) + 1)].ToArray());
    }

    // Bucket i ends at 2^i, inclusive.
    private static int Index(double value) => Math.ILogB(value) is var exponent && Math.ScaleB(1, exponent) == value ? exponent : exponent + 1;
}
