using Bee.Oci.Json;
using Bee.Oci.Registry;
using Bee.Posix;

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

    /// <summary>A manifest as what its descriptor says.</summary>
    /// <exception cref="RegistryException">It is no such thing.</exception>
    public static ManifestDocument Parse(Content manifest)
    {
        if (!MediaTypes.IsIndex(manifest.Descriptor.MediaType) && !MediaTypes.IsManifest(manifest.Descriptor.MediaType))
        {
            throw new RegistryException(
                RegistryFault.BadAnswer,
                $"The manifest {manifest.Descriptor.Digest} is of the type '{TerminalText.Clean(manifest.Descriptor.MediaType)}', which is neither an image manifest nor an index of OCI or docker (schema 2).");
        }

        try
        {
            return ManifestDocument.Read(manifest.Bytes, manifest.Descriptor);
        }
        catch (StoreException e)
        {
            throw new RegistryException(RegistryFault.BadAnswer, e.Message, e);
        }
    }

    /// <summary>What a manifest refers to.</summary>
    /// <exception cref="RegistryException">One of the descriptors has no sha256 digest, or no size.</exception>
    public static IReadOnlyList<Descriptor> Sound(IEnumerable<DescriptorDocument?>? documents, Descriptor of) =>
    [
        .. (documents ?? []).Select(d => d is not null && d.Size >= 0 && ContentDigest.TryParse(d.Digest, out _)
            ? d.ToDescriptor()
            : throw new RegistryException(RegistryFault.BadAnswer, $"The manifest {of.Digest} has a descriptor without a sha256 digest or a size.")),
    ];

    /// <summary>A manifest of known digest and length.</summary>
    public static async Task<Content> FetchAsync(IReadOnlyRepository source, Descriptor descriptor, CancellationToken cancellationToken)
    {
        if (descriptor.Size > StoreLimits.Manifest)
        {
            throw new RegistryException(
                RegistryFault.TooLarge, $"The manifest {descriptor.Digest} has {descriptor.Size} bytes; {StoreLimits.Manifest} are the limit.");
        }

        Content content = await source.FetchManifestAsync(descriptor.Digest, cancellationToken).ConfigureAwait(false);
        return content.Bytes.Length == descriptor.Size
            ? content with { Descriptor = descriptor }
            : throw new RegistryException(
                RegistryFault.DigestMismatch, $"The manifest {descriptor.Digest} has {content.Bytes.Length} bytes, not the {descriptor.Size} of its descriptor.");
    }

    private async Task AddAsync(Content manifest, int depth, CancellationToken cancellationToken)
    {
        if (depth == 0)
        {
            throw new RegistryException(RegistryFault.BadAnswer, $"The image's indexes are nested too deep, at {manifest.Descriptor.Digest}.");
        }

        ManifestDocument document = Parse(manifest);
        Descriptor[] below = [.. Sound(document.Manifests, manifest.Descriptor).Where(d => !_manifests.ContainsKey(d.Digest)).DistinctBy(d => d.Digest)];
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
            Content[] children = await Task.WhenAll(some.Select(d => FetchAsync(_source, d, cancellationToken))).ConfigureAwait(false);
            foreach (Content child in children)
            {
                await AddAsync(child, depth - 1, cancellationToken).ConfigureAwait(false);
            }
        }

        foreach (Descriptor blob in Sound(document.Config is null ? document.Layers : [document.Config, .. document.Layers ?? []], manifest.Descriptor))
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
