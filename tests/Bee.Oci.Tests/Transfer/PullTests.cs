using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Transfer;

namespace Bee.Oci.Tests.Transfer;

public sealed class PullTests : IDisposable
{
    private static readonly ImageReference s_name = ImageReference.Parse("registry.example/me/x:v1");

    private readonly StoreFolder _folder = new();
    private readonly MemoryRepository _registry = new("registry.example/me/x");

    [Fact]
    public async Task A_pull_is_complete_and_a_second_pull_transfers_nothing()
    {
        Descriptor image = _registry.PutImage("v1", "elf", "more");
        var progress = new TransferProgress();
        TransferResult result = await new ImageTransfer(new() { Progress = progress }).PullAsync(_registry, "v1", _folder.Store, s_name);

        Assert.Equal((image.Digest, 3, 0, 0, 9L), (result.Descriptor.Digest, result.BlobsSent, result.BlobsPresent, result.BlobsMounted, result.Bytes));
        Assert.Equal((9L, 9L, 3, 3), (progress.TotalBytes, progress.DoneBytes, progress.TotalBlobs, progress.DoneBlobs));
        Image stored = Assert.Single(_folder.Store.List());
        Assert.Equal((s_name.ToString(), image.Digest, (string?)null), (stored.Reference, stored.Digest, stored.Problem));
        Assert.Equal((stored.Reference, stored.Digest, stored.Created), (result.Image!.Reference, result.Image.Digest, result.Image.Created));
        Assert.All(_folder.Store.Verify(stored), c => Assert.Null(c.Fault));
        Assert.Equal(_registry.Manifests[image.Digest].Bytes, File.ReadAllBytes(_folder.Blob(image.Digest)));

        _registry.Log.Clear();
        TransferResult again = await new ImageTransfer().PullAsync(_registry, image.Digest, _folder.Store, s_name);
        Assert.Equal((0, 3, 0L), (again.BlobsSent, again.BlobsPresent, again.Bytes));
        Assert.Empty(_registry.Log);
    }

