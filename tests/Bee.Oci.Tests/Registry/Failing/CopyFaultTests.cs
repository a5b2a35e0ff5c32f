using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Oci.Tests.Registry.Client;
using Bee.Oci.Transfer;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Failing;

/// <summary>Copies an image with its signatures from one registry to another while either registry fails.</summary>
public sealed class CopyFaultTests : IDisposable
{
    private readonly FaultyRegistry _from = new();
    private readonly FaultyRegistry _to = new();
    private readonly RemoteRegistry _source;
    private readonly RemoteRegistry _target;

    public CopyFaultTests()
    {
        FaultyImage.Lay(_from);
        _source = new RemoteRegistry(_from.Host, FaultCase.Quick);
        _target = new RemoteRegistry(_to.Host, FaultCase.Quick);
    }

    private IRepository Source => _source.Repository(FaultyImage.Repository);

    private IRepository Target => _target.Repository(FaultyImage.Repository);

    [Fact]
    public async Task Both_may_break_once_in_the_middle()
    {
        Injection read = _from.Inject(Stage.GetBlob, Faults.CutAnswer(500), times: 2);
        Injection sent = _to.Inject(Stage.Patch, Faults.CutRequest(1000), times: 2, skip: 1);
        await CopyAsync();
        Assert.Equal((2, 2), (read.Hits, sent.Hits));
        AssertThere();
    }

    [Theory]
    [InlineData(true, RegistryFault.DigestMismatch)]
    [InlineData(false, RegistryFault.Denied)]
    public async Task A_failure_on_either_side_stores_no_name(bool source, RegistryFault expected)
    {
        Injection injection = source ? _from.Inject(Stage.GetBlob, Faults.WrongBytes) : _to.Inject(Stage.PutManifest, Faults.Error(403, "DENIED"));
        Assert.Equal(expected, (await Assert.ThrowsAsync<RegistryException>(CopyAsync)).Fault);
        Assert.True(injection.Hits > 0);
        Assert.Empty(_to.Repository(FaultyImage.Repository).Manifests);
        FaultyImage.AssertWhole(_to);
        _from.Heal();
        _to.Heal();
        await CopyAsync();
        AssertThere();
    }

    [Fact]
    public async Task An_image_gets_no_name_if_pushing_its_signature_fails()
    {
        await Samples.PushImageAsync(Source, $"{FaultyImage.Manifest.Descriptor.Digest.ToString().Replace(':', '-')}.sig", seed: 3);
        Injection injection = _to.Inject(Stage.PutManifest, Faults.Error(403, "DENIED"), skip: 1);
        await Assert.ThrowsAsync<RegistryException>(CopyAsync);
        Assert.True(injection.Hits > 0);
        Assert.Empty(_to.Repository(FaultyImage.Repository).Tags);
        _to.Heal();
        await CopyAsync();
        AssertThere();
        Assert.Equal(2, _to.Repository(FaultyImage.Repository).Tags.Count);
    }

    [Fact]
    public async Task Signatures_that_the_registry_cannot_tell_now_keep_the_image_where_it_is()
    {
        _from.Inject(Stage.Referrers, Faults.Status(503));
        Assert.Equal(RegistryFault.ServerError, (await Assert.ThrowsAsync<RegistryException>(CopyAsync)).Fault);
        Assert.Empty(_to.Repository(FaultyImage.Repository).Tags);
    }

    public void Dispose()
    {
        _source.Dispose();
        _target.Dispose();
        _from.Dispose();
        _to.Dispose();
    }

    private Task CopyAsync() => new ImageTransfer().CopyAsync(Source, FaultyImage.Tag, Target, FaultyImage.Tag);

    private void AssertThere()
    {
        FaultyImage.AssertWhole(_to);
        Assert.Equal(FaultyImage.Manifest.Descriptor.Digest, _to.Repository(FaultyImage.Repository).Tags[FaultyImage.Tag]);
    }
}
