namespace Bee.Ebpf;

/// <summary>What an <see cref="EventReader"/> reads, and how often it polls.</summary>
public sealed class EventReaderOptions
{
    /// <summary>Which maps take part. By default those whose name has a prefix that gives them a role (<c>print_</c>, <c>counter_</c>, <c>gauge_</c>, <c>hist_</c>).</summary>
    public Func<MapDescription, bool> Select { get; init; } = map => map.Role != MapRole.None;

    /// <summary>Whether the lines that the programs write with <c>bpf_printk</c> are read too, as <see cref="TraceLine"/>s.</summary>
    public bool TraceLines { get; init; }

    /// <summary>How often maps that are no event streams are looked at, and lost events counted. One second by default; 10 ms at least.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether iterators run again at every interval. By default they do if <see cref="AllEntries"/> is set; otherwise an iterator runs once, and a session that has nothing
    /// else to read ends then.
    /// </summary>
    public bool? RepeatIterators { get; init; }

    /// <summary>Gives every entry at every interval. By default an entry comes once at the start and then when its value has changed.</summary>
    public bool AllEntries { get; init; }
}
