using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Repositories;
using Bee.Oci.Store;
using Bee.Oci.Transfer;

namespace Bee.Oci.Tests.Transfer;

/// <summary>Signatures are transferred with their image, and removed with it.</summary>
public sealed class SignatureTravelTests : IDisposable
{
    private const string SimpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json";
    private const string Bundle = "application/vnd.dev.sigstore.bundle.v0.3+json";
    private static readonly ImageReference s_name = ImageReference.Parse("registry.example/me/x:v1");

    private readonly StoreFolder _folder = new();
    private readonly MemoryRepository _registry = new("registry.example/me/x");

    [Fact]
    public async Task They_come_with_the_image_and_are_not_listed()
    {
        Descriptor image = _registry.PutImage("v1", "elf");
        Descriptor tagged = PutTagged(_registry, image, "one");
        Descriptor referrer = PutReferrer(_registry, image, "two");
        await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name);

        Assert.Equal(s_name.ToString(), Assert.Single(_folder.Store.List()).Reference);
        Assert.Equal(s_name.ToString(), Assert.Single(_folder.Store.List("*")).Reference);
        IReadOnlyRepository stored = _folder.Store.Repository("registry.example/me/x");
        Assert.Equal(tagged.Digest, (await stored.ResolveAsync(Tag(image) + ".sig"))!.Digest);
        Assert.Equal([referrer.Digest], await Referrers(stored, image));
        Assert.Equal(_registry.Manifests[referrer.Digest].Bytes, (await stored.FetchManifestAsync(referrer.Digest)).Bytes);
        using var text = new StreamReader(await stored.FetchAsync(MemoryRepository.Describe("two"u8.ToArray(), Bundle)));
        Assert.Equal("two", await text.ReadToEndAsync());

        // A short digest selects only images, so the digests of signatures cannot make it ambiguous.
        Assert.Equal(StoreFault.NotFound, Assert.Throws<StoreException>(() => _folder.Store.Remove(tagged.Digest.ToString()[..20])).Fault);

        Image found = _folder.Store.Find("x:v1")!;
        MemoryRepository other = new("elsewhere.example/me/x");
        TransferResult result = await new ImageTransfer().PushAsync(_folder.Store, found, other, "v2");
        Assert.Equal(4, result.BlobsSent);
        Assert.Equal((image.Digest, tagged.Digest), (other.Tags["v2"], other.Tags[Tag(image) + ".sig"]));
        Assert.Equal([referrer.Digest], await Referrers(other, image));

