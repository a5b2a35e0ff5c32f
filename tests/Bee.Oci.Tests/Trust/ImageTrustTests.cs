using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Signatures;
using Bee.Oci.Signatures.Layouts;
using Bee.Oci.Tests.Registry.Client;
using Bee.Oci.Tests.Signatures;
using Bee.Oci.Trust;

namespace Bee.Oci.Tests.Trust;

/// <summary>Tests the decision whether an image is trusted.</summary>
public sealed class ImageTrustTests : IDisposable
{
    private static readonly ImageReference s_name = ImageReference.Parse("ghcr.io/me/tool:v1");

    private readonly MemoryImages _images = new();
    private readonly SigningKey _mine = TestKeys.Signing();
    private readonly SigningKey _other = TestKeys.Signing("Ed25519");

    [Theory]
    [InlineData(SignatureLayout.Tag)]
    [InlineData(SignatureLayout.Referrer)]
    [InlineData(SignatureLayout.Bundle)]
    public async Task A_rule_with_keys_accepts_images_signed_with_them(SignatureLayout layout)
    {
        Descriptor image = await PushAsync();
        TrustPolicy policy = Policy(false, Rule(TrustAction.Verify, keys: [_mine.PublicKey]));
        TrustException e = await Refused(Trust(policy), image);
        Assert.Equal(TrustFault.NotVerified, e.Fault);
        Assert.Contains("it has no signature", e.Message, StringComparison.Ordinal);
        Assert.Contains("ghcr.io/me/*", e.Message, StringComparison.Ordinal);

        await ImageSigner.SignAsync(_images, s_name, image, _other, layout);
        Assert.Contains("did not make it", (await Refused(Trust(policy), image)).Message, StringComparison.Ordinal);

        await ImageSigner.SignAsync(_images, s_name, image, _mine, layout);
        Assert.Contains("signed with the key", Assert.Single(await Trust(policy).CheckAsync(_images, s_name, image.Digest)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signature_of_another_image_does_not_count()
    {
        Descriptor image = await PushAsync();
        await ImageSigner.SignAsync(_images, s_name, image, _mine, SignatureLayout.Tag);
        Descriptor evil = image with { Digest = Digest.Of("evil"u8) };
        _images.Tags[$"sha256-{evil.Digest.Hex}.sig"] = _images.Tags[$"sha256-{image.Digest.Hex}.sig"];
        Assert.Equal(TrustFault.NotVerified, (await Refused(Trust(Policy(true, Rule(TrustAction.Verify, keys: [_mine.PublicKey]))), evil)).Fault);
    }

    [Fact]
    public async Task Only_a_listed_digest_passes_without_a_signature()
    {
        Descriptor image = await PushAsync();
        ImageTrust trust = Trust(Policy(true, Rule(TrustAction.Verify, digests: [image.Digest])));
        Assert.Contains("lists its digest", Assert.Single(await trust.CheckAsync(_images, s_name, image.Digest)), StringComparison.Ordinal);
        Assert.Equal(TrustFault.NotVerified, (await Refused(trust, image with { Digest = Digest.Parse("sha256:" + new string('0', 64)) })).Fault);

        // If the rule has keys too, a listed digest or a valid signature suffices.
        trust = Trust(Policy(true, Rule(TrustAction.Verify, [_mine.PublicKey], [Digest.Parse("sha256:" + new string('0', 64))])));
        await Refused(trust, image);
        await ImageSigner.SignAsync(_images, s_name, image, _mine, SignatureLayout.Bundle);
        Assert.Single(await trust.CheckAsync(_images, s_name, image.Digest));
    }

    [Fact]
    public async Task The_default_applies_if_no_rule_matches_and_every_policy_must_agree()
    {
        Descriptor image = await PushAsync();
        Assert.Equal(TrustFault.Denied, (await Refused(Trust(Policy(false)), image)).Fault);
        Assert.Equal(TrustFault.Denied, (await Refused(Trust(Policy(true, Rule(TrustAction.Deny))), image)).Fault);
        Assert.Equal(TrustFault.Denied, (await Refused(Trust(Policy(true), Policy(false)), image)).Fault);
        Assert.Equal(2, (await Trust(Policy(true), Policy(false, Rule(TrustAction.Allow))).CheckAsync(_images, s_name, image.Digest)).Count);
    }

    [Fact]
    public async Task Requested_keys_add_to_the_policy()
    {
        Descriptor image = await PushAsync();
        await ImageSigner.SignAsync(_images, s_name, image, _mine, SignatureLayout.Tag);
        TrustPolicy allow = Policy(true, Rule(TrustAction.Allow));
        TrustPolicy keys = Policy(true, Rule(TrustAction.Verify, [_mine.PublicKey]));

        Assert.Equal(TrustFault.NoKey, (await Refused(Trust([], true, allow), image)).Fault);
        Assert.Equal(TrustFault.NoKey, (await Refused(Trust([], true), image)).Fault);
        Assert.Single(await Trust([], true, keys).CheckAsync(_images, s_name, image.Digest));
        Assert.Equal(TrustFault.NotVerified, (await Refused(Trust([_other.PublicKey], false, keys), image)).Fault);
        Assert.Equal(2, (await Trust([_mine.PublicKey, _other.PublicKey], false, keys).CheckAsync(_images, s_name, image.Digest)).Count);

        // A listed digest does not count as a signature.
        TrustPolicy listed = Policy(true, Rule(TrustAction.Verify, [_other.PublicKey], [image.Digest]));
        Assert.Equal(TrustFault.NotVerified, (await Refused(Trust([], true, listed), image)).Fault);
    }

    [Fact]
    public async Task What_is_local_is_not_the_policies_business_until_a_signature_is_asked_for()
    {
        Descriptor image = await PushAsync();
        var local = ImageReference.Parse("tool:v1");
        var broken = new ImageTrust(() => throw new TrustException(TrustFault.BadPolicy, "broken"), [], false);
        Assert.Empty(await broken.CheckAsync(_images, local, image.Digest));
        Assert.Equal(TrustFault.BadPolicy, (await Refused(broken, image)).Fault);
        Assert.Equal(TrustFault.BadPolicy, (await Refused(broken, image)).Fault);
        TrustException e = await Assert.ThrowsAsync<TrustException>(() => Trust([_mine.PublicKey], false).CheckAsync(_images, local, image.Digest));
        Assert.Equal(TrustFault.NotVerified, e.Fault);
    }

    /// <summary>Signatures that were copied with an image still contain the name of the original repository.</summary>
    [Theory]
    [InlineData("mirror.lan/tools/*", "ghcr.io/me/*", "mirror.lan/tools/tool:v1", true)]
    [InlineData("mirror.lan/*", "ghcr.io/*", "mirror.lan/me/tool:v1", true)]
    [InlineData("mirror.lan:443/tools/*", "ghcr.io/me/*", "mirror.lan/tools/tool:v1", true)]
    [InlineData("mirror.lan/tools/*", "ghcr.io/me/tool", "mirror.lan/tools/any:v1", true)]
    [InlineData("mirror.lan/tools/*", "ghcr.io/me/*", "mirror.lan/tools/other:v1", false)]
    [InlineData("mirror.lan/tools/*", "ghcr.io/me/*", "mirror.lan/tools/below/tool:v1", false)]
    [InlineData("mirror.lan/tools/*", "ghcr.io/you/*", "mirror.lan/tools/tool:v1", false)]
    [InlineData("mirror.lan/tools/*", null, "mirror.lan/tools/tool:v1", false)]
    public async Task A_rule_names_the_repository_that_copies_were_signed_for(string pattern, string? signedAs, string asked, bool passes)
    {
        Descriptor image = await PushAsync();
        await ImageSigner.SignAsync(_images, s_name, image, _mine);
        var rule = new TrustRule(RepositoryPattern.Parse(pattern), TrustAction.Verify, [_mine.PublicKey], [], 1) { SignedAs = signedAs };
        Task<TrustDecision> check = Trust(Policy(false, rule)).CheckAsync(_images, ImageReference.Parse(asked), image.Digest);
        if (passes)
        {
            Assert.Single(await check);
        }
        else
        {
            Assert.Contains("it is for 'ghcr.io/me/tool'", (await Assert.ThrowsAsync<TrustException>(() => check)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_unreachable_registry_does_not_permit_an_image()
    {
        Descriptor image = await PushAsync();
        _images.Fault = new RegistryException(RegistryFault.Unreachable, "gone");
        await Assert.ThrowsAsync<RegistryException>(() => Trust(Policy(true, Rule(TrustAction.Verify, [_mine.PublicKey]))).CheckAsync(_images, s_name, image.Digest));
    }

    public void Dispose()
    {
        _mine.Dispose();
        _other.Dispose();
    }

    private static TrustRule Rule(TrustAction action, IReadOnlyList<VerificationKey>? keys = null, IReadOnlyList<Digest>? digests = null) =>
        new(RepositoryPattern.Parse("ghcr.io/me/*"), action, keys ?? [], digests ?? [], 1);

    private static TrustPolicy Policy(bool standard, params TrustRule[] rules) => new("/policy.json", standard, rules);

    private static ImageTrust Trust(params TrustPolicy[] policies) => Trust([], false, policies);

    private static ImageTrust Trust(VerificationKey[] keys, bool isRequired, params TrustPolicy[] policies) => new(() => policies, keys, isRequired);

    private async Task<Descriptor> PushAsync() => (await Samples.PushImageAsync(_images, "v1")).Descriptor;

    private async Task<TrustException> Refused(ImageTrust trust, Descriptor image) =>
        await Assert.ThrowsAsync<TrustException>(() => trust.CheckAsync(_images, s_name, image.Digest));
}
