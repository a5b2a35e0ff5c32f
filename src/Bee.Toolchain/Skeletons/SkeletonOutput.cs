namespace Bee.Toolchain;

/// <summary>What becomes of what a skeleton's program reports; each is the prefix of a map's name.</summary>
public enum SkeletonOutput
{
    /// <summary><c>print_</c>: to be read by people.</summary>
    Print,
    /// <summary><c>counter_</c>: numbers that only grow.</summary>
    Counter,
    /// <summary><c>gauge_</c>: numbers that go up and down.</summary>
    Gauge,
    /// <summary><c>hist_</c>: how values are spread.</summary>
    Histogram,
}
