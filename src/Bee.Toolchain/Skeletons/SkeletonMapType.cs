namespace Bee.Toolchain;

/// <summary>Where a skeleton's program puts what it sees.</summary>
public enum SkeletonMapType
{
    /// <summary>A ring buffer: one event for each time, in the order of all CPUs.</summary>
    RingBuffer,
    /// <summary>A perf buffer: one event for each time, a buffer for each CPU.</summary>
    PerfBuffer,
    /// <summary>A hash map: one entry for each key.</summary>
    Hash,
    /// <summary>An array: numbered slots that are there from the start.</summary>
    Array,
}
