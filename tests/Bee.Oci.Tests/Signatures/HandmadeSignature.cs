using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures;
using Bee.Oci.Tests.Registry.Client;

namespace Bee.Oci.Tests.Signatures;

/// <summary>Builds signatures by hand, so that each part can be wrong.</summary>
internal static class HandmadeSignature
{
    public const string SimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json";
    public const string Bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
    public const string Annotation = "dev.cosignproject.cosign/signature";

    public static string Tag(Descriptor image) => $"{image.Digest.ToString().Replace(':', '-')}.sig";

    public static string Payload(string reference, string digest, string type = "cosign container image signature") => new JsonObject
    {
        ["critical"] = new JsonObject
        {
            ["identity"] = new JsonObject { ["docker-reference"] = reference },
            ["image"] = new JsonObject { ["docker-manifest-digest"] = digest },
            ["type"] = type,
        },
        ["optional"] = null,
    }.ToJsonString();

    public static string Statement(string digest, string predicate = "https://sigstore.dev/cosign/sign/v1", string version = "https://in-toto.io/Statement/v1") => new JsonObject
    {
        ["_type"] = version,
        ["subject"] = new JsonArray(new JsonObject { ["digest"] = new JsonObject { ["sha256"] = digest.Replace("sha256:", "") } }),
        ["predicateType"] = predicate,
        ["predicate"] = new JsonObject(),
    }.ToJsonString();

    public static byte[] Sealed(SigningKey key, string statement, string type = "application/vnd.in-toto+json")
    {
        byte[] payload = Encoding.UTF8.GetBytes(statement);
        byte[] signed = [.. Encoding.UTF8.GetBytes($"DSSEv1 {type.Length} {type} {payload.Length} "), .. payload];
        return Encoding.UTF8.GetBytes(new JsonObject
        {
            ["mediaType"] = Bundle,
            ["verificationMaterial"] = new JsonObject { ["publicKey"] = new JsonObject { ["hint"] = "x" } },
            ["dsseEnvelope"] = new JsonObject
            {
                ["payload"] = Convert.ToBase64String(payload),
                ["payloadType"] = type,
                ["signatures"] = new JsonArray(new JsonObject { ["sig"] = Convert.ToBase64String(key.Sign(signed)) }),
            },
        }.ToJsonString());
    }

    /// <summary>Adds the signature under its tag.</summary>
    public static Task<Content> PushAsync(MemoryImages images, Descriptor image, SigningKey key, string payload) =>
        PushLayerAsync(images, Encoding.UTF8.GetBytes(payload), SimpleSigning, Convert.ToBase64String(key.Sign(Encoding.UTF8.GetBytes(payload))), Tag(image), null);

    /// <summary>Adds the signature as a referrer.</summary>
    public static Task<Content> PushBundleAsync(MemoryImages images, Descriptor image, byte[] bundle, string mediaType = Bundle) =>
        PushLayerAsync(images, bundle, mediaType, null, null, image);

    public static async Task<Content> PushLayerAsync(MemoryImages images, byte[] content, string mediaType, string? signature, string? tag, Descriptor? subject)
    {
        await images.PushAsync(Samples.Blob(content), () => new MemoryStream(content));
        Content made = Samples.Manifest(Samples.Blob("{}"u8.ToArray()), subject, null, Samples.Blob(content, mediaType));
        if (signature is not null)
        {
            JsonNode manifest = JsonNode.Parse(made.Bytes)!;
            manifest["layers"]![0]!["annotations"] = new JsonObject { [Annotation] = signature };
            made = Samples.Document(manifest.ToJsonString(), MediaTypes.ImageManifest);
        }

        await images.PushManifestAsync(made, tag);
        return made;
    }
}
