using System.Text.Json;
using System.Text.Json.Serialization;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Signatures.Layouts;

/// <summary>The payload of cosign's simple signing (cosign's Signature Specification, "Simple Signing"; containers' signature format).</summary>
internal sealed class SimpleSigningPayload
{
    private const string CosignType = "cosign container image signature";

    [JsonPropertyName("critical")]
    public CriticalPart? Critical { get; set; }

    /// <summary>Reads what a payload says. Only for one whose signature is right.</summary>
    /// <exception cref="UnusableSignatureException">It says nothing of an image.</exception>
    public static Claim Read(byte[] payload)
    {
        CriticalPart? critical = SignatureJson.Read(payload, SignatureJson.Canonical.SimpleSigningPayload, "signed payload").Critical;
        if (critical?.Type != CosignType)
        {
            throw new UnusableSignatureException($"what was signed is no container image but '{TerminalText.Clean(critical?.Type ?? "")}'");
        }

        return critical is { Image.Digest: { } digest, Identity.Reference: { Length: > 0 } reference }
            ? new Claim([digest], reference)
            : throw new UnusableSignatureException("what was signed names no digest or no reference");
    }

    /// <summary>The payload for an image, as cosign writes it.</summary>
    public static byte[] Write(ImageReference reference, string digest)
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
            writer.WriteString("docker-manifest-digest", digest);
            writer.WriteEndObject();
            writer.WriteString("type", CosignType);
            writer.WriteEndObject();
            writer.WriteNull("optional");
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}

/// <summary>What the signature vouches for.</summary>
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

/// <summary>The config of an image of signatures: cosign reads it as that of a container image, so it lists the layers.</summary>
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

/// <summary>The layers' digests; nothing is compressed, so they are those of the content.</summary>
internal sealed class SignatureLayers
{
    [JsonPropertyName("type")]
    public string Type { get; set; } = "layers";

    [JsonPropertyName("diff_ids")]
    public List<string> Digests { get; set; } = [];
}
