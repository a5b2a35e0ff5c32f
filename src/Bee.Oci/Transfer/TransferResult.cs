using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Oci.Transfer;

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
