using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bee.Posix;

namespace Bee.Oci.Formats;

/// <summary>A descriptor in a JSON document, not validated. Unknown keys are preserved.</summary>
internal sealed class DescriptorDocument
{
    [JsonPropertyName("mediaType")]
    public string? MediaType { get; set; }

    [JsonPropertyName("digest")]
    public string? Digest { get; set; }

    [JsonPropertyName("size")]
    public long Size { get; set; }

    [JsonPropertyName("artifactType")]
    public string? ArtifactType { get; set; }

    [JsonPropertyName("annotations")]
    public Dictionary<string, string?>? Annotations { get; set; }

    [JsonPropertyName("platform")]
    public PlatformDocument? Platform { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }

    /// <summary>The image's name in a layout; null for none.</summary>
    [JsonIgnore]
    public string? ReferenceName => Annotations?.GetValueOrDefault(AnnotationKeys.ReferenceName) is { Length: > 0 } name ? name : null;

    /// <summary>Returns a copy with the same metadata.</summary>
    public DescriptorDocument Copy() => (DescriptorDocument)MemberwiseClone();

    /// <summary>The digest; empty if the document has none, or none that is valid.</summary>
    [JsonIgnore]
    public Digest ParsedDigest => Formats.Digest.TryParse(Digest, out Digest digest) ? digest : default;

    /// <summary>Returns the descriptor. A missing part, or an invalid digest, is empty; readers of blobs reject that.</summary>
    public Descriptor ToDescriptor() => new(MediaType ?? "", ParsedDigest, Size)
    {
        ArtifactType = ArtifactType,
        Annotations = Printable.Annotations(Annotations),
        Platform = Platform?.ToPlatform(),
    };

    public static DescriptorDocument From(Descriptor descriptor) => new()
    {
        MediaType = descriptor.MediaType,
        Digest = descriptor.Digest.ToString(),
        Size = descriptor.Size,
        ArtifactType = descriptor.ArtifactType,
        Annotations = descriptor.Annotations.Count == 0 ? null : Sorted(descriptor.Annotations),
        Platform = descriptor.Platform is { } p ? new PlatformDocument { Architecture = p.Architecture, Os = p.Os, Variant = p.Variant } : null,
    };

    /// <summary>Returns the entry of a manifest in an index of referrers (OCI Distribution Specification 1.1, "Listing Referrers").</summary>
    /// <param name="manifest">The manifest's descriptor.</param>
    /// <param name="document">The manifest, whose artifact type and annotations the entry repeats.</param>
    public static DescriptorDocument OfReferrer(Descriptor manifest, ManifestDocument document) => new()
    {
        MediaType = manifest.MediaType,
        Digest = manifest.Digest.ToString(),
        Size = manifest.Size,
        ArtifactType = string.IsNullOrEmpty(document.ArtifactType) ? document.Config?.MediaType : document.ArtifactType,
        Annotations = document.Annotations,
    };

    /// <summary>Returns annotations in ordinal order, so that the same annotations give the same JSON.</summary>
    public static Dictionary<string, string?> Sorted(IEnumerable<KeyValuePair<string, string>> annotations)
    {
        // A dictionary without removals enumerates in insertion order.
        var sorted = new Dictionary<string, string?>();
        foreach ((string key, string value) in annotations.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            sorted[key] = value;
        }

        return sorted;
    }
}

/// <summary>A platform in a JSON document.</summary>
internal sealed class PlatformDocument
{
    [JsonPropertyName("architecture")]
    public string? Architecture { get; set; }

    [JsonPropertyName("os")]
    public string? Os { get; set; }

    [JsonPropertyName("variant")]
    public string? Variant { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }

    public Platform? ToPlatform() => Os is null || Architecture is null
        ? null
        : new Platform(TerminalText.Clean(Os), TerminalText.Clean(Architecture), Variant is null ? null : TerminalText.Clean(Variant));
}

/// <summary>A manifest or an index, distinguished by media type. The <c>index.json</c> of a layout is an index.</summary>
internal sealed class ManifestDocument
{
    [JsonPropertyName("schemaVersion")]
    public int SchemaVersion { get; set; } = 2;

    [JsonPropertyName("mediaType")]
    public string? MediaType { get; set; }

    [JsonPropertyName("artifactType")]
    public string? ArtifactType { get; set; }

    [JsonPropertyName("config")]
    public DescriptorDocument? Config { get; set; }

    [JsonPropertyName("layers")]
    public List<DescriptorDocument?>? Layers { get; set; }

    [JsonPropertyName("manifests")]
    public List<DescriptorDocument?>? Manifests { get; set; }

    /// <summary>The manifest that this manifest refers to (OCI image specification 1.1), such as a signature's image.</summary>
    [JsonPropertyName("subject")]
    public DescriptorDocument? Subject { get; set; }

