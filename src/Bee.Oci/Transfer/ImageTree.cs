using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;

namespace Bee.Oci.Transfer;

/// <summary>All that an image refers to, read from a repository: manifests whole, blobs by descriptor.</summary>
/// <param name="Manifests">The manifests, whatever is referred to before what refers to it, so the image's own last.</param>
/// <param name="Blobs">Configs and layers, each digest once.</param>
internal sealed record ImageTree(IReadOnlyCollection<Content> Manifests, IReadOnlyCollection<Descriptor> Blobs)
{
    // Manifests are held in memory until the image has its name.
    private const int MostManifests = 1_000;
    private const int MostManifestBytes = 64 << 20;

    /// <summary>Reads an image.</summary>
    /// <param name="source">Where it is.</param>
    /// <param name="root">Its manifest or index.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RegistryException">A manifest is missing, or none.</exception>
    public static async Task<ImageTree> ReadAsync(IReadOnlyRepository source, Content root, CancellationToken cancellationToken)
    {
        var contents = new Dictionary<string, Content>();
        HashSet<string> expected = [];
        long bytes = 0;
        ManifestGraph graph = await ManifestGraph.ReadAsync(root.Descriptor, async nodes =>
        {
            if (nodes.FirstOrDefault(node => node.Depth >= ManifestGraph.Depth) is { } deep)
            {
                throw new RegistryException(RegistryFault.BadAnswer, $"The image's indexes are nested too deep, at {deep.Descriptor.Digest}.");
            }

            Content[] some = await Task.WhenAll(nodes.Select(node =>
                node.Parent is null ? Task.FromResult(root) : RepositoryManifests.FetchAsync(source, node.Descriptor, cancellationToken))).ConfigureAwait(false);
            return [.. some.Select(Open)];
        }).ConfigureAwait(false);

        Descriptor[] blobs = [.. graph.Nodes.Where(node => !node.IsManifest).Select(node => node.Descriptor).DistinctBy(blob => blob.Digest)];
        return blobs.Length <= ManifestGraph.MostPieces
            ? new ImageTree([.. graph.BottomUp.Select(node => contents[node.Descriptor.Digest])], blobs)
            : throw new RegistryException(RegistryFault.TooLarge, $"The image has more than {ManifestGraph.MostPieces} blobs.");

        // Counts what an index refers to before any of it is fetched.
        ManifestDocument Open(Content content)
        {
            ManifestDocument document = RepositoryManifests.ParseSound(content);
            contents.TryAdd(content.Descriptor.Digest, content);
            bytes += (document.Manifests ?? []).Sum(child => expected.Add(child!.Digest!) ? Math.Min(child.Size, StoreLimits.Manifest) : 0);
            return expected.Count > MostManifests ? throw new RegistryException(RegistryFault.TooLarge, $"The image has more than {MostManifests} manifests.")
                : bytes > MostManifestBytes ? throw new RegistryException(RegistryFault.TooLarge, $"The image has manifests of more than {MostManifestBytes} bytes.")
                : document;
        }
    }
}