        // The tag is pushed last, so that a client that sees it also finds the signatures.
        Assert.Equal($"manifest {image.Digest} v2", other.Log.Last());
        other.Log.Clear();
        await new ImageTransfer().PushAsync(_folder.Store, found, other, "v2");
        Assert.Empty(other.Log);
    }

    [Fact]
    public async Task Those_of_each_platform_come_along()
    {
        Descriptor child = _registry.PutImage(null, "elf");
        JsonObject entry = MemoryRepository.Json(child);
        Descriptor index = _registry.PutManifest(new JsonObject { ["manifests"] = new JsonArray(entry) }, "v1", MediaTypes.ImageIndex);
        PutTagged(_registry, index, "of the index");
        PutTagged(_registry, child, "of the platform");
        MemoryRepository other = new("elsewhere.example/me/x");
        await new ImageTransfer().CopyAsync(_registry, "v1", other, "v1");
        Assert.Equal(new[] { Tag(child) + ".sig", Tag(index) + ".sig", "v1" }.Order(), other.Tags.Keys.Order());
    }

    [Fact]
    public async Task No_referrer_is_copied_if_none_is_requested()
    {
        Descriptor image = _registry.PutImage("v1", "elf");
        PutTagged(_registry, image, "one");
        await new ImageTransfer(new() { Signatures = false }).PullAsync(_registry, "v1", _folder.Store, s_name);
        Assert.Null(await _folder.Store.Repository("registry.example/me/x").ResolveAsync(Tag(image) + ".sig"));
    }

    [Fact]
    public async Task Neither_side_loses_signatures_that_the_other_does_not_have()
    {
        Descriptor image = _registry.PutImage("v1", "elf");
        PutTagged(_registry, image, "first");
        PutReferrer(_registry, image, "first bundle");
        await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name);

        MemoryRepository other = new(_registry.Name);
        other.PutImage("v1", "elf");
        PutTagged(other, image, "second");
        PutReferrer(other, image, "second bundle");
        await new ImageTransfer().PullAsync(other, "v1", _folder.Store, s_name);
        await new ImageTransfer().PushAsync(_folder.Store, _folder.Store.Find("x:v1")!, _registry, "v1");

        IReadOnlyRepository stored = _folder.Store.Repository(_registry.Name);
        foreach (IReadOnlyRepository repository in new[] { stored, _registry })
        {
            JsonNode signatures = JsonNode.Parse((await repository.FetchManifestAsync(Tag(image) + ".sig")).Bytes)!;
            Assert.Equal(["first", "second"], signatures["layers"]!.AsArray().Select(l => (string)l!["annotations"]!["dev.cosignproject.cosign/signature"]!).Order());
            Assert.Equal(2, (await Referrers(repository, image)).Count);
        }

        // Two signatures of one payload are one blob and two layers.
        PutTagged(_registry, image, "first", "third");
        await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name);
        JsonNode three = JsonNode.Parse((await stored.FetchManifestAsync(Tag(image) + ".sig")).Bytes)!;
        Assert.Equal(["first", "second", "third"], three["layers"]!.AsArray().Select(l => (string)l!["annotations"]!["dev.cosignproject.cosign/signature"]!).Order());
    }

    [Fact]
    public async Task A_further_name_has_them_too_and_the_last_name_of_a_repository_takes_them_away()
    {
        Descriptor image = _registry.PutImage("v1", "elf");
        PutTagged(_registry, image, "one");
        PutReferrer(_registry, image, "two");
        await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name);
        Image pulled = _folder.Store.Find("x:v1")!;
        _folder.Store.Tag(pulled, ImageReference.Parse("mine:v1"));
        _folder.Store.Tag(pulled, ImageReference.Parse("registry.example/me/x:v2"));
        Assert.NotNull(await _folder.Store.Repository("mine").ResolveAsync(Tag(image) + ".sig"));

        using var second = new StoreFolder();
        second.Store.Tag(pulled, ImageReference.Parse("copy:v1"));
        Assert.Single(await Referrers(second.Store.Repository("copy"), image));
        Assert.Equal(_folder.Blobs().Select(Path.GetFileName).Order(), second.Blobs().Select(Path.GetFileName).Order());
        Assert.Equal(["copy:v1"], second.Store.Remove("copy:v1").References);
        Assert.Empty(second.Blobs());

        IReadOnlyRepository repository = _folder.Store.Repository("registry.example/me/x");
        _folder.Store.Remove("registry.example/me/x:v1");
        Assert.Single(await Referrers(repository, image));
        _folder.Store.Remove("registry.example/me/x:v2");
        Assert.Empty(await Referrers(repository, image));
        Assert.Null(await repository.ResolveAsync(Tag(image) + ".sig"));
        Assert.Single(await Referrers(_folder.Store.Repository("mine"), image));
        Assert.Equal(["mine:v1"], _folder.Store.Remove("mine:v1").References);
        Assert.Empty(_folder.Blobs());
    }

    [Fact]
    public async Task Referrers_of_an_image_whose_name_moved_are_removed_with_the_next_removal()
    {
        Descriptor image = _registry.PutImage("v1", "old");
        PutTagged(_registry, image, "one");
        await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name);
        _registry.PutImage("v1", "new");
        await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name);
        _folder.Store.Remove(s_name.ToString());
        Assert.Null(await _folder.Store.Repository(_registry.Name).ResolveAsync(Tag(image) + ".sig"));

        // Recent blobs without an owner stay: another tool may have written them, and not listed them in its index yet.
        Assert.Equal(new[] { image.Digest, Digest.Of("old"u8).ToString() }.Select(_folder.Blob).Order(), _folder.Blobs().Order());
    }

    [Fact]
    public async Task A_referrer_too_large_for_their_index_stays_behind_alone()
    {
        var notes = new List<RegistryNote>();
        Descriptor image = _registry.PutImage("v1", "elf");
        for (int i = 0; i < 2; i++)
        {
            JsonObject manifest = _registry.Manifest();
            manifest["layers"]!.AsArray().Add(MemoryRepository.Json(_registry.Put([(byte)i], Bundle)));
            manifest["subject"] = MemoryRepository.Json(image);
            manifest["annotations"] = new JsonObject { ["long"] = new string('x', 3 << 20) };
            _registry.PutManifest(manifest, null);
        }

        Descriptor good = PutReferrer(_registry, image, "good");
        await new ImageTransfer(new() { Note = notes.Add }).PullAsync(_registry, "v1", _folder.Store, s_name);
        Assert.Equal([good.Digest], await Referrers(_folder.Store.Repository("registry.example/me/x"), image));
        Assert.Equal(2, notes.Count(note => note.IsWarning && note.Text.Contains("the limit", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task No_more_of_them_come_along_than_memory_should_hold()
    {
        var notes = new ConcurrentQueue<RegistryNote>();
        JsonArray entries = [];
        for (int i = 0; i < 5; i++)
        {
            Descriptor child = _registry.PutImage(null, $"elf {i}");
            JsonObject manifest = _registry.Manifest();
            manifest["layers"]!.AsArray().Add(MemoryRepository.Json(_registry.Put([(byte)i], SimpleSigning)));
            manifest["annotations"] = new JsonObject { ["long"] = new string('x', (4 << 20) - 4096) };
            _registry.PutManifest(manifest, Tag(child) + ".sig");
            entries.Add(MemoryRepository.Json(child));
        }

        _registry.PutManifest(new JsonObject { ["manifests"] = entries }, "v1", MediaTypes.ImageIndex);
        await new ImageTransfer(new() { Note = notes.Enqueue }).PullAsync(_registry, "v1", _folder.Store, s_name);
        Assert.Single(_folder.Store.List());
        Assert.Contains("referrers of more than", Assert.Single(notes).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_others_hang_onto_an_image_does_not_keep_it_from_its_user()
    {
        var notes = new List<RegistryNote>();
        var transfer = new ImageTransfer(new() { Note = notes.Add });
        Descriptor image = _registry.PutImage("v1", "elf");
        JsonObject large = _registry.Manifest();
        large["layers"]!.AsArray().Add(new JsonObject { ["mediaType"] = SimpleSigning, ["digest"] = "sha256:" + new string('0', 64), ["size"] = long.MaxValue });
        _registry.PutManifest(large, Tag(image) + ".sig");
        JsonObject sbom = _registry.Manifest("a large bill of materials");
        sbom["subject"] = MemoryRepository.Json(image);
        _registry.PutManifest(sbom, null);
        await transfer.PullAsync(_registry, "v1", _folder.Store, s_name);
        Assert.Single(_folder.Store.List());
        Assert.True(Assert.Single(notes).IsWarning);
        Assert.Equal(3, _folder.Blobs().Length);

        // A registry that does not list referrers is not an error. A registry that fails is.
        _registry.BeforeReferrers = () => throw new RegistryException(RegistryFault.Denied, "denied");
        await transfer.PullAsync(_registry, "v1", _folder.Store, s_name);
        _registry.BeforeReferrers = () => throw new RegistryException(RegistryFault.ServerError, "500");
        Assert.Equal(RegistryFault.ServerError, (await Assert.ThrowsAsync<RegistryException>(() => transfer.PullAsync(_registry, "v1", _folder.Store, s_name))).Fault);
    }

    [Fact]
    public async Task Other_referrers_are_copied_on_request()
    {
        var notes = new List<RegistryNote>();
        Descriptor image = _registry.PutImage("v1", "elf");
        JsonObject bill = _registry.Manifest("a bill of materials");
        bill["subject"] = MemoryRepository.Json(image);
        bill["layers"]!.AsArray().Add(MemoryRepository.Json(_registry.Put(new byte[5 << 20], "application/spdx+json")));
        Descriptor put = _registry.PutManifest(bill, null);
        _registry.PutManifest(new JsonObject { ["manifests"] = new JsonArray(MemoryRepository.Json(put)), ["subject"] = MemoryRepository.Json(image) }, null, MediaTypes.ImageIndex);
        Descriptor attestation = _registry.PutManifest(_registry.Manifest("an attestation"), Tag(image) + ".att");
        await new ImageTransfer(new() { Note = notes.Add }).PullAsync(_registry, "v1", _folder.Store, s_name);
        IReadOnlyRepository stored = _folder.Store.Repository(_registry.Name);
        Assert.Empty(await Referrers(stored, image));
        Assert.Null(await stored.ResolveAsync(Tag(image) + ".att"));
        Assert.Empty(notes);

        await new ImageTransfer(new() { Note = notes.Add, Referrers = true }).PullAsync(_registry, "v1", _folder.Store, s_name);
        Assert.Equal([put.Digest], await Referrers(stored, image));
        Assert.Equal(attestation.Digest, (await stored.ResolveAsync(Tag(image) + ".att"))!.Digest);
        Assert.Equal(s_name.ToString(), Assert.Single(_folder.Store.List()).Reference);
        Assert.Contains("is an index", Assert.Single(notes).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_referrer_of_another_image_is_not_believed()
    {
        // Any client that can push can write the index of referrers. The manifest's own fields are covered by its digest.
        Descriptor image = _registry.PutImage("v1", "elf");
        Descriptor other = _registry.PutImage("v2", "other");
        Descriptor referrer = PutReferrer(_registry, other, "bundle");
        var lying = new LyingReferrers(_registry, referrer);
        await new ImageTransfer().PullAsync(lying, "v1", _folder.Store, s_name);
        Assert.Empty(await Referrers(_folder.Store.Repository(_registry.Name), image));
        Assert.False(File.Exists(_folder.Blob(referrer.Digest)));
    }

    public void Dispose() => _folder.Dispose();

    private static string Tag(Descriptor image) => image.Digest.ToString().Replace(':', '-');

    private static async Task<List<string>> Referrers(IReadOnlyRepository repository, Descriptor image)
    {
        var digests = new List<string>();
        await foreach (Descriptor referrer in repository.ReferrersAsync(image.Digest))
        {
            digests.Add(referrer.Digest);
        }

        return digests;
    }

    private static Descriptor PutTagged(MemoryRepository repository, Descriptor image, params string[] signatures)
    {
        JsonObject manifest = repository.Manifest();
        foreach (string signature in signatures)
        {
            JsonObject layer = MemoryRepository.Json(repository.Put("payload"u8.ToArray(), SimpleSigning));
            layer["annotations"] = new JsonObject { ["dev.cosignproject.cosign/signature"] = signature };
            manifest["layers"]!.AsArray().Add(layer);
        }

        return repository.PutManifest(manifest, Tag(image) + ".sig");
    }

    private static Descriptor PutReferrer(MemoryRepository repository, Descriptor image, string bundle)
    {
        JsonObject manifest = repository.Manifest();
        manifest["layers"]!.AsArray().Add(MemoryRepository.Json(repository.Put(Encoding.UTF8.GetBytes(bundle), Bundle)));
        manifest["subject"] = MemoryRepository.Json(image);
        return repository.PutManifest(manifest, null);
    }

    private sealed class LyingReferrers(IReadOnlyRepository inner, Descriptor referrer) : IReadOnlyRepository
    {
        public string Name => inner.Name;

        public Task<Descriptor?> ResolveAsync(string reference, CancellationToken cancellationToken = default) => inner.ResolveAsync(reference, cancellationToken);

        public Task<Content> FetchManifestAsync(string reference, CancellationToken cancellationToken = default) => inner.FetchManifestAsync(reference, cancellationToken);

        public Task<Stream> FetchAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => inner.FetchAsync(descriptor, cancellationToken);

        public Task<bool> ExistsAsync(Descriptor descriptor, CancellationToken cancellationToken = default) => inner.ExistsAsync(descriptor, cancellationToken);

        public async IAsyncEnumerable<Descriptor> ReferrersAsync(Digest digest, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield return referrer;
        }
    }
}
