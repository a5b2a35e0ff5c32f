using Bee.Oci.Formats;
using Bee.Oci.Store;

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

/// <summary>What a transfer did.</summary>
/// <param name="Descriptor">The manifest or index that now has the name.</param>
/// <param name="BlobsSent">Blobs that were moved.</param>
/// <param name="BlobsPresent">Blobs that were there already.</param>
/// <param name="BlobsMounted">Blobs that the registry took over from another of its repositories.</param>
/// <param name="Bytes">Bytes of the blobs that were moved.</param>
public sealed record TransferResult(Descriptor Descriptor, int BlobsSent, int BlobsPresent, int BlobsMounted, long Bytes)
{
    /// <summary>The image as it is in the store, under the name that it got: what was decided over and stored, whatever has that name by now. Null where it went to a registry.</summary>
    public Image? Image { get; init; }
}

/// <summary>Counts what a transfer does, from the threads that do it.</summary>
internal sealed class Tally(TransferProgress? progress)
{
    private int _sent;
    private int _present;
    private int _mounted;
    private long _bytes;

    /// <summary>These blobs will go.</summary>
    public void Expect(IEnumerable<Descriptor> blobs)
    {
        foreach (Descriptor blob in blobs)
        {
            progress?.Expect(blob.Size);
        }
    }

    /// <summary>So many bytes more of a blob on its way have come.</summary>
    public void Moved(long bytes) => progress?.Move(bytes);

    public void Sent(Descriptor blob)
    {
        Interlocked.Increment(ref _sent);
        Interlocked.Add(ref _bytes, blob.Size);
        progress?.Finish();
    }

    public void Present(Descriptor blob)
    {
        Interlocked.Increment(ref _present);
        Done(blob);
    }

    public void Mounted(Descriptor blob)
    {
        Interlocked.Increment(ref _mounted);
        Done(blob);
    }

    public TransferResult Result(Descriptor image) => new(image, _sent, _present, _mounted, _bytes);

    private void Done(Descriptor blob)
    {
        progress?.Move(blob.Size);
        progress?.Finish();
    }
}
