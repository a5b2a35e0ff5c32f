using System.Collections.Concurrent;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Registries;
using static Bee.Oci.Tests.Registry.Client.Samples;

namespace Bee.Oci.Tests.Registry.Client;

/// <summary>Tests the client with Debian's registry. All tests share one registry; each test has its own repository.</summary>
public sealed class RemoteRegistryTests(RemoteRegistryTests.Server server) : IClassFixture<RemoteRegistryTests.Server>, IDisposable
{
    private readonly RemoteRegistry? _registry = server.Registry is { } running ? new RemoteRegistry(running.Host, Quick) : null;

    private RemoteRegistry Registry => _registry!;

    public void Dispose() => _registry?.Dispose();

    [ToolFact(Tool.Registry)]
    public async Task A_registry_answers_and_one_that_is_not_there_does_not()
    {
        await Registry.PingAsync();
        using var nobody = new RemoteRegistry("127.0.0.1:1", Quick);
        Assert.Equal(RegistryFault.Unreachable, (await Assert.ThrowsAsync<RegistryException>(() => nobody.PingAsync())).Fault);
    }

    [ToolFact(Tool.Registry)]
    public async Task Blobs_of_every_length_come_back_as_they_went()
    {
        IRepository repository = Registry.Repository("blobs/of-all");

        // Empty, small, exactly one chunk, and several chunks whose last one is short or has one byte.
        foreach (int length in new[] { 0, 1, 1000, 256 << 10, (256 << 10) + 1, (1 << 20) + 12_345 })
        {
            byte[] content = Bytes(length);
            Descriptor blob = Blob(content);
            Assert.False(await repository.ExistsAsync(blob));
            var seen = new ConcurrentQueue<long>();
            await repository.PushAsync(blob, () => new MemoryStream(content), new Reports(seen.Enqueue));
            Assert.True(await repository.ExistsAsync(blob));
            Assert.Equal(content, await ReadAsync(repository, blob));
            Assert.Equal(length, seen.Last());
            Assert.Equal(seen.Order(), seen);
        }
    }

    [ToolFact(Tool.Registry)]
    public async Task Content_that_cannot_be_sought_is_sent_all_the_same()
    {
        byte[] content = Bytes(700_000);
        IRepository repository = Registry.Repository("forward");
        await repository.PushAsync(Blob(content), () => new ForwardStream(content));
        Assert.Equal(content, await ReadAsync(repository, Blob(content)));
    }

    [ToolTheory(Tool.Registry)]
    [InlineData(1000)]
    [InlineData(600_000)]
    public async Task Content_that_does_not_match_its_descriptor_is_not_stored(int length)
    {
        byte[] content = Bytes(length);
        IRepository repository = Registry.Repository("wrong");
        Descriptor other = Blob(content) with { Digest = Digest.Of("other"u8) };
        var refused = await Assert.ThrowsAsync<RegistryException>(() => repository.PushAsync(other, () => new MemoryStream(content)));
        Assert.Equal((RegistryFault.Refused, "DIGEST_INVALID", 400), (refused.Fault, refused.Code, refused.Status));

        Descriptor longer = Blob(content) with { Size = length + 1 };
        var shorter = await Assert.ThrowsAsync<RegistryException>(() => repository.PushAsync(longer, () => new MemoryStream(content)));
        Assert.Equal(RegistryFault.DigestMismatch, shorter.Fault);
        Assert.False(await repository.ExistsAsync(other));
        Assert.False(await repository.ExistsAsync(Blob(content)));
    }

    [ToolFact(Tool.Registry)]
    public async Task Exceptions_from_the_content_propagate_without_a_retry()
    {
        IRepository repository = Registry.Repository("fails");
        int opened = 0;
        await Assert.ThrowsAsync<StoreException>(() => repository.PushAsync(Blob(Bytes(10)), () =>
        {
            opened++;
            throw new StoreException(StoreFault.Io, "no");
        }));
        Assert.Equal(1, opened);
    }

