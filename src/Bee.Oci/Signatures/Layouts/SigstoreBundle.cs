using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Signatures.Layouts;

/// <summary>The parts of a Sigstore bundle (sigstore's protobuf-specs, sigstore_bundle.proto) that a signature with a key needs.</summary>
internal sealed class SigstoreBundle
{
    [JsonPropertyName("mediaType")]
    public string? MediaType { get; set; }

    [JsonPropertyName("verificationMaterial")]
    public VerificationMaterial? Material { get; set; }

    [JsonPropertyName("dsseEnvelope")]
    public Envelope? Envelope { get; set; }

    /// <summary>Reads the envelope with its only signature.</summary>
    /// <exception cref="UnusableSignatureException">The bundle has no envelope, or its version is not supported.</exception>
    public static (byte[] Payload, byte[] Signed, byte[] Signature) Open(byte[] json)
    {
        SigstoreBundle bundle = SignatureJson.Read(json, SignatureJson.Canonical.SigstoreBundle, "bundle");
        if (bundle.MediaType is not (SignatureMedia.Bundle or SignatureMedia.OlderBundle))
        {
            throw new UnusableSignatureException($"its bundle has an unknown version: '{TerminalText.Clean(bundle.MediaType ?? "")}'");
        }

        if (bundle.Envelope is not { Payload: { } payload, PayloadType: { } type, Signatures: { } signatures })
        {
            throw new UnusableSignatureException("its bundle has no DSSE envelope");
        }

        if (type != SignatureMedia.Statement)
        {
            throw new UnusableSignatureException($"the signed content is not an in-toto statement but '{TerminalText.Clean(type)}'");
        }

        return signatures is [{ Signature: { } signature }]
            ? (payload, PreAuthenticated(type, payload), signature)
            : throw new UnusableSignatureException("its bundle does not have exactly one signature");
    }

    /// <summary>Returns the bytes that a DSSE signature covers (DSSE protocol 1.0, "PAE").</summary>
    public static byte[] PreAuthenticated(string type, byte[] payload)
    {
        int length = Encoding.UTF8.GetByteCount(type);
        return [.. Encoding.UTF8.GetBytes($"DSSEv1 {length} {type} {payload.Length} "), .. payload];
    }
}

/// <summary>The identity of the signer.</summary>
internal sealed class VerificationMaterial
{
    [JsonPropertyName("publicKey")]
    public KeyHint? PublicKey { get; set; }
}

/// <summary>A hint about the key that signed.</summary>
internal sealed class KeyHint
{
    [JsonPropertyName("hint")]
    public string? Hint { get; set; }
}

/// <summary>A DSSE envelope. Its byte fields are base64 in JSON.</summary>
internal sealed class Envelope
{
    [JsonPropertyName("payload")]
    public byte[]? Payload { get; set; }

    [JsonPropertyName("payloadType")]
    public string? PayloadType { get; set; }

    [JsonPropertyName("signatures")]
    public List<EnvelopeSignature?>? Signatures { get; set; }
}

/// <summary>A signature over an envelope.</summary>
internal sealed class EnvelopeSignature
{
    [JsonPropertyName("sig")]
    public byte[]? Signature { get; set; }
}

/// <summary>An in-toto statement (in-toto Attestation Framework, version 1).</summary>
internal sealed class Statement
{
    private const string Version = "https://in-toto.io/Statement/v1";
    private const string Algorithm = "sha256";

    [JsonPropertyName("_type")]
    public string? Type { get; set; }

    [JsonPropertyName("subject")]
    public List<Subject?>? Subjects { get; set; }

    [JsonPropertyName("predicateType")]
    public string? PredicateType { get; set; }

    /// <summary>Parses a statement. Call this only after its signature was verified.</summary>
    /// <exception cref="UnusableSignatureException">The statement is not a signature of an image.</exception>
    public static Claim Read(byte[] payload)
    {
        Statement statement = SignatureJson.Read(payload, SignatureJson.Canonical.Statement, "signed statement");
        if (statement.Type is not (Version or "https://in-toto.io/Statement/v0.1"))
        {
            throw new UnusableSignatureException($"the signed statement has an unknown version: '{TerminalText.Clean(statement.Type ?? "")}'");
        }

        if (statement.PredicateType != SignatureMedia.SignPredicate)
        {
            throw new UnusableSignatureException(
                $"it is an attestation of type '{TerminalText.Clean(statement.PredicateType ?? "")}', not a signature");
        }

        return new Claim([.. (statement.Subjects ?? []).Select(subject => subject?.Digests?.GetValueOrDefault(Algorithm)).OfType<string>().Select(hex => Digest.TryParse(Digest.Prefix + hex, out Digest digest) ? digest : default)], null);
    }

    /// <summary>Returns the statement for an image, as cosign writes it.</summary>
    public static byte[] Write(Digest digest)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = CanonicalEncoder.Instance }))
        {
            writer.WriteStartObject();
            writer.WriteString("_type", Version);
            writer.WriteStartArray("subject");
            writer.WriteStartObject();
            writer.WriteStartObject("digest");
            writer.WriteString(Algorithm, digest.Hex);
            writer.WriteEndObject();
            writer.WriteStartObject("annotations");
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteString("predicateType", SignatureMedia.SignPredicate);
            writer.WriteStartObject("predicate");
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }
}

/// <summary>The subject of a statement.</summary>
internal sealed class Subject
{
    [JsonPropertyName("digest")]
    public Dictionary<string, string?>? Digests { get; set; }
}
