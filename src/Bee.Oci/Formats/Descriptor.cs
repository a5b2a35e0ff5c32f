namespace Bee.Oci.Formats;

/// <summary>OCI's pointer to a piece of content: what it is, its digest, its length.</summary>
/// <param name="MediaType">What the content is.</param>
/// <param name="Digest">Digest, <c>sha256:…</c>.</param>
/// <param name="Size">Length in bytes.</param>
public sealed record Descriptor(string MediaType, string Digest, long Size)
{
    /// <summary>What a manifest is about, where its media type does not tell; null for most.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>Free key and value pairs; never null.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>The platform that the content is for, where one is told.</summary>
    public Platform? Platform { get; init; }

    /// <summary>The title annotation, which is the file name of a blob; null where there is none.</summary>
    public string? Title => Annotations.GetValueOrDefault(AnnotationKeys.Title);

    /// <summary>The digest, for text views.</summary>
    public override string ToString() => Digest;
}
