namespace Bee.Oci.Transfer;

/// <summary>How far a transfer is. Counted up by the threads that move blobs and read by any other; the totals grow while manifests are read.</summary>
public sealed class TransferProgress
{
    private long _totalBytes;
    private long _doneBytes;
    private int _totalBlobs;
    private int _doneBlobs;

    /// <summary>Bytes of all blobs that are known so far, those that need not go too.</summary>
    public long TotalBytes => Interlocked.Read(ref _totalBytes);

    /// <summary>Bytes that are where they should be. Goes back where something has to be sent again.</summary>
    public long DoneBytes => Interlocked.Read(ref _doneBytes);

    /// <summary>All blobs that are known so far.</summary>
    public int TotalBlobs => Volatile.Read(ref _totalBlobs);

    /// <summary>Blobs that are where they should be.</summary>
    public int DoneBlobs => Volatile.Read(ref _doneBlobs);

    internal void Expect(long bytes)
    {
        Interlocked.Increment(ref _totalBlobs);
        Interlocked.Add(ref _totalBytes, bytes);
    }

    internal void Move(long bytes) => Interlocked.Add(ref _doneBytes, bytes);

    internal void Finish() => Interlocked.Increment(ref _doneBlobs);
}
