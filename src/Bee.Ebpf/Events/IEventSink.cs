using Bee.Ebpf.Records;

namespace Bee.Ebpf.Events;

/// <summary>Takes what <see cref="EventReader.Run"/> reads, on the thread that runs it. An exception ends the run and reaches its caller.</summary>
public interface IEventSink
{
    /// <summary>One event, map entry or iterator record.</summary>
    /// <param name="e">The object; it is the sink's to keep.</param>
    /// <returns>False to end the run; this event counts as read. Histograms that have changed follow all the same, unless this was one.</returns>
    bool Event(BpfEvent e);

    /// <summary>Events that were dropped because a buffer was full.</summary>
    /// <param name="map">The map, by its name in the object file.</param>
    /// <param name="count">How many since the last call for this map.</param>
    void Lost(string map, ulong count);

    /// <summary>Something that the user should know of a map, once, such as why its histograms are not complete. By default nobody is told.</summary>
    /// <param name="map">The map, by its name in the object file.</param>
    /// <param name="text">A sentence, without the map's name.</param>
    void Notice(string map, string text)
    {
    }
}

/// <summary>Takes raw records. Implement it in a struct: the drain loop is compiled for each such struct, so that its call inlines.</summary>
public interface IRecordSink
{
    /// <summary>One record.</summary>
    /// <param name="data">Its bytes, in place in the buffer: valid during the call only.</param>
    /// <returns>False to stop the drain; this record counts as read.</returns>
    bool Record(ReadOnlySpan<byte> data);
}

/// <summary>Sees the records of a ring or perf buffer beside the sink, before they are decoded.</summary>
internal interface IRecordObserver
{
    /// <summary>Takes note of a record, on the thread that reads. It must not throw and must not wait.</summary>
    /// <param name="record">The record's bytes, valid during the call; of a record that ends early as many as came.</param>
    void Observe(ReadOnlySpan<byte> record);
}