    [Fact]
    public async Task No_more_than_four_blobs_come_at_once_and_four_do()
    {
        _registry.PutImage("v1", [.. Enumerable.Range(0, 20).Select(i => $"layer {i}")]);
        using var four = new CountdownEvent(4);
        _registry.BeforeFetch = async _ =>
        {
            // The first four wait for each other, which ends only if they run concurrently.
            if (!four.IsSet)
            {
                four.Signal();
                await Task.Run(() => Assert.True(four.Wait(Wait.Limit)));
            }
        };
        await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name);
        Assert.Equal(4, _registry.MostAtWork);
    }

    [Fact]
    public async Task A_wrong_blob_and_its_image_are_not_stored()
    {
        Descriptor image = _registry.PutImage("v1", "right", "wrong");
        string wrong = Digest.Of("wrong"u8).ToString();
        var transfer = new ImageTransfer(new() { Concurrency = 1 });
        foreach (string content in new[] { "Wrong", "wron", "wronger", "" })
        {
            _registry.Blobs[wrong] = Encoding.UTF8.GetBytes(content);
            RegistryException e = await Assert.ThrowsAsync<RegistryException>(() => transfer.PullAsync(_registry, "v1", _folder.Store, s_name));
            Assert.Equal(RegistryFault.DigestMismatch, e.Fault);
            Assert.Contains(wrong, e.Message, StringComparison.Ordinal);
            Assert.Empty(_folder.Store.List());
            Assert.False(File.Exists(_folder.Blob(wrong)));
            Assert.Equal(["lock"], Directory.GetFileSystemEntries(Path.Combine(_folder.Path, ".bee")).Select(Path.GetFileName));
        }

        _registry.Blobs[wrong] = "wrong"u8.ToArray();
        TransferResult result = await transfer.PullAsync(_registry, "v1", _folder.Store, s_name);
        Assert.Equal(image.Digest, Assert.Single(_folder.Store.List()).Digest);
        Assert.True(result.BlobsPresent > 0, "what was whole was used again");
    }

    [Fact]
    public async Task Damage_in_the_store_is_mended_by_pulling_again()
    {
        _registry.PutImage("v1", "elf");
        await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name);
        string blob = _folder.Blob(Digest.Of("elf"u8).ToString());
        File.WriteAllText(blob, "fle");

        Assert.Equal(1, (await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name)).BlobsSent);
        Assert.Equal("elf", File.ReadAllText(blob));
    }

    [Fact]
    public async Task A_rejected_image_is_neither_pulled_nor_named()
    {
        Descriptor image = _registry.PutImage("v1", "elf");
        var told = new List<string>();
        var transfer = new ImageTransfer(new()
        {
            BeforeCommit = (descriptor, repository, _) =>
            {
                told.Add($"{repository.Name} {descriptor.Digest}");
                throw new InvalidOperationException("not signed");
            },
        });
        await Assert.ThrowsAsync<InvalidOperationException>(() => transfer.PullAsync(_registry, "v1", _folder.Store, s_name));
        Assert.Equal([$"registry.example/me/x {image.Digest}"], told);
        Assert.Empty(_folder.Store.List());
        Assert.Empty(_registry.Log);
    }

    [Fact]
    public async Task A_tag_that_moves_meanwhile_does_not_mix_two_images()
    {
        Descriptor old = _registry.PutImage("v1", "old 1", "old 2");
        _registry.BeforeFetch = _ =>
        {
            _registry.PutImage("v1", "new 1", "new 2");
            return Task.CompletedTask;
        };
        await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name);
        Image stored = _folder.Store.Find(s_name.ToString())!;
        Assert.Equal(old.Digest, stored.Digest);
        Assert.All(_folder.Store.Verify(stored), c => Assert.Null(c.Fault));
    }

    [Fact]
    public async Task Blobs_that_another_process_removes_are_pulled_again()
    {
        _registry.PutImage("v1", "shared", "own");
        _folder.Add("other:v1", "shared");
        string own = Digest.Of("own"u8).ToString();
        _registry.BeforeFetch = blob =>
        {
            // The pull has found the shared blob in the store, or is checking for it. It must exist at the end in both cases.
            if (blob.Digest == own && _folder.Store.Find("other:v1") is not null)
            {
                _folder.Store.Remove("other:v1");
            }

            return Task.CompletedTask;
        };
        await new ImageTransfer(new() { Concurrency = 1 }).PullAsync(_registry, "v1", _folder.Store, s_name);
        Image stored = Assert.Single(_folder.Store.List());
        Assert.All(_folder.Store.Verify(stored), c => Assert.Null(c.Fault));
    }

    [Fact]
    public async Task A_digest_in_the_name_has_to_be_the_images()
    {
        Descriptor image = _registry.PutImage("v1", "elf");
        StoreException e = await Assert.ThrowsAsync<StoreException>(() => new ImageTransfer().PullAsync(
            _registry, "v1", _folder.Store, ImageReference.Parse("registry.example/me/x@sha256:" + new string('0', 64))));
        Assert.Equal(StoreFault.BadReference, e.Fault);

        await new ImageTransfer().PullAsync(_registry, image.Digest, _folder.Store, ImageReference.Parse("registry.example/me/x@" + image.Digest));
        Assert.Equal("registry.example/me/x@" + image.Digest, Assert.Single(_folder.Store.List()).Reference);
    }

    [Fact]
    public async Task Ending_it_leaves_nothing_named()
    {
        _registry.PutImage("v1", "a", "b", "c");
        using var end = new CancellationTokenSource();
        _registry.BeforeFetch = _ => end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name, end.Token));
        Assert.Empty(_folder.Store.List());
        Assert.Equal(["lock"], Directory.GetFileSystemEntries(Path.Combine(_folder.Path, ".bee")).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("""{"layers":[{"mediaType":"a","digest":"sha256:12","size":1}]}""", RegistryFault.BadAnswer)]
    [InlineData("""{"layers":[{"mediaType":"a","digest":"sha512:00","size":1}]}""", RegistryFault.BadAnswer)]
    [InlineData("""{"layers":[null]}""", RegistryFault.BadAnswer)]
    [InlineData("""{"layers":[],"manifests":[]}""", RegistryFault.BadAnswer)]
    [InlineData("""{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}""", RegistryFault.BadAnswer)]
    [InlineData("""[]""", RegistryFault.BadAnswer)]
    public async Task An_invalid_manifest_is_a_fault_of_the_registry(string manifest, RegistryFault fault)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(manifest);
        Descriptor descriptor = MemoryRepository.Describe(bytes, MediaTypes.ImageManifest);
        _registry.Manifests[descriptor.Digest] = new Content(descriptor, bytes);
        RegistryException e = await Assert.ThrowsAsync<RegistryException>(() => new ImageTransfer().PullAsync(_registry, descriptor.Digest, _folder.Store, s_name));
        Assert.Equal(fault, e.Fault);
        Assert.Empty(_folder.Store.List());
    }

    [Fact]
    public async Task An_image_with_more_manifests_than_memory_should_hold_is_refused_before_they_come()
    {
        JsonArray manifests = [.. Enumerable.Range(0, 17).Select(i => MemoryRepository.Json(new Descriptor(MediaTypes.ImageManifest, Digest.Of([(byte)i]), 4 << 20)))];
        _registry.PutManifest(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = manifests }, "v1", MediaTypes.ImageIndex);
        RegistryException e = await Assert.ThrowsAsync<RegistryException>(() => new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name));
        Assert.Equal(RegistryFault.TooLarge, e.Fault);
    }

    [Fact]
    public async Task Docker_schema_1_is_refused_by_its_name()
    {
        Descriptor old = _registry.PutManifest(new JsonObject { ["schemaVersion"] = 1 }, "v1", "application/vnd.docker.distribution.manifest.v1+prettyjws");
        RegistryException e = await Assert.ThrowsAsync<RegistryException>(() => new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name));
        Assert.Equal(RegistryFault.BadAnswer, e.Fault);
        Assert.Contains(old.MediaType, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_absurd_size_is_refused_before_the_disk_is_full()
    {
        JsonObject manifest = _registry.Manifest("elf");
        manifest["layers"]![0]!["size"] = long.MaxValue;
        _registry.PutManifest(manifest, "v1");
        StoreException e = await Assert.ThrowsAsync<StoreException>(() => new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name));
        Assert.Equal(StoreFault.Io, e.Fault);
        Assert.Contains("free", e.Message, StringComparison.Ordinal);
        Assert.Empty(_registry.Log);
    }

    [Fact]
    public async Task A_layer_larger_than_a_program_may_be_streams_through()
    {
        // 70 MiB, of which no stream holds more than a buffer.
        const int Length = 70 << 20;
        byte[] content = new byte[Length];
        new Random(1).NextBytes(content);
        Descriptor layer = _registry.Put(content, "application/vnd.oci.image.layer.v1.tar+gzip");
        JsonObject manifest = _registry.Manifest();
        manifest["layers"]!.AsArray().Add(MemoryRepository.Json(layer));
        Descriptor image = _registry.PutManifest(manifest, "v1");
        await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name);
        Image stored = _folder.Store.Find(image.Digest)!;
        Assert.All(_folder.Store.Verify(stored), c => Assert.Null(c.Fault));

        using var second = new StoreFolder();
        Assert.Null(second.Store.Tag(stored, ImageReference.Parse("copy:v1")).Problem);
        Assert.Equal(Length, new FileInfo(second.Blob(layer.Digest)).Length);
    }

    public void Dispose() => _folder.Dispose();
}
