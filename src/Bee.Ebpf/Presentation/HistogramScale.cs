namespace Bee.Ebpf;

/// <summary>How the slots of a histogram are spaced.</summary>
public enum HistogramSpacing
{
    /// <summary>Slot 0 holds 0 and 1, slot n values from 2^n to 2^(n+1) - 1.</summary>
    Log2,
    /// <summary>Slots of one width each, from a start on.</summary>
    Linear,
}

/// <summary>The values that the slots of a histogram map stand for.</summary>
public sealed record HistogramScale
{
    /// <summary>The spacing.</summary>
    public HistogramSpacing Spacing { get; init; }

    /// <summary>For linear slots: the lowest value of slot 0.</summary>
    public double Start { get; init; }

    /// <summary>For linear slots: how wide each is, more than 0.</summary>
    public double Step { get; init; } = 1;
}
