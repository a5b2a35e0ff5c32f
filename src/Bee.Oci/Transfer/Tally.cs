using Bee.Oci.Formats;

namespace Bee.Oci.Transfer;

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