    [ToolTheory(Tool.Registry)]
    [InlineData(200_000)]
    [InlineData(3_000_000)]
    public async Task A_push_over_a_broken_connection_completes(int length)
    {
        byte[] content = Bytes(length, seed: length);
        using var proxy = new CuttingProxy(server.Registry!.Port, upwards: true, 100_000, 150_000, 1_000_000);
        using var registry = new RemoteRegistry(proxy.Host, Quick);
        await registry.Repository("cut/push").PushAsync(Blob(content), () => new MemoryStream(content));
        Assert.InRange(proxy.Cuts, 2, 3);
        Assert.Equal(content, await ReadAsync(Registry.Repository("cut/push"), Blob(content)));
    }

    [ToolFact(Tool.Registry)]
    public async Task A_pull_over_a_broken_connection_completes()
    {
        byte[] content = Bytes(3_000_000, seed: 3);
        await Registry.Repository("cut/pull").PushAsync(Blob(content), () => new MemoryStream(content));
        using var proxy = new CuttingProxy(server.Registry!.Port, upwards: false, 100_000, 1_500_000, 10_000);
        using var registry = new RemoteRegistry(proxy.Host, Quick);
        Assert.Equal(content, await ReadAsync(registry.Repository("cut/pull"), Blob(content)));
        Assert.Equal(3, proxy.Cuts);
    }

    [ToolFact(Tool.Registry)]
    public async Task A_manifest_is_found_by_tag_and_digest_and_read_byte_for_byte()
    {
        IRepository repository = Registry.Repository("me/image");
        Content manifest = await PushImageAsync(repository, "v1");
        foreach (string reference in new[] { "v1", manifest.Descriptor.Digest })
        {
            Assert.Equal(manifest.Descriptor, (await repository.ResolveAsync(reference))! with { Annotations = manifest.Descriptor.Annotations });
            Assert.Equal(manifest.Bytes, (await repository.FetchManifestAsync(reference)).Bytes);
        }

        Assert.True(await repository.ExistsAsync(manifest.Descriptor));
        Assert.Equal(manifest.Bytes, await ReadAsync(repository, manifest.Descriptor));
        Assert.Null(await repository.ResolveAsync("v2"));
        Assert.Null(await repository.ResolveAsync(Digest.Of("x"u8)));
        Assert.False(await repository.ExistsAsync(manifest.Descriptor with { Digest = Digest.Of("x"u8) }));
        var missing = await Assert.ThrowsAsync<RegistryException>(() => repository.FetchManifestAsync("v2"));
        Assert.Equal((RegistryFault.NotFound, "MANIFEST_UNKNOWN", 404), (missing.Fault, missing.Code, missing.Status));
        Assert.Contains($"{server.Registry!.Host}/me/image:v2", missing.Message);
        Assert.NotNull(missing.Remedy);
    }

    [ToolFact(Tool.Registry)]
    public async Task A_manifest_with_missing_blobs_is_rejected_with_the_registrys_message()
    {
        var refused = await Assert.ThrowsAsync<RegistryException>(
            () => Registry.Repository("bare").PushManifestAsync(Manifest(Blob("never pushed"u8.ToArray())), "v1"));
        Assert.Equal((RegistryFault.Refused, "MANIFEST_BLOB_UNKNOWN"), (refused.Fault, refused.Code));
        Assert.Contains("MANIFEST_BLOB_UNKNOWN, HTTP 400", refused.Message);
        Assert.Null(await Registry.Repository("bare").ResolveAsync("v1"));
    }

