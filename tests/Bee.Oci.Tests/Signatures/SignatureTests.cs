using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Keys;
using Bee.Oci.Signatures.Layouts;
using Bee.Oci.Tests.Registry.Client;

namespace Bee.Oci.Tests.Signatures;

/// <summary>Signs and verifies with each type of key in each layout.</summary>
public sealed class SignatureTests
{
    private const string Name = "ghcr.io/me/tool:v1";

    private readonly MemoryImages _images = new();
    private readonly ImageReference _reference = ImageReference.Parse(Name);

    public static TheoryData<string, SignatureLayout> All()
    {
        var all = new TheoryData<string, SignatureLayout>();
        foreach (string kind in TestKeys.Kinds)
        {
            foreach (SignatureLayout layout in Enum.GetValues<SignatureLayout>())
            {
                all.Add(kind, layout);
            }
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task What_is_signed_is_verified_with_that_key(string kind, SignatureLayout layout)
    {
        using SigningKey key = TestKeys.Signing(kind);
        Descriptor image = (await Samples.PushImageAsync(_images, "v1")).Descriptor;
        Descriptor signature = await ImageSigner.SignAsync(_images, _reference, image, key, layout);

        SignatureReport report = await VerifyAsync(image, TestKeys.Signing(kind).PublicKey, key.PublicKey);
        SignatureFinding finding = Assert.Single(report.Findings);
        Assert.True(report.IsVerified);
        Assert.Equal((layout, signature.Digest), (finding.Layout, finding.Manifest));
        Assert.Same(key.PublicKey, finding.Key);
        Assert.Equal(layout == SignatureLayout.Bundle ? null : "ghcr.io/me/tool", finding.Reference);
        Assert.Equal($"signed with the key {key.PublicKey}", report.Summary);

        report = await VerifyAsync(image, TestKeys.Signing(kind).PublicKey);
        Assert.False(report.IsVerified);
        Assert.Contains("did not make it", report.Summary, StringComparison.Ordinal);
        Assert.Null(Assert.Single(report.Findings).Reference);
    }

    [Fact]
    public async Task An_image_without_signatures_is_not_verified()
    {
        Descriptor image = (await Samples.PushImageAsync(_images, "v1")).Descriptor;
        SignatureReport report = await VerifyAsync(image, TestKeys.Signing().PublicKey);
        Assert.False(report.IsVerified);
        Assert.Empty(report.Findings);
        Assert.Equal("it has no signature", report.Summary);
    }

    [Fact]
    public async Task Without_keys_nothing_is_verified()
    {
        using SigningKey key = TestKeys.Signing();
        Descriptor image = (await Samples.PushImageAsync(_images, "v1")).Descriptor;
        await ImageSigner.SignAsync(_images, _reference, image, key);
        Assert.False((await VerifyAsync(image)).IsVerified);
    }

    [Theory]
    [InlineData(SignatureLayout.Tag)]
    [InlineData(SignatureLayout.Referrer)]
    [InlineData(SignatureLayout.Bundle)]
    public async Task An_image_is_signed_once_by_each_key(SignatureLayout layout)
    {
        using SigningKey key = TestKeys.Signing();
        using SigningKey other = TestKeys.Signing("Ed25519");
        Descriptor image = (await Samples.PushImageAsync(_images, "v1")).Descriptor;
        Descriptor first = await ImageSigner.SignAsync(_images, _reference, image, key, layout);
        int pushes = _images.Pushes;
        Assert.Equal(first.Digest, (await ImageSigner.SignAsync(_images, _reference, image, key, layout)).Digest);
        Assert.Equal(pushes, _images.Pushes);

        await ImageSigner.SignAsync(_images, _reference, image, other, layout);
        SignatureReport report = await VerifyAsync(image, key.PublicKey, other.PublicKey);
        Assert.Equal(2, report.Findings.Count);
        Assert.All(report.Findings, finding => Assert.True(finding.IsValid));
        Assert.Equal([key.PublicKey, other.PublicKey], report.Findings.Select(finding => finding.Key));
    }

    [Fact]
    public async Task What_others_wrote_about_a_signature_stays_when_one_is_added()
    {
        using SigningKey key = TestKeys.Signing();
        using SigningKey other = TestKeys.Signing();
        Descriptor image = (await Samples.PushImageAsync(_images, "v1")).Descriptor;
        await ImageSigner.SignAsync(_images, _reference, image, key);
        string tag = $"{image.Digest.ToString().Replace(':', '-')}.sig";
        JsonNode manifest = JsonNode.Parse((await _images.FetchManifestAsync(tag)).Bytes)!;
        manifest["layers"]![0]!["annotations"]!["dev.sigstore.cosign/bundle"] = "a log's entry";
        manifest["layers"]![0]!["urls"] = new JsonArray("https://example.org");
        await _images.PushManifestAsync(Samples.Document(manifest.ToJsonString(), MediaTypes.ImageManifest), tag);

        await ImageSigner.SignAsync(_images, _reference, image, other);
        JsonNode again = JsonNode.Parse((await _images.FetchManifestAsync(tag)).Bytes)!;
        Assert.True(JsonNode.DeepEquals(manifest["layers"]![0], again["layers"]![0]));
        Assert.Equal(2, again["layers"]!.AsArray().Count);

        JsonNode config = JsonNode.Parse(_images.Blobs[(string)again["config"]!["digest"]!])!;
        Assert.Equal(again["layers"]!.AsArray().Select(layer => (string?)layer!["digest"]), config["rootfs"]!["diff_ids"]!.AsArray().Select(digest => (string?)digest));
    }

    [Fact]
    public async Task Signing_an_image_signs_each_of_its_platforms()
    {
        using SigningKey key = TestKeys.Signing();
        Descriptor first = (await Samples.PushImageAsync(_images, null)).Descriptor, second = (await Samples.PushImageAsync(_images, null, seed: 2)).Descriptor;
        Content index = Samples.Document(
            $$"""{"schemaVersion":2,"manifests":[{{string.Join(',', new[] { first, second, first }.Select(Samples.Entry))}},null,{"mediaType":"text/plain"}]}""", MediaTypes.ImageIndex);
        await _images.PushManifestAsync(index, "v1");
        await ImageSigner.SignWholeAsync(_images, _reference, index.Descriptor, key);
        foreach (Descriptor part in new[] { index.Descriptor, first, second })
        {
            Assert.Single((await VerifyAsync(part, key.PublicKey)).Findings);
            Assert.True((await VerifyAsync(part, key.PublicKey)).IsVerified);
        }

        // The signature exists already, so nothing is pushed.
        int pushes = _images.Pushes;
        await ImageSigner.SignWholeAsync(_images, _reference, index.Descriptor, key);
        Assert.Equal(pushes, _images.Pushes);
    }

    [Fact]
    public async Task Another_thing_at_the_signatures_tag_is_not_overwritten()
    {
        using SigningKey key = TestKeys.Signing();
        Descriptor image = (await Samples.PushImageAsync(_images, "v1")).Descriptor;
        byte[] layer = [1, 2, 3];
        await _images.PushAsync(Samples.Blob(layer), () => new MemoryStream(layer));
        Content other = Samples.Manifest(Samples.Blob("{}"u8.ToArray()), null, null, Samples.Blob(layer));
        await _images.PushManifestAsync(other, $"{image.Digest.ToString().Replace(':', '-')}.sig");
        SignatureException refused = await Assert.ThrowsAsync<SignatureException>(() => ImageSigner.SignAsync(_images, _reference, image, key));
        Assert.Equal(SignatureFault.BadSignatureImage, refused.Fault);
    }

    [Theory]
    [InlineData("ghcr.io/me/tool:v1", null, true)]
    [InlineData("ghcr.io/me/tool:v2", null, true)]
    [InlineData("ghcr.io/me/other:v1", null, false)]
    [InlineData("quay.io/me/tool:v1", null, false)]
    [InlineData("me/tool:v1", null, false)]
    [InlineData("quay.io/me/tool:v1", "ghcr.io/me/tool", true)]
    [InlineData("quay.io/me/tool:v1", "ghcr.io/me/other", false)]
    public async Task A_signature_is_for_one_repository(string asked, string? signedAs, bool isValid)
    {
        using SigningKey key = TestKeys.Signing();
        Descriptor image = (await Samples.PushImageAsync(_images, "v1")).Descriptor;
        foreach (SignatureLayout layout in new[] { SignatureLayout.Tag, SignatureLayout.Referrer })
        {
            await ImageSigner.SignAsync(_images, _reference, image, key, layout);
        }

        SignatureReport report = await new SignatureVerifier { SignedAs = signedAs }.VerifyAsync(_images, ImageReference.Parse(asked), image.Digest, [key.PublicKey]);
        Assert.Equal(2, report.Findings.Count);
        Assert.All(report.Findings, finding => Assert.Equal(isValid, finding.IsValid));
        Assert.All(report.Findings, finding => Assert.Equal("ghcr.io/me/tool", finding.Reference));

        // A bundle contains only the digest of the image, so it is valid in any repository.
        await ImageSigner.SignAsync(_images, _reference, image, key, SignatureLayout.Bundle);
        Assert.True((await new SignatureVerifier().VerifyAsync(_images, ImageReference.Parse(asked), image.Digest, [key.PublicKey])).IsVerified);
    }

    [Theory]
    [InlineData("index.docker.io/library/busybox", "docker.io/busybox:1", true)]
    [InlineData("docker.io/library/busybox:1", "docker.io/busybox:1", true)]
    [InlineData("docker.io/library/busybox:2", "docker.io/busybox:1", false)]
    [InlineData("docker.io/me/busybox", "docker.io/busybox:1", false)]
    [InlineData("ghcr.io/me/tool:v2", Name, false)]
    [InlineData("ghcr.io/me/tool:v1", Name, true)]
    [InlineData("ghcr.io/me/tool@DIGEST", Name, true)]
    [InlineData("ghcr.io/me/tool@sha256:0000000000000000000000000000000000000000000000000000000000000000", Name, false)]
    [InlineData("ghcr.io/me/tool:v1", "ghcr.io/me/tool@DIGEST", true)]
    [InlineData("not a reference", Name, false)]
    [InlineData("", Name, false)]
    public async Task The_name_that_was_signed_is_compared_as_names_are(string signed, string asked, bool isValid)
    {
        using SigningKey key = TestKeys.Signing();
        Descriptor image = (await Samples.PushImageAsync(_images, "v1")).Descriptor;
        await HandmadeSignature.PushAsync(_images, image, key, HandmadeSignature.Payload(signed.Replace("DIGEST", image.Digest), image.Digest));
        var reference = ImageReference.Parse(asked.Replace("DIGEST", image.Digest));
        Assert.Equal(isValid, (await new SignatureVerifier().VerifyAsync(_images, reference, image.Digest, [key.PublicKey])).IsVerified);
    }

    private Task<SignatureReport> VerifyAsync(Descriptor image, params VerificationKey[] keys) =>
        new SignatureVerifier().VerifyAsync(_images, _reference, image.Digest, keys);
}
