using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Signatures.Layouts;

/// <summary>The payload of cosign's simple signing (cosign's Signature Specification, "Simple Signing"; containers' signature format).</summary>
internal sealed class SimpleSigningPayload
{
    private const string CosignType = "cosign container image signature";

    [JsonPropertyName("critical")]
    public CriticalPart? Critical { get; set; }

    /// <summary>Parses a payload. Call this only after its signature was verified.</summary>
    /// <exception cref="UnusableSignatureException">The payload is not for an image.</exception>
    public static Claim Read(byte[] payload)
    {
        CriticalPart? critical = SignatureJson.Read(payload, SignatureJson.Canonical.SimpleSigningPayload, "signed payload").Critical;
        if (critical?.Type != CosignType)
        {
            throw new UnusableSignatureException($"the signed content is not a container image but '{TerminalText.Clean(critical?.Type ?? "")}'");
        }

        return critical is { Image.Digest: { } digest, Identity.Reference: { Length: > 0 } reference }
            ? new Claim([Digest.TryParse(digest, out Digest signed) ? signed : default], reference)
            : throw new UnusableSignatureException("the signed payload lacks a digest or a reference");
    }

    /// <summary>Returns the payload for an image, as cosign writes it.</summary>
    public static byte[] Write(ImageReference reference, Digest digest)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = CanonicalEncoder.Instance }))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("critical");
            writer.WriteStartObject("identity");
            writer.WriteString("docker-reference", reference.Name);
            writer.WriteEndObject();
            writer.WriteStartObject("image");
            writer.WriteString("docker-manifest-digest", digest.ToString());
            writer.WriteEndObject();
            writer.WriteString("type", CosignType);
            writer.WriteEndObject();
            writer.WriteNull("optional");
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}

/// <summary>The claims of the signature.</summary>
internal sealed class CriticalPart
{
    [JsonPropertyName("identity")]
    public IdentityPart? Identity { get; set; }

    [JsonPropertyName("image")]
    public ImagePart? Image { get; set; }

    [JsonPropertyName("type")]
    public string? Type { get; set; }
}

/// <summary>The name of the image.</summary>
internal sealed class IdentityPart
{
    [JsonPropertyName("docker-reference")]
    public string? Reference { get; set; }
}

/// <summary>The image.</summary>
internal sealed class ImagePart
{
    [JsonPropertyName("docker-manifest-digest")]
    public string? Digest { get; set; }
}

/// <summary>The configuration of an image of signatures. cosign reads it as that of a container image, so it lists the layers.</summary>
internal sealed class SignatureConfig
{
    [JsonPropertyName("architecture")]
    public string Architecture { get; set; } = "";

    [JsonPropertyName("created")]
    public string Created { get; set; } = "0001-01-01T00:00:00Z";

    [JsonPropertyName("os")]
    public string Os { get; set; } = "";

    [JsonPropertyName("rootfs")]
    public SignatureLayers Layers { get; set; } = new();

    [JsonPropertyName("config")]
    public Dictionary<string, string> Config { get; set; } = [];
}

/// <summary>The digests of the layers. They are not compressed, so these are the digests of the blobs too.</summary>
internal sealed class SignatureLayers
{
    [JsonPropertyName("type")]
    public string Type { get; set; } = "layers";

    [JsonPropertyName("diff_ids")]
    public List<string> Digests { get; set; } = [];
}

/// <summary>The media types, annotations and names of cosign's layouts, and limits for reading them.</summary>
internal static class SignatureMedia
{
    /// <summary>The media type of a layer with a simple-signing payload.</summary>
    public const string SimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json";

    /// <summary>The annotation of such a layer with the signature over the payload, in base64.</summary>
    public const string SignatureAnnotation = "dev.cosignproject.cosign/signature";

    /// <summary>The media type of the configuration, and thus the artifact type, of a referrer with simple-signing layers.</summary>
    public const string SignatureArtifact = "application/vnd.dev.cosign.artifact.sig.v1+json";

    /// <summary>The media type of the configuration of the image under the signature's tag.</summary>
    public const string ImageConfig = "application/vnd.oci.image.config.v1+json";

    /// <summary>The media type of a Sigstore bundle, and the artifact type of its manifest.</summary>
    public const string Bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";

    /// <summary>The original spelling of version 0.3 of the bundle.</summary>
    public const string OlderBundle = "application/vnd.dev.sigstore.bundle+json;version=0.3";

    /// <summary>The prefix that all versions of the bundle share.</summary>
    public const string AnyBundle = "application/vnd.dev.sigstore.bundle";

    /// <summary>The media type of an empty configuration (OCI image specification 1.1).</summary>
    public const string Empty = MediaTypes.Empty;

    /// <summary>The payload type of the bundle's envelope: an in-toto statement.</summary>
    public const string Statement = "application/vnd.in-toto+json";

    /// <summary>The predicate type of a signature. Statements with other types are attestations.</summary>
    public const string SignPredicate = "https://sigstore.dev/cosign/sign/v1";

    /// <summary>The maximum size of a payload or bundle in bytes. Real ones have a few kilobytes.</summary>
    public const int LargestPayload = 1 << 20;

    /// <summary>The maximum number of referrers that are read, and of signatures in total.</summary>
    public const int Most = 256;
}

/// <summary>The layouts of cosign's key-based signatures.</summary>
public enum SignatureLayout
{
    /// <summary>An image under the tag <c>sha256-….sig</c>. Each of its layers is a simple-signing payload with the signature as an annotation (cosign's
    /// Signature Specification). cosign 1 and 2 write this layout; cosign 3 reads it too.</summary>
    Tag,

    /// <summary>The same payload in a manifest whose <c>subject</c> is the image, found as a referrer (OCI 1.1; experimental in cosign).</summary>
    Referrer,

    /// <summary>A Sigstore bundle v0.3 with a DSSE envelope around an in-toto statement, in a manifest whose <c>subject</c> is the image. cosign 3
    /// writes this layout. It names the image only by digest, without a repository.</summary>
    Bundle,
}

/// <summary>The JSON of signatures, with generated serializers.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SimpleSigningPayload))]
[JsonSerializable(typeof(SigstoreBundle))]
[JsonSerializable(typeof(Statement))]
[JsonSerializable(typeof(SignatureConfig))]
internal sealed partial class SignatureJson : JsonSerializerContext
{
    /// <summary>The context for deterministic output.</summary>
    public static SignatureJson Canonical { get; } = new(new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = CanonicalEncoder.Instance,
    });

    /// <summary>Parses an untrusted document.</summary>
    /// <exception cref="UnusableSignatureException">The document is not valid.</exception>
    public static T Read<T>(byte[] content, JsonTypeInfo<T> type, string what)
        where T : class
    {
        try
        {
            return OciJson.Read(content, type, StoreFault.DamagedManifest, what);
        }
        catch (StoreException e)
        {
            throw new UnusableSignatureException(TerminalText.Clean(e.Message));
        }
    }
}
