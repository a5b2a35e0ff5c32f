using System.Collections.Concurrent;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;

namespace Bee.Ebpf.Events;

/// <summary>Options of an <see cref="EventReader"/>: what it reads, and how often it polls.</summary>
public sealed class EventReaderOptions
{
    /// <summary>Selects the maps to read. By default all ring buffers and perf event arrays, whatever their names.</summary>
    public Func<MapDescription, bool> Select { get; init; } = map => map.IsEventStream;

    /// <summary>Selects maps by Bee's convention: those with a <see cref="MapDescription.Role"/>, from metadata or from the prefix of their name (<c>print_</c>, <c>counter_</c>, <c>gauge_</c>, <c>hist_</c>).</summary>
    public static Func<MapDescription, bool> WithRole => static map => map.Role != MapRole.None;

    /// <summary>Whether to read the lines that the programs write with <c>bpf_printk</c>, as <see cref="TraceLine"/>s. False by default.</summary>
    public bool TraceLines { get; init; }

    /// <summary>The poll interval for maps that are not event streams, and for counts of lost events. One second by default, and at least 10 ms.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether iterators run again at every interval. Null, the default, means the value of <see cref="AllEntries"/>. An iterator that does not repeat runs once; a run ends then if there is
    /// nothing else to read.
    /// </summary>
    public bool? RepeatIterators { get; init; }

    /// <summary>Whether to pass every entry at every interval. By default the reader passes an entry when it first appears and when its value has changed.</summary>
    public bool AllEntries { get; init; }

    /// <summary>Finds the containers of records that say where they happened; null for objects without names of containers.</summary>
    internal IContainerResolver? Containers { get; init; }

    /// <summary>Selects records by their container before they are decoded; null passes all. The argument is null for a record of the host, and for one that does not say.</summary>
    internal Func<ContainerNames?, bool>? ContainerFilter { get; init; }

    /// <summary>Notices that another thread adds while the reader runs, each with the name of its map. The reader passes them to the sink. Null for none.</summary>
    internal ConcurrentQueue<(string Map, string Text)>? Notices { get; init; }

    /// <summary>Whether tables show the names and namespaces of pods, because there is a Kubernetes runtime. They are hidden by default.</summary>
    internal bool ShowsPods { get; init; }

    /// <summary>Whether records have the owners and labels of pods, because <see cref="Containers"/> asks the Kubernetes API for them.</summary>
    internal bool HasPodMetadata { get; init; }

    /// <summary>The properties that records get.</summary>
    internal RecordExtras Extras => Containers is null ? RecordExtras.None
        : RecordExtras.Container | (HasPodMetadata ? RecordExtras.Pod : RecordExtras.None) | (ShowsPods ? RecordExtras.Kubernetes : RecordExtras.None);
}
