using Bee.Cmdlets.Tools;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Oci.Trust;

namespace Bee.Cmdlets.Collaborators.Tests;

public sealed class ImageVerifierTests
{
    [Fact]
    public void Verify_without_policy_and_keys_passes_unchecked()
    {
        using var bench = new Workbench();

        ImageVerification passed = bench.Verifier.Verify(bench.Add(bench.Remote()));

        Assert.Empty(passed.Reasons);
        Assert.Equal(SignatureVerdict.Unchecked, passed.Verdict);
    }

    [Fact]
    public void Verify_of_an_image_that_a_policy_allows_returns_and_notes_the_reason()
    {
        using var folder = new TempFolder();
        using var bench = new Workbench(new VerificationOptions { Policy = folder.Write("policy.json", """{ "default": "deny", "rules": [ { "reference": "registry.lan/*", "action": "allow" } ] }""") });

        ImageVerification passed = bench.Verifier.Verify(bench.Add(ImageReference.Parse("registry.lan/me/tool:v1")));

        Assert.Equal(SignatureVerdict.Allowed, passed.Verdict);
        Assert.Equal(passed.Reasons, bench.Session.Notes);
        Assert.Single(passed.Reasons);
    }

    [Fact]
    public void Verify_of_an_image_that_a_policy_denies_throws()
    {
        using var folder = new TempFolder();
        using var bench = new Workbench(new VerificationOptions { Policy = folder.Write("policy.json", """{ "default": "deny", "rules": [] }""") });
        Image image = bench.Add(bench.Remote());

        Assert.Throws<TrustException>(() => bench.Verifier.Verify(image));

        Assert.Empty(bench.Session.Notes);
    }

    [Fact]
    public void Verify_of_a_local_name_throws_if_a_signature_is_required()
    {
        using var bench = new Workbench(new VerificationOptions { RequireSignature = true });
        Image image = bench.Add(ImageReference.Parse("tool:v1"));

        Assert.Throws<TrustException>(() => bench.Verifier.Verify(image));
    }

    [Fact]
    public void RefuseIfRequired_names_the_object_without_a_signature()
    {
        using var bench = new Workbench(new VerificationOptions { RequireSignature = true });

        var refused = Assert.Throws<TrustException>(() => bench.Verifier.RefuseIfRequired("the file tool.o"));

        Assert.Equal(TrustFault.Unverifiable, refused.Fault);
        Assert.Contains("the file tool.o", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_are_read_once_at_the_first_verification()
    {
        using var bench = new Workbench();
        Image image = bench.Add(bench.Remote());
        Assert.Equal(0, bench.OptionsRead);

        bench.Verifier.Verify(image);
        bench.Verifier.RefuseIfRequired("a file");
        bench.Verifier.BeforeCommit(bench.Remote());

        Assert.Equal(1, bench.OptionsRead);
    }
}
