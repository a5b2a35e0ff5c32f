namespace Bee.Oci.Formats;

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
    bool HasBlob(ContentDigest digest);

    /// <summary>The bytes of something that may be a manifest; null if it is not there.</summary>
    /// <exception cref="StoreException">It is larger than a manifest may be, or not what its digest says.</exception>
    byte[]? ReadManifestBytes(ContentDigest digest);
}
