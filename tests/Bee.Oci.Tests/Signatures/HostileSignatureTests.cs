using System.Text;
using System.Text.Json.Nodes;
using Bee.Mutation;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Signatures;
using Bee.Oci.Tests.Registry.Client;
using Xunit.Abstractions;
using static Bee.Oci.Tests.Signatures.HandmadeSignature;

namespace Bee.Oci.Tests.Signatures;

/// <summary>Signatures that an attacker adds to make an image look signed, or to block verification.</summary>
public sealed class HostileSignatureTests(ITestOutputHelper output) : IDisposable
{
    private const string Name = "ghcr.io/me/tool";
    private static readonly Digest s_another = Digest.Parse("sha256:1111111111111111111111111111111111111111111111111111111111111111");

    private readonly MemoryImages _images = new(Name);
    private readonly SigningKey _key = TestKeys.Signing();
    private readonly Descriptor _image = new(MediaTypes.ImageManifest, Digest.Parse("sha256:2222222222222222222222222222222222222222222222222222222222222222"), 2);

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task A_signature_for_another_image_does_not_count()
    {
        await PushAsync(_images, _image, _key, Payload(Name, s_another));
        await PushBundleAsync(_images, _image, Sealed(_key, Statement(s_another)));
        await AllRefused("for another image: sha256:1111", "for another image: sha256:1111");
    }

    [Fact]
    public async Task A_referrer_of_another_image_does_not_count_wherever_it_is_listed()
    {
        Content bundle = await PushBundleAsync(_images, _image with { Digest = s_another }, Sealed(_key, Statement(_image.Digest)));
        _images.Referrers[_image.Digest] = [bundle.Descriptor];
        await AllRefused("refers to another image");
    }

    [Theory]
    [InlineData("atomic container signature")]
    [InlineData("")]
    public async Task A_payload_of_another_kind_does_not_count(string type)
    {
        await PushAsync(_images, _image, _key, Payload(Name, _image.Digest, type));
        await AllRefused("not a container image");
    }

    [Theory]
    [InlineData("https://slsa.dev/provenance/v1", "https://in-toto.io/Statement/v1", "attestation of type 'https://slsa.dev/provenance/v1'")]
    [InlineData("https://sigstore.dev/cosign/sign/v1", "https://in-toto.io/Statement/v9", "version")]
    public async Task An_attestation_is_not_a_signature(string predicate, string version, string word)
    {
        await PushBundleAsync(_images, _image, Sealed(_key, Statement(_image.Digest, predicate, version)));
        await AllRefused(word);
    }

    [Fact]
    public async Task An_envelope_of_another_type_does_not_count()
    {
        await PushBundleAsync(_images, _image, Sealed(_key, Statement(_image.Digest), "text/plain"));
        await AllRefused("not an in-toto statement but 'text/plain'");
    }

    /// <summary>The signature covers the payload type too, so a payload cannot be read as another type.</summary>
    [Fact]
    public async Task The_type_of_an_envelope_cannot_be_exchanged()
    {
        JsonNode bundle = JsonNode.Parse(Sealed(_key, Statement(_image.Digest), "text/plain"))!;
        bundle["dsseEnvelope"]!["payloadType"] = "application/vnd.in-toto+json";
        await PushBundleAsync(_images, _image, Encoding.UTF8.GetBytes(bundle.ToJsonString()));
        await AllRefused("did not make it");
    }

