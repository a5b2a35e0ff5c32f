using System.Text.Json;
using System.Text.Json.Serialization;
using Bee.Oci.Formats;
using Bee.Posix;

namespace Bee.Oci.Signatures.Layouts;

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

    /// <summary>Reads what a statement says. Only for one whose signature is right.</summary>
    /// <exception cref="UnusableSignatureException">It is no signature of an image.</exception>
    public static Claim Read(byte[] payload)
    {
        Statement statement = SignatureJson.Read(payload, SignatureJson.Canonical.Statement, "signed statement");
        if (statement.Type is not (Version or "https://in-toto.io/Statement/v0.1"))
        {
            throw new UnusableSignatureException($"what was signed is a statement of a version that Bee does not know: '{TerminalText.Clean(statement.Type ?? "")}'");
        }

        if (statement.PredicateType != SignatureMedia.SignPredicate)
        {
            throw new UnusableSignatureException(
                $"it is an attestation of type '{TerminalText.Clean(statement.PredicateType ?? "")}', which says something of the image and is no signature of it");
        }

        return new Claim([.. (statement.Subjects ?? []).Select(subject => subject?.Digests?.GetValueOrDefault(Algorithm)).OfType<string>().Select(hex => ContentDigest.Prefix + hex)], null);
    }

    /// <summary>The statement for an image, as cosign writes it.</summary>
    public static byte[] Write(string digest)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = CanonicalEncoder.Instance }))
        {
            writer.WriteStartObject();
            writer.WriteString("_type", Version);
            writer.WriteStartArray("subject");
            writer.WriteStartObject();
            writer.WriteStartObject("digest");
            writer.WriteString(Algorithm, ContentDigest.Parse(digest).Hex);
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

/// <summary>What a statement is about.</summary>
internal sealed class Subject
{
    [JsonPropertyName("digest")]
    public Dictionary<string, string?>? Digests { get; set; }
}
