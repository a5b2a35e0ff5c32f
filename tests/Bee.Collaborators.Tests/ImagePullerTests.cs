using Bee.Cmdlets.Tools;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Store;
using Bee.Oci.Trust;

namespace Bee.Cmdlets.Collaborators.Tests;

public sealed class ImagePullerTests : IDisposable
{
    private readonly Workbench _bench = new();

    [Fact]
    public void Pull_of_a_tag_stores_the_image_under_its_name()
    {
        Image published = _bench.Publish();

        Image pulled = _bench.Puller.Pull(_bench.Remote());

        Assert.Equal(published.Digest, pulled.Digest);
        Assert.Equal(published.Digest, _bench.Local.Stores.Find($"{_bench.Remote()}")?.Digest);
        Assert.Matches($@"^{_bench.Remote()} is {published.Digest}: \d blobs pulled \(", Assert.Single(_bench.Session.Notes));
    }

    [Fact]
    public void Pull_by_digest_ignores_where_the_tag_has_moved()
    {
        Image first = _bench.Publish();
        Image second = _bench.Publish(description: "another");
        Assert.NotEqual(first.Digest, second.Digest);

        Assert.Equal(first.Digest, _bench.Puller.Pull(ImageReference.Parse($"{_bench.Remote()}@{first.Digest}")).Digest);
    }

    [Fact]
    public void Pull_of_a_missing_image_leaves_no_name()
    {
        _bench.Publish();

        var fault = Assert.Throws<RegistryException>(() => _bench.Puller.Pull(_bench.Remote("v2")));

        Assert.Equal(RegistryFault.NotFound, fault.Fault);
        Assert.Empty(_bench.Local.Stores.List());
    }

    [Fact]
    public void Pull_of_an_untrusted_image_leaves_no_name()
    {
        using var bench = new Workbench(new VerificationOptions { RequireSignature = true });
        bench.Publish();

        Assert.Throws<TrustException>(() => bench.Puller.Pull(bench.Remote()));

        Assert.Empty(bench.Local.Stores.List());
    }

    [Fact]
    public void Pull_without_a_verifier_checks_nothing()
    {
        using var bench = new Workbench(new VerificationOptions { RequireSignature = true });
        bench.Publish();

        new ImagePuller(bench.Link, bench.Local, verifier: null, bench.Session).Pull(bench.Remote());

        Assert.Equal(0, bench.OptionsRead);
        Assert.Single(bench.Local.Stores.List());
    }

    [Fact]
    public void Pull_from_a_given_source_contacts_no_other_registry()
    {
        _bench.Publish();

        _bench.Puller.Pull(ImageReference.Parse("registry.invalid/me/tool:v1"), source: _bench.Link.Repository(_bench.Remote()));

        Assert.Equal("registry.invalid/me/tool:v1", Assert.Single(_bench.Local.Stores.List()).Reference);
    }

    public void Dispose() => _bench.Dispose();
}
