using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf.Events;

/// <summary>One source of an <see cref="EventReader"/>: a map, an iterator program, or the trace lines of all programs.</summary>
public sealed class RecordStream
{
    private readonly IRecordShape? _shape;

    internal RecordStream(string name, MapDescription? map, RecordType? recordType, EntryType? entryType, HistogramType? histogramType = null)
    {
        Name = name;
        Map = map;
        RecordType = recordType;
        EntryType = entryType;
        HistogramType = histogramType;
    }

    /// <summary>The name of the map or iterator program in the object; <see cref="TraceLine.StreamName"/> for trace lines.</summary>
    public string Name { get; }

    /// <summary>The map; null for an iterator program and for trace lines.</summary>
    public MapDescription? Map { get; }

    /// <summary>The type of the events; null for a polled map, histograms, trace lines, and an iterator that writes lines.</summary>
    internal RecordType? RecordType { get; }

    /// <summary>The type of the map entries; null for event streams, histograms and iterators.</summary>
    internal EntryType? EntryType { get; }

    /// <summary>The type of the histograms; null for other streams.</summary>
    internal HistogramType? HistogramType { get; }

    /// <summary>The fields that a view can show; null for histograms and for an iterator that writes lines.</summary>
    internal IRecordShape? Shape
    {
        get => _shape ?? (IRecordShape?)RecordType ?? EntryType;
        init => _shape = value;
    }

    /// <summary>Whether the source is an iterator program, which runs once unless it is repeated.</summary>
    public bool IsIterator => Map is null && _shape is null;

    /// <summary>The class of the objects that the sink receives.</summary>
    public Type ClrType => Shape?.ClrType ?? HistogramType?.ClrType ?? typeof(IteratorLine);

    /// <summary>Counts records into histograms, if the events of the buffer are observed values; else null.</summary>
    internal HistogramTally? Tally { get; set; }

    /// <summary>Receives the bytes of each record before it is decoded, on the reading thread; null for none.</summary>
    internal IRecordObserver? Observer { get; set; }

    /// <summary>Whether the records say where they happened, so that they can have the names of a container.</summary>
    internal bool SaysWhere => (RecordType?.Where ?? EntryType?.Where ?? HistogramType?.Plan.Source.Where) is not null;

    /// <summary>Finds the containers of the records, and filters by them; null if they have no names and are not filtered.</summary>
    internal ContainerLookup? Containers { get; init; }

    /// <summary>Finds the containers of histograms by their labels; null if they have no names.</summary>
    internal ContainerLookup? LabelContainers { get; init; }

    /// <summary>The number of records that the filter of containers has dropped before they were decoded. Each poll of a map counts.</summary>
    internal long Filtered { get; set; }

    /// <summary>The number of records that were shorter than their type, so that fields are missing or the record was not counted.</summary>
    public long ShortRecords { get; internal set; }

    /// <summary>The number of padding bytes that may follow a complete record: a perf buffer pads records to 8 bytes.</summary>
    internal int Padding => Map is { Type: MapType.PerfEventArray } && RecordType is { Size: var size } ? (size + sizeof(uint) + 7 & ~7) - sizeof(uint) - size : 0;

    /// <summary>Whether the sink has been notified about a record that is shorter than its type.</summary>
    internal bool HasReportedShort { get; set; }

    /// <summary>Whether the sink has been notified about a record that is longer than its type.</summary>
    internal bool HasReportedLong { get; set; }

    /// <summary>Returns the event for a record that is too short, and notifies the sink at the first one.</summary>
    /// <param name="whole">The event that was decoded from the record padded with zeros.</param>
    /// <param name="length">The length of the record in bytes.</param>
    /// <param name="sink">Receives the notice.</param>
    internal BpfEvent Truncate(BpfEvent whole, int length, IEventSink sink)
    {
        if (!HasReportedShort)
        {
            HasReportedShort = true;
            sink.Notice(Name, $"records of {Quantity.Of(length, "byte")} come where the type has {RecordType!.Size}; events of such records have Truncated true, and no value where a field is cut off.");
        }

        return RecordType!.Truncate(whole, length);
    }

    /// <summary>The stack maps that stack ids in the records refer to; null if the session has none.</summary>
    internal StackSource? Stacks { get; init; }

    /// <summary>The number of objects that the sink has received.</summary>
    public long Count { get; internal set; }

    /// <summary>
    /// The number of events that were lost because the buffer was full; null if it is not known. The kernel keeps no count for ring buffers: the program must count failed submits, in the map
    /// <c>bee_lost</c> (as bee.h does) or in a map with the ring's name and <c>_lost_samples</c> (as Inspektor Gadget does). Always null for polled maps and iterators, which lose nothing.
    /// </summary>
    public ulong? Lost { get; internal set; }

    /// <summary>The fill level of the buffer at the last poll, from 0 to 1; null before the first poll, and for a source without a buffer.</summary>
    public double? Fill { get; internal set; }

    /// <summary>The highest fill level so far, from 0 to 1; null for a source without a buffer.</summary>
    public double? HighWater { get; internal set; }
}
