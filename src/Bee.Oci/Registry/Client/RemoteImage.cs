using Bee.Oci.Formats;
using Bee.Oci.Repositories;

namespace Bee.Oci.Registry.Client;

/// <summary>A repository of a registry, or an image in it, as it was at the time of the request.</summary>
public sealed class RemoteImage
{
    private RemoteImage(ImageReference reference) => (Reference, Registry, Repository, Tag) = (reference.ToString(), reference.Registry ?? "", reference.Name, reference.Tag);

    /// <summary>The whole name: <c>ghcr.io/me/opensnoop:v1</c>, or <c>ghcr.io/me/opensnoop</c> for a repository.</summary>
    public string Reference { get; }

    /// <summary>Host and port: <c>ghcr.io</c>.</summary>
    public string Registry { get; }

    /// <summary>Registry and repository: <c>ghcr.io/me/opensnoop</c>.</summary>
    public string Repository { get; }

    /// <summary>The tag; null for a repository, and for an image that was requested by digest.</summary>
    public string? Tag { get; }

    /// <summary>The digest of the manifest or index, <c>sha256:…</c>; null if not requested.</summary>
    public string? Digest { get; private init; }

    /// <summary>The media type of the manifest or index; null if not requested.</summary>
    public string? MediaType { get; private init; }

    /// <summary>The size in bytes of manifest, config and layers, each blob once; null if unknown. An index does not list its manifests' layers.</summary>
    public long? Size { get; private init; }

    /// <summary>The platforms of an index and of the indexes in it; empty for a plain manifest, which has no platform.</summary>
    public IReadOnlyList<Platform> Platforms { get; private init; } = [];

    /// <summary>The manifest's annotations; empty if not requested.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; private init; } = new Dictionary<string, string>();

    /// <summary>The description, from the annotation.</summary>
    public string? Description => Annotations.GetValueOrDefault(AnnotationKeys.Description);

    /// <summary>The date in local time, from the annotation; null for none.</summary>
    public DateTime? Created => CreationDate.Read(Annotations.GetValueOrDefault(AnnotationKeys.Created));

    /// <summary>Returns a repository or a tag with nothing but its name.</summary>
    /// <param name="reference">The name.</param>
    public static RemoteImage Named(ImageReference reference) => new(reference);

    /// <summary>Returns an image with its name and descriptor.</summary>
    /// <param name="reference">The name.</param>
    /// <param name="descriptor">The descriptor.</param>
    public static RemoteImage Resolved(ImageReference reference, Descriptor descriptor) => new(reference)
    {
        Digest = descriptor.Digest.ToString(),
        MediaType = descriptor.MediaType,
    };

    /// <summary>Reads the manifest of an image, and the indexes in it.</summary>
    /// <param name="repository">The repository.</param>
    /// <param name="reference">The image.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="RegistryException">The image does not exist, or is damaged.</exception>
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
            // The sizes are not trustworthy, so absurd ones are left out of the sum.
            Size = isIndex ? null : new[] { manifest.Config }.Concat(manifest.Layers ?? []).OfType<DescriptorDocument>().DistinctBy(part => part.Digest)
                .Aggregate((long)content.Bytes.Length, (sum, part) => part.Size is > 0 and < (1L << 50) ? sum + part.Size : sum),
            Platforms = [.. manifests.Select(one => one.Descriptor.Platform).OfType<Platform>().Distinct()],
            Annotations = Printable.Annotations(manifest.Annotations),
        };
    }

    /// <summary>The name.</summary>
    public override string ToString() => Reference;
}
