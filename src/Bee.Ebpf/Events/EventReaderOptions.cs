using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Events;

/// <summary>What an <see cref="EventReader"/> reads, and how often it polls.</summary>
public sealed class EventReaderOptions
{
    /// <summary>Selects the maps to read. By default all ring buffers and perf event arrays, whatever their names.</summary>
    public Func<MapDescription, bool> Select { get; init; } = map => map.IsEventStream;

    /// <summary>Selects maps by Bee's convention: those with a <see cref="MapDescription.Role"/>, from metadata or from the prefix of their name (<c>print_</c>, <c>counter_</c>, <c>gauge_</c>, <c>hist_</c>).</summary>
    public static Func<MapDescription, bool> WithRole => static map => map.Role != MapRole.None;

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