    [ToolFact(Tool.Registry)]
    public async Task Tags_are_given_listed_and_go_with_their_manifest()
    {
        IRepository repository = Registry.Repository("tags");
        Content one = await PushImageAsync(repository, "v1");
        Content two = await PushImageAsync(repository, null, seed: 2);
        await repository.TagAsync(one.Descriptor, "stable");
        await repository.TagAsync(two.Descriptor, "next");
        Assert.Equal(["next", "stable", "v1"], (await ListAsync(repository.TagsAsync())).Order());
        Assert.Equal(one.Descriptor.Digest, (await repository.ResolveAsync("stable"))!.Digest);

        // This version of the registry deletes manifests, but not tags.
        var unsupported = await Assert.ThrowsAsync<RegistryException>(() => repository.DeleteAsync("stable"));
        Assert.Equal(RegistryFault.Unsupported, unsupported.Fault);
        Assert.Contains("by its digest", unsupported.Remedy);
        await repository.DeleteAsync(one.Descriptor.Digest);
        Assert.Null(await repository.ResolveAsync("v1"));
        Assert.Null(await repository.ResolveAsync(one.Descriptor.Digest));
        Assert.NotNull(await repository.ResolveAsync("next"));
        var gone = await Assert.ThrowsAsync<RegistryException>(() => repository.DeleteAsync(one.Descriptor.Digest));
        Assert.Equal(RegistryFault.NotFound, gone.Fault);
        Assert.Equal(
            RegistryFault.NotFound,
            (await Assert.ThrowsAsync<RegistryException>(() => ListAsync(Registry.Repository("no/such").TagsAsync()))).Fault);
    }

    [ToolFact(Tool.Registry)]
    public async Task Repositories_are_listed()
    {
        await PushImageAsync(Registry.Repository("list/one"), "v1");
        await PushImageAsync(Registry.Repository("list/two"), "v1");
        List<string> names = await ListAsync(Registry.RepositoriesAsync());
        Assert.Contains("list/one", names);
        Assert.Contains("list/two", names);
    }

    [ToolFact(Tool.Registry)]
    public async Task A_blob_of_another_repository_is_mounted_without_being_sent()
    {
        byte[] content = Bytes(5000, seed: 77);
        await Registry.Repository("mount/from").PushAsync(Blob(content), () => new MemoryStream(content));
        IRepository target = Registry.Repository("mount/to");
        Assert.True(await target.MountAsync(Blob(content), "mount/from"));
        Assert.Equal(content, await ReadAsync(target, Blob(content)));

        // The registry cannot mount a missing blob and starts an upload instead, which the client uses.
        byte[] other = Bytes(5000, seed: 78);
        Assert.False(await target.MountAsync(Blob(other), "mount/from"));
        await target.PushAsync(Blob(other), () => new MemoryStream(other));
        Assert.Equal(other, await ReadAsync(target, Blob(other)));
        Assert.False(await target.MountAsync(Blob(Bytes(10, seed: 79)), "mount/nothing-there"));
    }

    [ToolFact(Tool.Registry)]
    public async Task Referrers_are_stored_at_the_tag_without_the_API()
    {
        IRepository repository = Registry.Repository("referrers");
        Content image = await PushImageAsync(repository, "v1");
        Digest digest = image.Descriptor.Digest;
        Assert.Empty(await ListAsync(repository.ReferrersAsync(digest)));
        Content first = await PushImageAsync(repository, null, image.Descriptor, "application/x.one", seed: 1);
        Content second = await PushImageAsync(repository, null, image.Descriptor, seed: 2);
        await repository.PushManifestAsync(first, null);

        List<Descriptor> referrers = await ListAsync(repository.ReferrersAsync(digest));
        Assert.Equal([first.Descriptor.Digest, second.Descriptor.Digest], referrers.Select(r => r.Digest));
        Assert.Equal(["application/x.one", Octets], referrers.Select(r => r.ArtifactType));
        Assert.All(referrers, r => Assert.Equal("the tests", r.Annotations["made.by"]));
        Assert.Equal([first.Descriptor.Size, second.Descriptor.Size], referrers.Select(r => r.Size));
        Assert.Equal(MediaTypes.ImageIndex, (await repository.ResolveAsync(digest.ToString().Replace(':', '-')))!.MediaType);

        await repository.DeleteAsync(first.Descriptor.Digest);
        Assert.Equal([second.Descriptor.Digest], (await ListAsync(repository.ReferrersAsync(digest))).Select(r => r.Digest));
        await repository.DeleteAsync(second.Descriptor.Digest);
        Assert.Empty(await ListAsync(repository.ReferrersAsync(digest)));
    }

