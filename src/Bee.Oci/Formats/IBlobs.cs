namespace Bee.Oci.Formats;

/// <summary>Where blobs come from.</summary>
internal interface IBlobs
{
    /// <summary>The whole of a blob; its length and digest are checked.</summary>
    /// <param name="descriptor">Its digest and length.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <exception cref="StoreException">It is missing, too large, or not what the descriptor says.</exception>
    byte[] ReadBlob(Descriptor descriptor, int limit);
}
