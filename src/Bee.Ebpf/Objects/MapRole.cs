namespace Bee.Ebpf;

/// <summary>What a map is for, by the prefix of its name. All but <see cref="None"/> stream by default; the last three are metrics too.</summary>
public enum MapRole
{
    /// <summary>No known prefix: not streamed, and readable all the same.</summary>
    None,
    /// <summary><c>print_</c>: events, or entries, to show.</summary>
    Print,
    /// <summary><c>counter_</c>: entries whose values only grow.</summary>
    Counter,
    /// <summary><c>gauge_</c>: entries whose values go up and down.</summary>
    Gauge,
    /// <summary><c>hist_</c>: entries that are the buckets of a histogram.</summary>
    Histogram,
}