    [ToolFact(Tool.Registry)]
    public async Task Concurrent_pushes_lose_no_referrer()
    {
        IRepository repository = Registry.Repository("busy");
        Content image = await PushImageAsync(repository, "v1");
        Content[] signatures = await Task.WhenAll(Enumerable.Range(10, 8).Select(
            seed => Task.Run(() => PushImageAsync(Registry.Repository("busy"), null, image.Descriptor, "application/x.signature", seed))));
        List<Descriptor> referrers = await ListAsync(repository.ReferrersAsync(image.Descriptor.Digest));
        Assert.Equal(signatures.Select(s => s.Descriptor.Digest).Order(), referrers.Select(r => r.Digest).Order());
    }

    [ToolFact(Tool.Registry)]
    public async Task A_tag_without_a_list_of_referrers_is_not_overwritten()
    {
        IRepository repository = Registry.Repository("occupied");
        Content image = await PushImageAsync(repository, "v1");
        string tag = image.Descriptor.Digest.ToString().Replace(':', '-');
        Content other = await PushImageAsync(repository, tag, seed: 5);
        Assert.Empty(await ListAsync(repository.ReferrersAsync(image.Descriptor.Digest)));
        var refused = await Assert.ThrowsAsync<RegistryException>(() => PushImageAsync(repository, null, image.Descriptor, seed: 6));
        Assert.Equal(RegistryFault.Refused, refused.Fault);
        Assert.Contains(tag, refused.Message);
        Assert.Equal(other.Descriptor.Digest, (await repository.ResolveAsync(tag))!.Digest);
    }

    [Theory]
    [InlineData("Me/image")]
    [InlineData("../../secrets")]
    [InlineData("a//b")]
    [InlineData("a?b")]
    [InlineData("")]
    public void An_invalid_repository_name_is_rejected_before_any_request(string name)
    {
        using var nobody = new RemoteRegistry("127.0.0.1:1", Quick);
        Assert.Equal(RegistryFault.BadName, Assert.Throws<RegistryException>(() => nobody.Repository(name)).Fault);
    }

    [Theory]
    [InlineData("../tags/list")]
    [InlineData("sha256:12")]
    [InlineData("sha512:" + "0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData(".hidden")]
    [InlineData("")]
    public async Task An_invalid_reference_is_rejected_before_any_request(string reference)
    {
        using var nobody = new RemoteRegistry("127.0.0.1:1", Quick);
        IRepository repository = nobody.Repository("x");
        Assert.Equal(RegistryFault.BadName, (await Assert.ThrowsAsync<RegistryException>(() => repository.ResolveAsync(reference))).Fault);
        Assert.Equal(RegistryFault.BadName, (await Assert.ThrowsAsync<RegistryException>(() => repository.FetchManifestAsync(reference))).Fault);
        Assert.Equal(RegistryFault.BadName, (await Assert.ThrowsAsync<RegistryException>(() => repository.DeleteAsync(reference))).Fault);
    }

    /// <summary>The registry; not started if it is not installed, because its tests are skipped then.</summary>
    public sealed class Server : IDisposable
    {
        public DebianRegistry? Registry { get; } = DebianRegistry.Missing is null ? DebianRegistry.Start() : null;

        public void Dispose() => Registry?.Dispose();
    }

    private sealed class ForwardStream(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;

        public override long Seek(long offset, SeekOrigin loc) => throw new NotSupportedException();
    }
}
