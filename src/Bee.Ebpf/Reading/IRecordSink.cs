namespace Bee.Ebpf;

/// <summary>Takes raw records. Implement it in a struct: the drain loop is compiled for each such struct, so that its call inlines.</summary>
public interface IRecordSink
{
    /// <summary>One record.</summary>
    /// <param name="data">Its bytes, in place in the buffer: valid during the call only.</param>
    /// <returns>False to stop the drain; this record counts as read.</returns>
    bool Record(ReadOnlySpan<byte> data);
}
