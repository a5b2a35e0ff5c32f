using Bee.Ebpf.Records;

namespace Bee.Ebpf.Events;

/// <summary>Receives events and entries from <see cref="EventReader.Run"/>, on the calling thread. An exception ends the run and reaches its caller.</summary>
public interface IEventSink
{
    /// <summary>Receives an event, map entry or iterator record.</summary>
    /// <param name="e">The object, which the sink may keep.</param>
    /// <returns>False to end the run; this event counts as read. Changed histograms follow, unless the object is one itself.</returns>
    bool Event(BpfEvent e);

    /// <summary>Receives the number of events that a full buffer has dropped.</summary>
    /// <param name="map">The name of the map in the object.</param>
    /// <param name="count">The number since the last call for this map.</param>
    void Lost(string map, ulong count);

    /// <summary>Receives a notice about a map, once, for example why its histograms are incomplete. Ignores the notice by default.</summary>
    /// <param name="map">The name of the map in the object.</param>
    /// <param name="text">The text, without the map's name.</param>
    void Notice(string map, string text)
    {
    }
}

/// <summary>Receives raw records. Implement it in a struct, so that the drain loop is compiled for it and the call inlined.</summary>
public interface IRecordSink
{
    /// <summary>Receives a record.</summary>
    /// <param name="data">The bytes in the buffer, valid only during the call.</param>
    /// <returns>False to stop the drain; this record counts as read.</returns>
    bool Record(ReadOnlySpan<byte> data);
}

/// <summary>Observes the records of a buffer before they are decoded.</summary>
internal interface IRecordObserver
{
    /// <summary>Observes a record, on the reading thread. It must neither throw nor block.</summary>
    /// <param name="record">The bytes of the record, valid only during the call. They may be fewer than the type has.</param>
    void Observe(ReadOnlySpan<byte> record);
}