    [Fact]
    public async Task A_payload_without_a_right_signature_is_not_read()
    {
        using SigningKey other = TestKeys.Signing();
        foreach (string text in new[] { "", "no json", new string('[', 100_000), "{\"a\":" + new string('{', 100_000) })
        {
            await PushAsync(_images, _image, other, text);
            await AllRefused("did not make it");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("no json")]
    [InlineData("{}")]
    [InlineData("{\"critical\":null}")]
    [InlineData("{\"critical\":{\"type\":\"cosign container image signature\"}}")]
    [InlineData("{\"critical\":{\"type\":\"cosign container image signature\",\"image\":{\"docker-manifest-digest\":5}}}")]
    public async Task Signed_nonsense_does_not_count(string payload)
    {
        await PushAsync(_images, _image, _key, payload);
        await PushBundleAsync(_images, _image, Sealed(_key, payload));
        await AllRefused("", "");
    }

    [Fact]
    public async Task Bombs_of_brackets_do_not_count()
    {
        string bomb = new string('[', 400_000);
        await PushAsync(_images, _image, _key, bomb);
        await PushBundleAsync(_images, _image, Encoding.UTF8.GetBytes(bomb));
        await PushBundleAsync(_images, _image, Sealed(_key, bomb));
        await AllRefused("cannot be read", "cannot be read", "cannot be read");
    }

    [Theory]
    [InlineData("messageSignature", "{}")]
    [InlineData("dsseEnvelope", "null")]
    [InlineData("mediaType", "\"application/vnd.dev.sigstore.bundle.v9+json\"")]
    [InlineData("mediaType", "null")]
    [InlineData("dsseEnvelope", "{\"payload\":\"!\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[]}")]
    [InlineData("dsseEnvelope", "{\"payload\":\"AA==\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[]}")]
    [InlineData("dsseEnvelope", "{\"payload\":\"AA==\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[null]}")]
    [InlineData("dsseEnvelope", "{\"payload\":\"AA==\",\"payloadType\":\"application/vnd.in-toto+json\",\"signatures\":[{\"sig\":\"AA==\"},{\"sig\":\"AA==\"}]}")]
    public async Task An_invalid_bundle_does_not_count(string part, string value)
    {
        JsonNode bundle = JsonNode.Parse(Sealed(_key, Statement(_image.Digest)))!;
        bundle[part == "messageSignature" ? "dsseEnvelope" : part] = part == "messageSignature" ? null : JsonNode.Parse(value);
        await PushBundleAsync(_images, _image, Encoding.UTF8.GetBytes(bundle.ToJsonString()));
        await AllRefused("");
    }

    [Fact]
    public async Task A_bundle_of_a_later_version_is_reported()
    {
        await PushBundleAsync(_images, _image, "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.9+json\"}"u8.ToArray(), "application/vnd.dev.sigstore.bundle.v0.9+json");
        await AllRefused("unknown version");
    }

    [Theory]
    [InlineData(null, "missing or not base64")]
    [InlineData("!!!", "missing or not base64")]
    [InlineData("", "did not make it")]
    [InlineData("AAAA", "did not make it")]
    public async Task An_annotation_without_a_signature_does_not_count(string? annotation, string word)
    {
        await PushLayerAsync(_images, Encoding.UTF8.GetBytes(Payload(Name, _image.Digest)), SimpleSigning, annotation, Tag(_image), null);
        await AllRefused(word);
    }

    [Fact]
    public async Task A_huge_payload_is_not_read()
    {
        Content made = await PushAsync(_images, _image, _key, Payload(Name, _image.Digest));
        JsonNode manifest = JsonNode.Parse(made.Bytes)!;
        foreach (long size in new[] { (1L << 20) + 1, long.MaxValue, -1 })
        {
            manifest["layers"]![0]!["size"] = size;
            await _images.PushManifestAsync(Samples.Document(manifest.ToJsonString(), MediaTypes.ImageManifest), Tag(_image));
            await AllRefused("larger than");
        }
    }

    [Fact]
    public async Task Content_that_does_not_match_its_digest_does_not_count()
    {
        Content made = await PushAsync(_images, _image, _key, Payload(Name, _image.Digest));
        string digest = (string)JsonNode.Parse(made.Bytes)!["layers"]![0]!["digest"]!;
        byte[] right = _images.Blobs[digest];
        foreach (byte[] wrong in new[] { right[..^1], [.. right, 0], [.. right[..^1], 0] })
        {
            _images.Blobs[digest] = wrong;
            await AllRefused("does not match its digest");
        }

        _images.Blobs.Remove(digest);
        await AllRefused("There is no");
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("null")]
    [InlineData("{\"layers\":5}")]
    public async Task A_damaged_manifest_does_not_count(string manifest)
    {
        _images.Put(Samples.Document(manifest, MediaTypes.ImageManifest), Tag(_image));
        await AllRefused("cannot be read|is the JSON value null");
    }

    [Fact]
    public async Task Manifests_other_than_signatures_are_skipped()
    {
        _images.Put(Samples.Document("{}", MediaTypes.ImageManifest), Tag(_image));
        await Samples.PushImageAsync(_images, null, _image, "application/spdx+json");
        _images.Referrers[_image.Digest].Add(new Descriptor(MediaTypes.ImageIndex, s_another, 5));
        Assert.Empty((await VerifyAsync()).Findings);
    }

    [Fact]
    public async Task One_bad_signature_does_not_hide_a_good_one()
    {
        await PushBundleAsync(_images, _image, "no json"u8.ToArray());
        _images.Referrers[_image.Digest].Add(new Descriptor(MediaTypes.ImageManifest, s_another, 5));
        await PushBundleAsync(_images, _image, Sealed(_key, Statement(_image.Digest)));
        SignatureReport report = await VerifyAsync();
        Assert.True(report.IsVerified);
        Assert.Equal([false, false, true], report.Findings.Select(finding => finding.IsValid));
    }

    [Fact]
    public async Task Thousands_of_signatures_are_not_all_read()
    {
        byte[] payload = Encoding.UTF8.GetBytes(Payload(Name, s_another));
        Content made = await PushLayerAsync(_images, payload, SimpleSigning, "AAAA", Tag(_image), null);
        JsonNode manifest = JsonNode.Parse(made.Bytes)!;
        for (int i = 0; i < 3000; i++)
        {
            manifest["layers"]!.AsArray().Add(manifest["layers"]![0]!.DeepClone());
        }

        await _images.PushManifestAsync(Samples.Document(manifest.ToJsonString(), MediaTypes.ImageManifest), Tag(_image));
        SignatureReport report = await VerifyAsync();
        Assert.False(report.IsVerified);
        Assert.Equal(257, report.Findings.Count);
        Assert.Contains("more than 256", report.Findings[^1].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Thousands_of_referrers_are_not_all_read()
    {
        _images.Referrers[_image.Digest] = [.. Enumerable.Range(0, 3000).Select(_ => new Descriptor(MediaTypes.ImageManifest, s_another, 5))];
        SignatureReport report = await VerifyAsync();
        Assert.False(report.IsVerified);
        Assert.Equal(257, report.Findings.Count);
    }

    /// <summary>A registry failure is an error, and not reported as a missing signature.</summary>
    [Theory]
    [InlineData(RegistryFault.Unreachable)]
    [InlineData(RegistryFault.Denied)]
    [InlineData(RegistryFault.TimedOut)]
    public async Task A_registry_that_cannot_be_asked_is_an_error(RegistryFault fault)
    {
        _images.Fault = new RegistryException(fault, "no");
        Assert.Equal(fault, (await Assert.ThrowsAsync<RegistryException>(VerifyAsync)).Fault);
    }

    [Fact]
    public async Task Messages_are_sanitized_for_the_terminal()
    {
        await PushAsync(_images, _image, _key, Payload("evil\u001b[2J\u0007", _image.Digest));
        await PushBundleAsync(_images, _image, Sealed(_key, Statement(_image.Digest, "x\u001b[2J")));
        SignatureReport report = await VerifyAsync();
        Assert.Equal(2, report.Findings.Count);
        Assert.DoesNotContain(report.Summary + report.Findings[0].Reference, char.IsControl);
    }

    [Fact]
    public async Task Damaged_signatures_are_findings()
    {
        string payload = Payload(Name, _image.Digest);
        Content made = await PushAsync(_images, _image, _key, payload);
        byte[] bundle = Sealed(_key, Statement(_image.Digest));
        new ReaderRun("signatures", TextMutator.Json(made.Bytes, bundle, Encoding.UTF8.GetBytes(payload)).Make, (bytes, number) =>
        {
            var images = new MemoryImages(Name);
            switch (number % 4)
            {
                case 0:
                    images.Manifests["m"] = new Content(Samples.Blob(bytes, MediaTypes.ImageManifest), bytes);
                    images.Tags[Tag(_image)] = images.Tags[Samples.Blob(bytes).Digest] = "m";
                    break;
                case 1:
                    PushBundleAsync(images, _image, bytes).Wait();
                    break;
                case 2:
                    PushAsync(images, _image, _key, Encoding.Latin1.GetString(bytes)).Wait();
                    break;
                default:
                    PushBundleAsync(images, _image, Sealed(_key, Encoding.Latin1.GetString(bytes))).Wait();
                    break;
            }

            SignatureReport report = new SignatureVerifier().VerifyAsync(images, ImageReference.Parse(Name), _image.Digest, [_key.PublicKey]).Result;
            _ = report.Summary.Length + report.Findings.Sum(finding => finding.Problem?.Length ?? finding.Key!.KeyId.Length);
        }, _ => false).Execute(output.WriteLine, part: 10);
    }

    private Task<SignatureReport> VerifyAsync() => new SignatureVerifier().VerifyAsync(_images, ImageReference.Parse(Name + ":v1"), _image.Digest, [_key.PublicKey]);

    private async Task AllRefused(params string[] words)
    {
        SignatureReport report = await VerifyAsync();
        Assert.False(report.IsVerified);
        Assert.Equal(words.Length, report.Findings.Count);
        Assert.All(report.Findings.Zip(words), pair => Assert.Contains(pair.Second.Split('|'), word => pair.First.Problem!.Contains(word, StringComparison.Ordinal)));
    }
}
