namespace Bee.Ebpf;

/// <summary>What the limits of a histogram's buckets follow.</summary>
public enum HistogramLimits
{
    /// <summary>Powers of two: 0 to 1, 2 to 3, 4 to 7, ... Negative values have one bucket of their own.</summary>
    Log2,
    /// <summary>Steps of one width.</summary>
    Linear,
    /// <summary>Upper limits that the author named, as for Prometheus: a value that equals a limit belongs below it.</summary>
    Named,
}
