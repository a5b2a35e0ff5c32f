namespace Bee.Oci.Formats;

/// <summary>Base class of read-only streams. A derived class implements reading, and seeking if it supports that.</summary>
internal abstract class ReadOnlyStream : Stream
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => Position + offset,
        _ => Length + offset,
    };

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>A stream of exactly the descriptor's size, which verifies the digest before it returns the last bytes.</summary>
internal interface IDigestChecked
{
    /// <summary>The expected digest.</summary>
    Digest Digest { get; }
}

/// <summary>The blobs of an image layout, in a directory or an archive. Thread-safe.</summary>
internal interface IBlobs
{
    /// <summary>Reads a blob and verifies its size and digest.</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="limit">The most bytes.</param>
    /// <exception cref="StoreException">The blob is missing, too large, or damaged.</exception>
    byte[] ReadBlob(Descriptor descriptor, int limit);

    /// <summary>Opens a blob of any size.</summary>
    /// <returns>A stream that throws at its end if the digest is wrong.</returns>
    /// <exception cref="StoreException">The blob is missing, or has another size.</exception>
    Stream OpenBlob(Descriptor descriptor);

    /// <summary>Checks whether a blob exists, without reading it.</summary>
    bool HasBlob(Digest digest);

    /// <summary>Reads a blob that may be a manifest; returns null if it does not exist.</summary>
    /// <exception cref="StoreException">The blob is larger than the limit for manifests, or damaged.</exception>
    byte[]? ReadManifestBytes(Digest digest);
}
