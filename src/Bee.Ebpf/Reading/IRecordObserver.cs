namespace Bee.Ebpf;

/// <summary>Sees the records of a ring or perf buffer beside the sink, before they are decoded.</summary>
internal interface IRecordObserver
{
    /// <summary>Takes note of a record, on the thread that reads. It must not throw and must not wait.</summary>
    /// <param name="record">The record's bytes, valid during the call; of a record that ends early as many as came.</param>
    void Observe(ReadOnlySpan<byte> record);
}
