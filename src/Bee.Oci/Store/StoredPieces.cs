using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Store;

/// <summary>Walks over what an image of a store or a layout refers to.</summary>
/// <param name="blobs">Where its blobs are.</param>
internal sealed class StoredPieces(IBlobs blobs)
{
    /// <summary>The image's own descriptor and those of all manifests, configs and layers below it, each digest once.</summary>
    /// <exception cref="StoreException">A manifest on the way is missing or damaged.</exception>
    public IReadOnlyCollection<Descriptor> Of(Descriptor image) =>
        [.. ManifestGraph.Read(image, node => RequireWithin(node).RequireSound(node.Descriptor)).Pieces.Select(piece => piece.Descriptor)];

    /// <summary>The bytes of all manifests, configs and layers of an image, each digest once. What cannot be read counts by its descriptor.</summary>
    /// <param name="image">Its manifest or index.</param>
    /// <param name="document">What is in it.</param>
    public long SizeOf(Descriptor image, ManifestDocument document)
    {
        var graph = ManifestGraph.Read(image, node => node.Parent is null ? document : node.IsBeyondLimits ? null : TryRead(node.Descriptor));

        // Sizes come from the manifests, so they may be absurd.
        return graph.Pieces.Take(ManifestGraph.MostPieces).Aggregate(
            0L, (sum, piece) => piece.Descriptor.Size < 0 || sum > long.MaxValue - piece.Descriptor.Size ? sum : sum + piece.Descriptor.Size);
    }

    /// <summary>Reads every piece of an image and compares digests and lengths. What is wrong does not throw, and does not hide the rest.</summary>
    /// <param name="image">Its manifest or index.</param>
    /// <param name="check">Reads a layer.</param>
    /// <returns>The pieces, each digest once, from the top.</returns>
    public IReadOnlyCollection<BlobCheck> Verify(Descriptor image, Action<Descriptor> check)
    {
        var faults = new Dictionary<string, StoreException?>();
        var graph = ManifestGraph.Read(image, node =>
        {
            ManifestDocument? document = null;
            faults[node.Descriptor.Digest] = FaultOf(() => document = RequireWithin(node));
            return document;
        });
        return
        [
            .. graph.Pieces.Take(ManifestGraph.MostPieces).Select(piece => new BlobCheck(piece.Role, piece.Descriptor, piece.Role switch
            {
                BlobRole.Config => FaultOf(() => blobs.ReadBlob(piece.Descriptor, StoreLimits.Manifest)),
                BlobRole.Layer => FaultOf(() => check(piece.Descriptor)),
                _ => faults.GetValueOrDefault(piece.Descriptor.Digest),
            })),
        ];
    }

    private ManifestDocument RequireWithin(ManifestNode node) => node.IsBeyondLimits
        ? throw new StoreException(StoreFault.DamagedManifest, $"The image's manifests are nested too deep or too many, at {node.Descriptor.Digest}.")
        : Read(node.Descriptor);

    private ManifestDocument Read(Descriptor manifest) => ManifestDocument.Read(blobs.ReadBlob(manifest, StoreLimits.Manifest), manifest);

    private ManifestDocument? TryRead(Descriptor manifest)
    {
        try
        {
            return Read(manifest);
        }
        catch (StoreException)
        {
            return null;
        }
    }

    private static StoreException? FaultOf(Action read)
    {
        try
        {
            read();
            return null;
        }
        catch (StoreException e)
        {
            return e;
        }
    }
}
