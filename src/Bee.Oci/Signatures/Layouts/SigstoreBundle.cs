using System.Text;
using System.Text.Json.Serialization;
using Bee.Posix;

namespace Bee.Oci.Signatures.Layouts;

/// <summary>A Sigstore bundle (sigstore's protobuf-specs, sigstore_bundle.proto), as far as a signature by key needs it.</summary>
internal sealed class SigstoreBundle
{
    [JsonPropertyName("mediaType")]
    public string? MediaType { get; set; }

    [JsonPropertyName("verificationMaterial")]
    public VerificationMaterial? Material { get; set; }

    [JsonPropertyName("dsseEnvelope")]
    public Envelope? Envelope { get; set; }

    /// <summary>The envelope with its one signature.</summary>
    /// <exception cref="UnusableSignatureException">The bundle has none, or is of another version.</exception>
    public static (byte[] Payload, byte[] Signed, byte[] Signature) Open(byte[] json)
    {
        SigstoreBundle bundle = SignatureJson.Read(json, SignatureJson.Canonical.SigstoreBundle, "bundle");
        if (bundle.MediaType is not (SignatureMedia.Bundle or SignatureMedia.OlderBundle))
        {
            throw new UnusableSignatureException($"it is a bundle of a version that Bee does not know: '{TerminalText.Clean(bundle.MediaType ?? "")}'");
        }

        if (bundle.Envelope is not { Payload: { } payload, PayloadType: { } type, Signatures: { } signatures })
        {
            throw new UnusableSignatureException("its bundle has no DSSE envelope");
        }

        if (type != SignatureMedia.Statement)
        {
            throw new UnusableSignatureException($"what was signed is no in-toto statement but '{TerminalText.Clean(type)}'");
        }

        return signatures is [{ Signature: { } signature }]
            ? (payload, PreAuthenticated(type, payload), signature)
            : throw new UnusableSignatureException("its bundle has not exactly one signature");
    }

    /// <summary>What a DSSE signature is over (DSSE protocol 1.0, "PAE").</summary>
    public static byte[] PreAuthenticated(string type, byte[] payload)
    {
        int length = Encoding.UTF8.GetByteCount(type);
        return [.. Encoding.UTF8.GetBytes($"DSSEv1 {length} {type} {payload.Length} "), .. payload];
    }
}

/// <summary>Who signed.</summary>
internal sealed class VerificationMaterial
{
    [JsonPropertyName("publicKey")]
    public KeyHint? PublicKey { get; set; }
}

/// <summary>Which key signed, for whoever has several.</summary>
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
