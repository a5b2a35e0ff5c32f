using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf.Events;

/// <summary>One source of objects within an <see cref="EventReader"/>: a map, an iterator program, or the trace lines of all programs.</summary>
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

    /// <summary>The name of the map, or of the iterator program, in the object file; of trace lines <see cref="TraceLine.StreamName"/>.</summary>
    public string Name { get; }

    /// <summary>The map; null for an iterator program and for trace lines.</summary>
    public MapDescription? Map { get; }

    /// <summary>The type of its events; null for a polled map, for histograms, for trace lines and for an iterator that writes lines.</summary>
    internal RecordType? RecordType { get; }

    /// <summary>The type of its entries; null for event streams, histograms and iterators.</summary>
    internal EntryType? EntryType { get; }

    /// <summary>The type of its histograms; null for streams of anything else.</summary>
    internal HistogramType? HistogramType { get; }

    /// <summary>What views of its objects are made from; null for histograms and for an iterator that writes lines.</summary>
    internal IRecordShape? Shape
    {
        get => _shape ?? (IRecordShape?)RecordType ?? EntryType;
        init => _shape = value;
    }

    /// <summary>Whether an iterator program gives the objects: it runs once, unless it is to be repeated.</summary>
    public bool IsIterator => Map is null && _shape is null;

    /// <summary>The class of the objects that this stream gives to the sink.</summary>
    public Type ClrType => Shape?.ClrType ?? HistogramType?.ClrType ?? typeof(IteratorLine);

    /// <summary>Counts the records of a buffer whose events are the values of histograms.</summary>
    internal HistogramTally? Tally { get; set; }

    /// <summary>Sees the bytes of each record before it is decoded, on the reading thread; null for none.</summary>
    internal IRecordObserver? Observer { get; set; }

    /// <summary>How many records ended before their type does, so that a part of them could not be decoded or counted.</summary>
    public long ShortRecords { get; internal set; }

    /// <summary>How many bytes of filling may stand behind a whole record: perf buffers fill up to 8 bytes.</summary>
    internal int Filling => Map is { Type: MapType.PerfEventArray } && RecordType is { Size: var size } ? (size + sizeof(uint) + 7 & ~7) - sizeof(uint) - size : 0;

    /// <summary>Whether records that are shorter than their type have been told of.</summary>
    internal bool HasToldShort { get; set; }

    /// <summary>Whether records that are longer than their type have been told of.</summary>
    internal bool HasToldLong { get; set; }

    /// <summary>Returns the event of a record that ends early, and reports the first one to the sink.</summary>
    /// <param name="whole">The event of the record with zeros behind it.</param>
    /// <param name="length">How many bytes came.</param>
    /// <param name="sink">Receives the report.</param>
    internal BpfEvent Truncate(BpfEvent whole, int length, IEventSink sink)
    {
        if (!HasToldShort)
        {
            HasToldShort = true;
            sink.Notice(Name, $"records of {Quantity.Of(length, "byte")} come where the type has {RecordType!.Size}; events of such records have Truncated true, and no value where a field is cut off.");
        }

        return RecordType!.Truncate(whole, length);
    }

    /// <summary>Where the traces are for ids of stacks in its objects; null where the session has none.</summary>
    internal StackSource? Stacks { get; init; }

    /// <summary>Objects given to the sink so far.</summary>
    public long Count { get; internal set; }

    /// <summary>
    /// Events lost so far because the buffer was full. Null when nobody can know: the kernel keeps no count for ring buffers, so it
    /// takes a program that counts its refused submits, in the map <c>bee_lost</c> (bee.h does), or in one with the ring's name and <c>_lost_samples</c> (Inspektor Gadget's). Always null for polled maps and iterators, which lose nothing.
    /// </summary>
    public ulong? Lost { get; internal set; }

    /// <summary>How full the buffer was found at the last look, from 0 to 1; null for what is no buffer, and before the first look.</summary>
    public double? Fill { get; internal set; }

    /// <summary>The fullest that the buffer was found, from 0 to 1; null for what is no buffer.</summary>
    public double? HighWater { get; internal set; }
}