    [JsonPropertyName("annotations")]
    public Dictionary<string, string?>? Annotations { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }

    /// <summary>Reads a manifest or an index.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="descriptor">The descriptor, with the expected media type.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.DamagedManifest"/>: the document is malformed, or not of the media type.</exception>
    public static ManifestDocument Read(byte[] content, Descriptor descriptor)
    {
        ManifestDocument manifest = OciJson.Read(
            content, OciJson.Canonical.ManifestDocument, StoreFault.DamagedManifest, $"manifest {descriptor.Digest}");

        // A document that is both could be verified as a manifest and run as an index.
        bool isIndex = MediaTypes.IsIndex(descriptor.MediaType);
        if ((manifest.MediaType is not null && manifest.MediaType != descriptor.MediaType)
            || (isIndex ? manifest.Layers ?? (object?)manifest.Config : manifest.Manifests) is not null)
        {
            throw new StoreException(StoreFault.DamagedManifest, $"The manifest {descriptor.Digest} does not have the media type of its descriptor.");
        }

        return manifest;
    }

    /// <summary>Returns validated descriptors of a manifest.</summary>
    /// <param name="documents">The descriptors; null for none.</param>
    /// <param name="of">The manifest, for the message.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.DamagedManifest"/>: one has no sha256 digest, or no size.</exception>
    public static IReadOnlyList<Descriptor> Descriptors(IEnumerable<DescriptorDocument?>? documents, Descriptor of) =>
        [.. (documents ?? []).Select(document => IsSound(document) ? document.ToDescriptor() : throw Unsound(of))];

    /// <summary>Returns the manifest, if each of its descriptors has a digest and a size.</summary>
    /// <param name="of">The manifest, for the message.</param>
    /// <exception cref="StoreException"><see cref="StoreFault.DamagedManifest"/>: one has no sha256 digest, or no size.</exception>
    public ManifestDocument RequireSound(Descriptor of) =>
        (Manifests ?? []).Concat(Layers ?? []).All(IsSound) && (Config is null || IsSound(Config)) ? this : throw Unsound(of);

    private static bool IsSound([NotNullWhen(true)] DescriptorDocument? document) =>
        document is not null && document.Size >= 0 && !document.ParsedDigest.IsEmpty;

    private static StoreException Unsound(Descriptor of) =>
        new(StoreFault.DamagedManifest, $"The manifest {of.Digest} has a descriptor without a sha256 digest or a size.");
}

/// <summary>The file <c>oci-layout</c>.</summary>
internal sealed class LayoutDocument
{
    [JsonPropertyName("imageLayoutVersion")]
    public string? Version { get; set; }
}

/// <summary>A page of tags (OCI Distribution Specification 1.1, "Listing Tags").</summary>
internal sealed class TagListDocument
{
    [JsonPropertyName("tags")]
    public List<string?>? Tags { get; set; }
}

/// <summary>A page of repositories (the distribution project's HTTP API, "Listing Repositories").</summary>
internal sealed class CatalogDocument
{
    [JsonPropertyName("repositories")]
    public List<string?>? Repositories { get; set; }
}

/// <summary>The used parts of a container image's config (OCI Image Specification 1.1, config.md).</summary>
internal sealed class ContainerConfigDocument
{
    [JsonPropertyName("architecture")]
    public string? Architecture { get; set; }

    [JsonPropertyName("os")]
    public string? Os { get; set; }

    [JsonPropertyName("variant")]
    public string? Variant { get; set; }

    [JsonPropertyName("created")]
    public string? Created { get; set; }

    [JsonPropertyName("config")]
    public ExecutionDocument? Config { get; set; }

    /// <summary>The execution parameters, of which only the labels are used.</summary>
    internal sealed class ExecutionDocument
    {
        [JsonPropertyName("Labels")]
        public Dictionary<string, JsonElement>? Labels { get; set; }
    }
}

/// <summary>Sanitizes annotations for terminals.</summary>
internal static class Printable
{
    /// <summary>Returns annotations without those that have no value; their values may have several lines.</summary>
    public static IReadOnlyDictionary<string, string> Annotations(IEnumerable<KeyValuePair<string, string?>>? annotations)
    {
        var clean = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string key, string? value) in annotations ?? [])
        {
            if (value is not null)
            {
                clean[TerminalText.Clean(key)] = TerminalText.CleanLines(value);
            }
        }

        return clean;
    }
}

/// <summary>Dates in images, RFC 3339.</summary>
internal static class CreationDate
{
    /// <summary>Parses a date as local time; returns null for an invalid date, and for year 1, Go's zero time.</summary>
    public static DateTime? Read(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date) && date.Year > 1 ? date.LocalDateTime : null;
}
