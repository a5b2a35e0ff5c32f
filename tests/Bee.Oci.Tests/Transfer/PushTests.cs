using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Oci.Transfer;

namespace Bee.Oci.Tests.Transfer;

/// <summary>Pushes from a store, and copies between repositories.</summary>
public sealed class PushTests : IDisposable
{
    private readonly StoreFolder _folder = new();
    private readonly MemoryRepository _registry = new("registry.example/me/x");

    [Fact]
    public async Task A_push_is_complete_and_a_second_push_sends_no_blob()
    {
        Image image = _folder.Add("registry.example/me/x:v1", "elf");
        var progress = new TransferProgress();
        TransferResult result = await new ImageTransfer(new() { Progress = progress }).PushAsync(_folder.Store, image, _registry, "v1");

        Assert.Equal((image.Digest, 2, 0, 0), (result.Descriptor.Digest, result.BlobsSent, result.BlobsPresent, result.BlobsMounted));
        Assert.Equal((result.Bytes, result.Bytes, 2, 2), (progress.TotalBytes, progress.DoneBytes, progress.TotalBlobs, progress.DoneBlobs));
        Assert.Equal(image.Digest, _registry.Tags["v1"]);
        Assert.Equal(File.ReadAllBytes(_folder.Blob(image.Digest)), _registry.Manifests[image.Digest].Bytes);

        _registry.Log.Clear();
        TransferResult again = await new ImageTransfer().PushAsync(_folder.Store, image, _registry, "v1");
        Assert.Equal((0, 2, 0L), (again.BlobsSent, again.BlobsPresent, again.Bytes));
        Assert.Empty(_registry.Log);

        await new ImageTransfer().PushAsync(_folder.Store, image, _registry, "v2");
        Assert.Equal([$"manifest {image.Digest} v2"], _registry.Log);
    }

    [Fact]
    public async Task A_blob_that_the_registry_lost_is_sent_again()
    {
        Image image = _folder.Add("registry.example/me/x:v1", "elf");
        await new ImageTransfer().PushAsync(_folder.Store, image, _registry, "v1");
        _registry.Blobs.TryRemove(image.Program!.Digest, out _);
        Assert.Equal(1, (await new ImageTransfer().PushAsync(_folder.Store, image, _registry, "v1")).BlobsSent);
    }

    [Fact]
    public async Task The_manifests_of_an_index_are_pushed_before_it()
    {
        MemoryRepository source = new("registry.example/you/x");
        JsonObject[] entries = [.. new[] { "amd64", "arm64" }.Select(a =>
        {
            JsonObject entry = MemoryRepository.Json(source.PutImage(null, a));
            entry["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = a };
            return entry;
        })];
        Descriptor index = source.PutManifest(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray([.. entries]) }, "v1", MediaTypes.ImageIndex);
        TransferResult result = await new ImageTransfer().CopyAsync(source, "v1", _registry, "v1");
        Assert.Equal((index.Digest, 3, 3), (_registry.Tags["v1"], result.BlobsSent, _registry.Manifests.Count));

        MemoryRepository one = new("registry.example/me/one");
        await new ImageTransfer(new() { Platform = new Platform("linux", "arm64") }).CopyAsync(source, "v1", one, "v1");
        Assert.Equal((string)entries[1]["digest"]!, one.Tags["v1"]);
        Assert.Single(one.Manifests);
    }

    [Fact]
    public async Task Within_a_registry_blobs_are_taken_over_and_not_sent()
    {
        MemoryRepository source = new("registry.example/you/x");
        source.PutImage("v1", "elf", "more");
        _registry.Others["you/x"] = source;
        TransferResult result = await new ImageTransfer().CopyAsync(source, "v1", _registry, "v1");
        Assert.Equal((0, 3, 0L), (result.BlobsSent, result.BlobsMounted, result.Bytes));

        // Repositories of other registries are not queried.
        MemoryRepository other = new("elsewhere.example/me/x");
        Assert.Equal((3, 0), (await new ImageTransfer().CopyAsync(source, "v1", other, "v1")) is var r ? (r.BlobsSent, r.BlobsMounted) : default);
        Assert.DoesNotContain(other.Log, l => l.StartsWith("mount", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_the_store_has_of_another_repository_there_is_taken_over_too()
    {
        Image image = _folder.Add("registry.example/base/x:v1", "elf");
        MemoryRepository before = new("registry.example/base/x");
        await new ImageTransfer().PushAsync(_folder.Store, image, before, "v1");
        _registry.Others["base/x"] = before;
        Image mine = _folder.Store.Tag(image, ImageReference.Parse("registry.example/me/x:v1"));
        Assert.Equal(2, (await new ImageTransfer().PushAsync(_folder.Store, mine, _registry, "v1")).BlobsMounted);
    }

    [Fact]
    public async Task A_registry_that_does_not_mount_is_sent_the_blobs_and_not_asked_for_each()
    {
        MemoryRepository source = new("registry.example/you/x");
        source.PutImage("v1", [.. Enumerable.Range(0, 10).Select(i => $"layer {i}")]);
        TransferResult result = await new ImageTransfer(new() { Concurrency = 1 }).CopyAsync(source, "v1", _registry, "v1");
        Assert.Equal((11, 0), (result.BlobsSent, result.BlobsMounted));
        Assert.Single(_registry.Log, l => l.StartsWith("mount", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_damaged_blob_of_the_store_is_not_sent_as_if_it_were_right()
    {
        Image image = _folder.Add("registry.example/me/x:v1", "elf");
        File.WriteAllText(_folder.Blob(image.Program!.Digest), "fle");
        StoreException e = await Assert.ThrowsAsync<StoreException>(() => new ImageTransfer().PushAsync(_folder.Store, image, _registry, "v1"));
        Assert.Equal(StoreFault.DigestMismatch, e.Fault);
        Assert.Empty(_registry.Tags);

        File.Delete(_folder.Blob(image.Program!.Digest));
        e = await Assert.ThrowsAsync<StoreException>(() => new ImageTransfer().PushAsync(_folder.Store, image, _registry, "v1"));
        Assert.Equal(StoreFault.MissingBlob, e.Fault);
        Assert.Empty(_registry.Manifests);
    }

    [Fact]
    public async Task An_image_without_a_name_can_be_pushed()
    {
        _folder.Add("registry.example/me/x:v1", "elf");
        string digest = _folder.Store.Find("registry.example/me/x:v1")!.Digest;
        JsonNode index = JsonNode.Parse(File.ReadAllText(_folder.IndexPath))!;
        index["manifests"]![0]!.AsObject().Remove("annotations");
        File.WriteAllText(_folder.IndexPath, index.ToJsonString());
        await new ImageTransfer().PushAsync(_folder.Store, _folder.Store.Find(digest)!, _registry, "v1");
        Assert.Equal(digest, _registry.Tags["v1"]);
    }

    public void Dispose() => _folder.Dispose();
}
