using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Transfer;
using Bee.Registries;

namespace Bee.Oci.Tests.Transfer;

/// <summary>Pushes images to Debian's registry and pulls them.</summary>
public sealed class DebianTransferTests : IDisposable
{
    private readonly StoreFolder _folder = new();
    private readonly DebianRegistry? _server = DebianRegistry.Missing is null ? DebianRegistry.Start() : null;
    private readonly RemoteRegistry? _registry;

    public DebianTransferTests() => _registry = _server is null ? null : new RemoteRegistry(_server.Host, Registry.Client.Samples.Quick);

    private RemoteRegistry There => _registry!;

    [ToolFact(Tool.Registry)]
    public async Task An_image_is_pushed_and_pulled_unchanged_and_not_sent_twice()
    {
        Image image = _folder.Add($"{There.Host}/me/x:v1", new string('e', 1_000_000));
        IRepository repository = There.Repository("me/x");
        TransferResult pushed = await new ImageTransfer().PushAsync(_folder.Store, image, repository, "v1");
        Assert.Equal((2, 0), (pushed.BlobsSent, pushed.BlobsPresent));
        TransferResult again = await new ImageTransfer().PushAsync(_folder.Store, image, repository, "v1");
        Assert.Equal((0, 2, 0L), (again.BlobsSent, again.BlobsPresent, again.Bytes));

        using var other = new StoreFolder();
        TransferResult pulled = await new ImageTransfer().PullAsync(repository, "v1", other.Store, ImageReference.Parse($"{There.Host}/me/x:v1"));
        Assert.Equal((image.Digest, 2), (pulled.Descriptor.Digest, pulled.BlobsSent));
        Assert.Equal(_folder.Blobs().Select(File.ReadAllBytes).Select(b => Digest.Of(b).ToString()).Order(), other.Blobs().Select(File.ReadAllBytes).Select(b => Digest.Of(b).ToString()).Order());

        TransferResult mounted = await new ImageTransfer().CopyAsync(repository, "v1", There.Repository("you/x"), "v2");
        Assert.Equal((0, 2), (mounted.BlobsSent, mounted.BlobsMounted));
        Assert.Equal(image.Digest, (await There.Repository("you/x").ResolveAsync("v2"))!.Digest);
    }

    [ToolFact(Tool.Registry)]
    public async Task A_blob_that_was_pushed_in_chunks_is_copied_to_another_registry()
    {
        using var second = DebianRegistry.Start();
        using var elsewhere = new RemoteRegistry(second.Host, Registry.Client.Samples.Quick);
        Image image = _folder.Add("x:v1", new string('e', 3_000_000));
        IRepository from = There.Repository("x");
        await new ImageTransfer().PushAsync(_folder.Store, image, from, "v1");
        TransferResult copied = await new ImageTransfer().CopyAsync(from, "v1", elsewhere.Repository("y"), "v1");
        Assert.Equal(image.Digest, (await elsewhere.Repository("y").ResolveAsync("v1"))!.Digest);
        Assert.Equal(2, copied.BlobsSent);

        // The push sends a dozen PATCHes, and the pull one GET for the layer.
        Assert.Single(_server!.Log.Split('\n'), l => l.Contains("\"GET\"", StringComparison.Ordinal) && l.Contains("response completed", StringComparison.Ordinal) && l.Contains($"blobs/{image.Program!.Digest}", StringComparison.Ordinal));
    }

    [ToolFact(Tool.Registry)]
    public async Task A_damaged_blob_of_the_store_is_reported_as_such()
    {
        foreach (int length in new[] { 1000, 1_000_000 })
        {
            Image image = _folder.Add("x:v1", new string('e', length));
            File.WriteAllText(_folder.Blob(image.Program!.Digest), new string('f', length));
            StoreException e = await Assert.ThrowsAsync<StoreException>(() => new ImageTransfer().PushAsync(_folder.Store, image, There.Repository("x"), "v1"));
            Assert.Equal(StoreFault.DigestMismatch, e.Fault);
            Assert.Null(await There.Repository("x").ResolveAsync("v1"));
        }
    }

    [ToolFact(Tool.Registry)]
    public async Task Signatures_travel_by_the_tags_of_a_registry_without_an_api_for_referrers()
    {
        MemoryRepository source = new("registry.example/me/x");
        Descriptor image = source.PutImage("v1", "elf");
        JsonObject tagged = source.Manifest("payload");
        source.PutManifest(tagged, image.Digest.ToString().Replace(':', '-') + ".sig");
        JsonObject referrer = source.Manifest();
        referrer["layers"]!.AsArray().Add(MemoryRepository.Json(source.Put("bundle"u8.ToArray(), "application/vnd.dev.sigstore.bundle.v0.3+json")));
        referrer["subject"] = MemoryRepository.Json(image);
        Descriptor bundle = source.PutManifest(referrer, null);

        IRepository there = There.Repository("me/x");
        await new ImageTransfer().CopyAsync(source, "v1", there, "v1");
        await new ImageTransfer().PullAsync(there, "v1", _folder.Store, ImageReference.Parse("x:v1"));
        MemoryRepository back = new("elsewhere.example/x");
        await new ImageTransfer().PushAsync(_folder.Store, _folder.Store.Find("x:v1")!, back, "v1");
        Assert.Equal(source.Manifests.Keys.Order(), back.Manifests.Keys.Order());
        Assert.Equal(source.Blobs.Keys.Order(), back.Blobs.Keys.Order());
        List<Descriptor> referrers = await Registry.Client.Samples.ListAsync(_folder.Store.Repository("x").ReferrersAsync(image.Digest));
        Assert.Equal(bundle.Digest, Assert.Single(referrers).Digest);
    }

    public void Dispose()
    {
        _registry?.Dispose();
        _server?.Dispose();
        _folder.Dispose();
    }
}
