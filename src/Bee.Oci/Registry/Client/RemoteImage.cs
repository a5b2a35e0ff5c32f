using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Registry.Client;

/// <summary>What a registry has: a repository, or one image of it under a tag or a digest, as it was when the registry was asked.</summary>
public sealed class RemoteImage
{
    private RemoteImage(ImageReference reference) => (Reference, Registry, Repository, Tag) = (reference.ToString(), reference.Registry ?? "", reference.Name, reference.Tag);

    /// <summary>The whole name: <c>ghcr.io/me/opensnoop:v1</c>, or <c>ghcr.io/me/opensnoop</c> for a repository.</summary>
    public string Reference { get; }

    /// <summary>Host and port: <c>ghcr.io</c>.</summary>
    public string Registry { get; }

    /// <summary>Registry and repository: <c>ghcr.io/me/opensnoop</c>.</summary>
    public string Repository { get; }

    /// <summary>The tag; null for a repository, and for an image that was asked for by its digest alone.</summary>
    public string? Tag { get; }

    /// <summary>Digest of the manifest or the index, <c>sha256:…</c>; null where the registry has not been asked for it.</summary>
    public string? Digest { get; private init; }

    /// <summary>Media type of the manifest or the index; null where the registry has not been asked for it.</summary>
    public string? MediaType { get; private init; }

    /// <summary>Bytes of manifest, config and layers, each blob once; null where it is not known, as of an index, which does not tell of its manifests' layers.</summary>
    public long? Size { get; private init; }

    /// <summary>The platforms of an index; with those of the indexes in it, and without attestations; empty for a plain manifest, which does not tell.</summary>
    public IReadOnlyList<Platform> Platforms { get; private init; } = [];

    /// <summary>The manifest's annotations; empty where it has not been asked for.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; private init; } = new Dictionary<string, string>();

    /// <summary>What it does, by the annotation.</summary>
    public string? Description => Annotations.GetValueOrDefault(AnnotationKeys.Description);

    /// <summary>Local time, by the annotation; null where there is none.</summary>
    public DateTime? Created => CreationDate.Read(Annotations.GetValueOrDefault(AnnotationKeys.Created));

    /// <summary>A repository, or a tag of which no more than its name is known.</summary>
    /// <param name="reference">Its name.</param>
    public static RemoteImage Named(ImageReference reference) => new(reference);

    /// <summary>An image of which the registry has told the descriptor.</summary>
    /// <param name="reference">Its name.</param>
    /// <param name="descriptor">What the name stands for.</param>
    public static RemoteImage Resolved(ImageReference reference, Descriptor descriptor) => new(reference)
    {
        Digest = descriptor.Digest.ToString(),
        MediaType = descriptor.MediaType,
    };

    /// <summary>Asks for an image's manifest, and for the indexes in it.</summary>
    /// <param name="repository">Where it is.</param>
    /// <param name="reference">Its name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="RegistryException">It is not there, or damaged.</exception>
    public static async Task<RemoteImage> DescribeAsync(IReadOnlyRepository repository, ImageReference reference, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(repository);
        ArgumentNullException.ThrowIfNull(reference);
        Content content = await repository.FetchManifestAsync(reference.TagOrDigest, cancellationToken).ConfigureAwait(false);
        bool isIndex = MediaTypes.IsIndex(content.Descriptor.MediaType);
        var manifest = ManifestDocument.Read(content.Bytes, content.Descriptor);
        IReadOnlyList<PlatformManifest> manifests = isIndex ? await RepositoryManifests.ListAsync(repository, content, cancellationToken).ConfigureAwait(false) : [];
        return new(reference)
        {
            Digest = content.Descriptor.Digest.ToString(),
            MediaType = content.Descriptor.MediaType,
            // Anyone may have written the sizes: they are summed up as far as a sum means something.
            Size = isIndex ? null : new[] { manifest.Config }.Concat(manifest.Layers ?? []).OfType<DescriptorDocument>().DistinctBy(part => part.Digest)
                .Aggregate((long)content.Bytes.Length, (sum, part) => part.Size is > 0 and < (1L << 50) ? sum + part.Size : sum),
            Platforms = [.. manifests.Select(one => one.Descriptor.Platform).OfType<Platform>().Distinct()],
            Annotations = Printable.Annotations(manifest.Annotations),
        };
    }

    /// <summary>The name.</summary>
    public override string ToString() => Reference;
}
