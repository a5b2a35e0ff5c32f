using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>
/// An artifact to pack: any content in an image manifest (OCI Image Specification 1.1, manifest.md, "Guidelines for Artifact Usage"). The same content always has the same digest.
/// </summary>
public sealed record ArtifactContent
{
    /// <summary>The type of the artifact, such as <c>application/vnd.example.sbom.v1</c>; null if the media type of <see cref="Config"/> identifies the artifact.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>The config; null for the empty one, <see cref="MediaTypes.Empty"/>.</summary>
    public ArtifactBlob? Config { get; init; }

    /// <summary>The layers. An artifact without any gets the empty one, as the specification recommends.</summary>
    public IReadOnlyList<ArtifactBlob> Layers { get; init; } = [];

    /// <summary>The manifest that the artifact refers to, such as the image that it describes; null for none. With a subject the artifact is a referrer of that manifest.</summary>
    public Descriptor? Subject { get; init; }

    /// <summary>The annotations of the manifest.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();
}

/// <summary>A config or a layer of an artifact.</summary>
/// <param name="MediaType">The media type.</param>
/// <param name="Content">The bytes.</param>
public sealed record ArtifactBlob(string MediaType, byte[] Content)
{
    /// <summary>The annotations of the blob's descriptor, such as <see cref="AnnotationKeys.Title"/> for a file name.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    internal Descriptor Descriptor => new(MediaType, Digest.Of(Content), Content.Length) { Annotations = Annotations };
}

/// <summary>An artifact as it is stored and pushed: a manifest and its blobs.</summary>
internal sealed class PackedArtifact
{
    private static readonly ArtifactBlob s_empty = new(MediaTypes.Empty, "{}"u8.ToArray());

    private readonly ManifestDocument _document;

    private PackedArtifact(ArtifactContent content)
    {
        ArtifactBlob config = content.Config ?? s_empty;
        IReadOnlyList<ArtifactBlob> layers = content.Layers.Count > 0 ? content.Layers : [s_empty];
        Blobs = [.. layers.Prepend(config).DistinctBy(blob => blob.Descriptor.Digest)];
        _document = new ManifestDocument
        {
            MediaType = MediaTypes.ImageManifest,
            ArtifactType = content.ArtifactType,
            Config = DescriptorDocument.From(config.Descriptor),
            Layers = [.. layers.Select(layer => DescriptorDocument.From(layer.Descriptor))],
            Subject = content.Subject is { } subject ? DescriptorDocument.From(new Descriptor(subject.MediaType, subject.RequiredDigest, subject.Size)) : null,
            Annotations = content.Annotations.Count == 0 ? null : DescriptorDocument.Sorted(content.Annotations),
        };
        Manifest = OciJson.Write(_document, OciJson.Canonical.ManifestDocument);
        Descriptor = new Descriptor(MediaTypes.ImageManifest, Digest.Of(Manifest), Manifest.Length) { ArtifactType = content.ArtifactType };
    }

    /// <summary>The bytes of the manifest.</summary>
    public byte[] Manifest { get; }

    /// <summary>The config and the layers, each digest once.</summary>
    public IReadOnlyList<ArtifactBlob> Blobs { get; }

    /// <summary>The descriptor of the manifest.</summary>
    public Descriptor Descriptor { get; }

    /// <summary>Packs an artifact.</summary>
    /// <exception cref="StoreException"><see cref="StoreFault.BadContent"/>: the artifact has no type, a blob has no media type, or the manifest is too large.</exception>
    public static PackedArtifact From(ArtifactContent content)
    {
        if (string.IsNullOrEmpty(content.ArtifactType) && content.Config is null or { MediaType: MediaTypes.Empty })
        {
            throw new StoreException(StoreFault.BadContent, "The artifact has neither an artifact type nor a config that identifies it.");
        }

        foreach (ArtifactBlob blob in content.Layers.Append(content.Config ?? s_empty))
        {
            ArgumentNullException.ThrowIfNull(blob.Content, nameof(content));
            if (!IsMediaType(blob.MediaType))
            {
                throw new StoreException(StoreFault.BadContent, $"'{TerminalText.Clean(blob.MediaType)}' is not a media type of a blob. Use one such as application/json (RFC 6838).");
            }
        }

        if (!string.IsNullOrEmpty(content.ArtifactType) && !IsMediaType(content.ArtifactType))
        {
            throw new StoreException(StoreFault.BadContent, $"'{TerminalText.Clean(content.ArtifactType)}' is not an artifact type. Use a media type such as application/vnd.example.sbom.v1 (RFC 6838).");
        }

        if (content.Subject is { Size: < 0 })
        {
            throw new StoreException(StoreFault.BadContent, $"The subject of the artifact has a size of {content.Subject.Size} bytes. Use the descriptor that the registry or the store returned.");
        }

        var packed = new PackedArtifact(content);
        return packed.Manifest.Length <= StoreLimits.Manifest
            ? packed
            : throw new StoreException(StoreFault.BadContent, $"The manifest has {packed.Manifest.Length} bytes, over the limit of {StoreLimits.Manifest}. Use fewer layers or shorter annotations.");
    }

    // RFC 6838, section 4.2: type and subtype of up to 127 characters each.
    private static bool IsMediaType(string? text) => text?.Split('/') is [{ Length: > 0 and <= 127 } type, { Length: > 0 and <= 127 } subtype]
        && (type + subtype).All(c => char.IsAsciiLetterOrDigit(c) || "!#$&-^_.+".Contains(c));

    /// <summary>Returns the index of referrers that lists this artifact alone, as a registry without the referrers API keeps it under a tag.</summary>
    public byte[] ReferrersIndex() => OciJson.Write(
        new ManifestDocument { MediaType = MediaTypes.ImageIndex, Manifests = [DescriptorDocument.OfReferrer(Descriptor, _document)] }, OciJson.Canonical.ManifestDocument);
}
