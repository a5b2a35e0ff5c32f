using Bee.Oci.Json;

namespace Bee.Oci.Registry;

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

    /// <summary>Bytes of manifest, config and layers; null where it is not known, as of an index, which does not tell of its manifests' layers.</summary>
    public long? Size { get; private init; }

    /// <summary>The platforms of an index; empty for a plain manifest, which does not tell.</summary>
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
        Digest = descriptor.Digest,
        MediaType = descriptor.MediaType,
    };

    /// <summary>An image whose manifest has been fetched.</summary>
    /// <param name="reference">Its name.</param>
    /// <param name="content">The manifest or index.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.DamagedManifest"/>: it is none.</exception>
    public static RemoteImage Described(ImageReference reference, Content content)
    {
        ManifestDocument manifest = OciJson.Read(content.Bytes, OciJson.Canonical.ManifestDocument, StoreFault.DamagedManifest, $"manifest of {reference}");
        IEnumerable<DescriptorDocument?> parts = [manifest.Config, .. manifest.Layers ?? []];
        return new(reference)
        {
            Digest = content.Descriptor.Digest,
            MediaType = content.Descriptor.MediaType,
            // Anyone may have written the sizes: they are summed up as far as a sum means something.
            Size = manifest.Manifests is not null ? null : parts.Aggregate((long)content.Bytes.Length, (sum, part) => part?.Size is > 0 and < (1L << 50) and var size ? sum + size : sum),
            Platforms = [.. (manifest.Manifests ?? []).Select(entry => entry?.Platform?.ToPlatform()).OfType<Platform>().Distinct()],
            Annotations = Printable.Annotations(manifest.Annotations),
        };
    }

    /// <summary>The name.</summary>
    public override string ToString() => Reference;
}
