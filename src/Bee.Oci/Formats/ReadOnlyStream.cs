namespace Bee.Oci.Formats;

/// <summary>What every stream that is only read has in common; a derived one says how it reads, and whether it can seek.</summary>
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

/// <summary>A stream that is exactly as long as its descriptor says, and throws at its end, before the last bytes are given, where the digest is another.</summary>
internal interface IDigestChecked
{
    /// <summary>What the content was compared with.</summary>
    Digest Digest { get; }
}

/// <summary>The blobs of an image layout, in a directory or an archive. May be asked by several threads.</summary>
internal interface IBlobs
{
    /// <summary>The whole of a blob; its length and digest are checked.</summary>
    /// <param name="descriptor">Its digest and length.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <exception cref="StoreException">It is missing, too large, or not what the descriptor says.</exception>
    byte[] ReadBlob(Descriptor descriptor, int limit);

    /// <summary>Opens a blob of any size.</summary>
    /// <returns>A stream that throws at its end where the content has another digest.</returns>
    /// <exception cref="StoreException">It is missing, or has another length.</exception>
    Stream OpenBlob(Descriptor descriptor);

    /// <summary>Whether a blob is there, without reading it.</summary>
    bool HasBlob(Digest digest);

    /// <summary>The bytes of something that may be a manifest; null if it is not there.</summary>
    /// <exception cref="StoreException">It is larger than a manifest may be, or not what its digest says.</exception>
    byte[]? ReadManifestBytes(Digest digest);
}
