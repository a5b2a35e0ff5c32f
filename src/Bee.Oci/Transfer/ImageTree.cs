using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;

namespace Bee.Oci.Transfer;

/// <summary>All that an image refers to, read from a repository: manifests whole, blobs by descriptor.</summary>
internal sealed class ImageTree
{
    // An index of indexes is allowed; deeper nesting has no use that anyone knows of.
    private const int Depth = 4;

    // More than any image has; a hostile one must not make Bee read for hours.
    private const int MostManifests = 1_000;
    private const int MostBlobs = 10_000;

    // Manifests are held in memory until the image has its name.
    private const int MostManifestBytes = 64 << 20;

    private readonly IReadOnlyRepository _source;
    private readonly Dictionary<string, Content> _manifests = [];
    private readonly Dictionary<string, Descriptor> _blobs = [];
    private long _manifestBytes;

    private ImageTree(IReadOnlyRepository source) => _source = source;

    /// <summary>The manifests, whatever is referred to before what refers to it, so the image's own last.</summary>
    public IReadOnlyCollection<Content> Manifests => _manifests.Values;

    /// <summary>Configs and layers, each digest once.</summary>
    public IReadOnlyCollection<Descriptor> Blobs => _blobs.Values;

    /// <summary>Reads an image.</summary>
    /// <param name="source">Where it is.</param>
    /// <param name="root">Its manifest or index.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RegistryException">A manifest is missing, or none.</exception>
    public static async Task<ImageTree> ReadAsync(IReadOnlyRepository source, Content root, CancellationToken cancellationToken)
    {
        var tree = new ImageTree(source);
        await tree.AddAsync(root, Depth, cancellationToken).ConfigureAwait(false);
        return tree;
    }

    private async Task AddAsync(Content manifest, int depth, CancellationToken cancellationToken)
    {
        if (depth == 0)
        {
            throw new RegistryException(RegistryFault.BadAnswer, $"The image's indexes are nested too deep, at {manifest.Descriptor.Digest}.");
        }

        ManifestDocument document = RepositoryManifests.Parse(manifest);
        Descriptor[] below = [.. RepositoryManifests.Sound(document.Manifests, manifest.Descriptor).Where(d => !_manifests.ContainsKey(d.Digest)).DistinctBy(d => d.Digest)];
        if (_manifests.Count + below.Length > MostManifests)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"The image has more than {MostManifests} manifests.");
        }

        _manifestBytes += below.Sum(d => Math.Min(d.Size, StoreLimits.Manifest));
        if (_manifestBytes > MostManifestBytes)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"The image has manifests of more than {MostManifestBytes} bytes.");
        }

        // Several at once: on a long way each answer takes its time.
        foreach (Descriptor[] some in below.Chunk(8))
        {
            Content[] children = await Task.WhenAll(some.Select(d => RepositoryManifests.FetchAsync(_source, d, cancellationToken))).ConfigureAwait(false);
            foreach (Content child in children)
            {
                await AddAsync(child, depth - 1, cancellationToken).ConfigureAwait(false);
            }
        }

        foreach (Descriptor blob in RepositoryManifests.Sound(document.Config is null ? document.Layers : [document.Config, .. document.Layers ?? []], manifest.Descriptor))
        {
            _blobs.TryAdd(blob.Digest, blob);
        }

        if (_blobs.Count > MostBlobs)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"The image has more than {MostBlobs} blobs.");
        }

        _manifests.TryAdd(manifest.Descriptor.Digest, manifest);
    }
}
