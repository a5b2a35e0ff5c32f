using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Bee.Foreign;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Store;
using Bee.Oci.Transfer;

namespace Bee.Oci.Tests.Store;

/// <summary>Exports images to archives and imports them.</summary>
public sealed class ImageLayoutTests : IDisposable
{
    private readonly StoreFolder _folder = new();
    private readonly StoreFolder _other = new();

    private string Archive => Path.Combine(_folder.Root, "images.tar");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_exported_image_is_imported_unchanged(bool compressed)
    {
        _folder.Add("ghcr.io/me/one:v1", "first");
        _folder.Add("two:v2", "second");
        Export(_folder, compressed);

        Assert.Equal(["ghcr.io/me/one:v1", "two:v2"], await Import());
        foreach (Image image in _folder.Store.List())
        {
            Image back = _other.Store.Find(image.Reference)!;
            Assert.Equal((image.Digest, (string?)null), (back.Digest, back.Problem));
            Assert.Equal(_folder.Store.ReadProgram(image), _other.Store.ReadProgram(back));
        }
    }

    [Fact]
    public async Task Images_of_one_transfer_are_named_in_one_change_of_the_index()
    {
        for (int i = 0; i < 150; i++)
        {
            _folder.Add($"ghcr.io/me/tool:v{i}", $"program {i % 3}");
        }

        Export(_folder, compressed: false);
        _other.Add("here:v1", "program");
        using var layout = ImageLayout.Open(Archive);
        PullRequest[] requests = [.. layout.Images.Select(image => new PullRequest(layout.Repository(image.Name!.Name), image.Descriptor.Digest, image.Name))];
        requests[7] = requests[7] with { Reference = Digest.Of("nothing"u8) };
        int replaced = 0;
        using var seen = new ManualResetEventSlim();
        using (var watcher = new FileSystemWatcher(_other.Store.Path) { NotifyFilter = NotifyFilters.FileName })
        {
            // inotify reports a rename from another folder as a creation, and keeps the order.
            watcher.Created += (_, change) => _ = change.Name == "index.json" ? Interlocked.Increment(ref replaced) : 0;
            watcher.Created += (_, change) =>
            {
                if (change.Name == "end")
                {
                    seen.Set();
                }
            };
            watcher.EnableRaisingEvents = true;
            IReadOnlyList<PullOutcome> outcomes = await new ImageTransfer().PullAsync(requests, _other.Store);
            await File.WriteAllTextAsync(Path.Combine(_other.Store.Path, "end"), "");
            Assert.True(seen.Wait(Wait.Limit));

            Assert.Equal(StoreFault.NotFound, Assert.IsType<StoreException>(Assert.Single(outcomes, outcome => outcome.Result is null).Fault).Fault);
            Assert.All(outcomes.Where(outcome => outcome.Result is not null), outcome =>
            {
                Assert.Equal((outcome.Request.Name.ToString(), outcome.Request.Reference, null), (outcome.Result!.Image!.Reference, outcome.Result.Image.Digest, outcome.Result.Image.Problem));
            });
        }

        Assert.Equal(1, replaced);
        Assert.Equal(150, _other.Store.List().Count);
    }

    [Theory]
    [InlineData(MediaTypes.ImageManifest)]
    [InlineData(MediaTypes.ImageIndex)]
    public void A_manifest_that_the_index_names_without_end_is_read_a_few_times(string mediaType)
    {
        var blobs = new CountedBlobs();
        JsonArray entries = [.. Enumerable.Range(0, 1000).Select(_ => new JsonObject { ["mediaType"] = mediaType, ["digest"] = Digest.Of(CountedBlobs.Content).ToString(), ["size"] = CountedBlobs.Content.Length })];
        var content = new LayoutContent(blobs, StoreIndex.Parse(StoreFolder.Bytes(new JsonObject { ["manifests"] = entries })));
        Assert.Single(content.Images());
        Assert.Empty(content.Referrers(Digest.Of("x"u8)));
        Assert.InRange(blobs.Reads, 1, 3);
    }

    private sealed class CountedBlobs : IBlobs
    {
        public static readonly byte[] Content = "{}"u8.ToArray();

        public int Reads { get; private set; }

        public byte[] ReadBlob(Descriptor descriptor, int limit)
        {
            Reads++;
            return Content;
        }

        public Stream OpenBlob(Descriptor descriptor) => throw new NotSupportedException();

        public bool HasBlob(Digest digest) => throw new NotSupportedException();

        public byte[]? ReadManifestBytes(Digest digest) => throw new NotSupportedException();
    }

    [Fact]
    public async Task Every_platform_of_an_image_is_exported()
    {
        new ForeignLayout(_folder.Path).AddGadget("x:v1", [(Platform.Host.Architecture, "mine"u8.ToArray()), ("mips", "other"u8.ToArray())]);
        Export(_folder);
        await Import();

        Assert.Equal(_folder.Blobs().Select(Path.GetFileName).Order(), _other.Blobs().Select(Path.GetFileName).Order());
        Assert.Equal(2, _other.Store.Find("x:v1")!.Platforms.Count);
    }

    [Fact]
    public async Task Signatures_are_exported_and_not_listed_as_images()
    {
        Image image = _folder.Add("ghcr.io/me/one:v1");
        string tag = "sha256-" + image.Digest["sha256:".Length..];
        Sign(image, $"ghcr.io/me/one:{tag}.sig");
        Export(_folder);

        Assert.Equal(["ghcr.io/me/one:v1"], await Import());
        Assert.NotNull(await _other.Store.Repository("ghcr.io/me/one").ResolveAsync($"{tag}.sig"));
        using var layout = ImageLayout.Open(Archive);
        Assert.Single(layout.Images);
    }

    [Fact]
    public void The_same_images_give_the_same_bytes()
    {
        _folder.Add("b:v1", "second");
        _folder.Add("a:v1", "first");
        Export(_folder);
        byte[] first = File.ReadAllBytes(Archive);

        // Another store, in another order, at another time.
        _other.Add("a:v1", "first");
        _other.Add("b:v1", "second");
        Export(_other, reverse: true);
        Assert.Equal(first, File.ReadAllBytes(Archive));
    }

    [Fact]
    public void The_archive_is_one_for_any_reader()
    {
        _folder.Add("a:v1", "first");
        Export(_folder);
        using var reader = new TarReader(File.OpenRead(Archive));
        List<string> names = [];
        while (reader.GetNextEntry() is { } entry)
        {
            Assert.Equal((TarEntryType.RegularFile, DateTimeOffset.UnixEpoch, 0), (entry.EntryType, entry.ModificationTime, entry.Uid));
            names.Add(entry.Name);
            Assert.True(entry.Length == 0 || entry.DataStream!.ReadByte() >= 0);
        }

        Assert.Equal(["oci-layout", "index.json", .. _folder.Blobs().Order().Select(blob => $"blobs/sha256/{Path.GetFileName(blob)}")], names);
    }

    [Fact]
    public void A_damaged_image_is_not_exported()
    {
        Image image = _folder.Add("a:v1", "first");
        File.WriteAllText(_folder.Blob(image.Program!.Digest), "fisrt");
        StoreException e = Assert.Throws<StoreException>(() => Export(_folder));
        Assert.Equal(StoreFault.DigestMismatch, e.Fault);
    }

    [Theory]
    [InlineData("x.tar", null, null, null, null)]
    [InlineData("x.tar", "v1", null, null, "v1")]
    [InlineData("x.tar", "me/x:v1", null, "me/x:v1", null)]
    [InlineData("x.tar", "latest", "docker.io/library/x:latest", "docker.io/library/x:latest", null)]
    [InlineData("x.tar", "not a name!", null, null, null)]
    public void Names_are_read_as_tools_write_them(string file, string? reference, string? containerd, string? name, string? tag)
    {
        var annotations = new JsonObject();
        if (reference is not null)
        {
            annotations["org.opencontainers.image.ref.name"] = reference;
        }

        if (containerd is not null)
        {
            annotations["io.containerd.image.name"] = containerd;
        }

        string path = Path.Combine(_folder.Root, file);
        File.WriteAllBytes(path, Layout([new JsonObject { ["mediaType"] = MediaTypes.ImageManifest, ["digest"] = $"sha256:{new string('a', 64)}", ["size"] = 1, ["annotations"] = annotations }]));
        using var layout = ImageLayout.Open(path);
        LayoutImage image = Assert.Single(layout.Images);
        Assert.Equal((name, tag), (image.Name?.ToString(), image.Tag));
    }

    [Fact]
    public async Task Referrers_are_not_listed_as_images()
    {
        // As ORAS lists them: the index contains each manifest of an index, and the referrers, beside the image.
        var layout = new ForeignLayout(_folder.Path);
        JsonObject index = layout.AddGadget("v1", [("amd64", "a"u8.ToArray()), ("arm64", "b"u8.ToArray())]);
        JsonObject document = JsonNode.Parse(File.ReadAllBytes(_folder.Blob((string)index["digest"]!)))!.AsObject();
        JsonObject referrer = layout.Blob(
            StoreFolder.Bytes(new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = MediaTypes.ImageManifest,
                ["artifactType"] = "application/vnd.dev.sigstore.bundle.v0.3+json",
                ["config"] = layout.Blob("{}"u8.ToArray(), "application/vnd.oci.empty.v1+json"),
                ["layers"] = new JsonArray(layout.Blob("{\"a\":1}"u8.ToArray(), "application/vnd.dev.sigstore.bundle.v0.3+json")),
                ["subject"] = index.DeepClone(),
            }),
            MediaTypes.ImageManifest);
        JsonObject root = JsonNode.Parse(File.ReadAllText(_folder.IndexPath))!.AsObject();
        root["manifests"]!.AsArray().Add(document["manifests"]![0]!.DeepClone());
        root["manifests"]!.AsArray().Add(referrer.DeepClone());
        File.WriteAllText(_folder.IndexPath, root.ToJsonString());

        using var opened = ImageLayout.Open(_folder.Path);
        LayoutImage image = Assert.Single(opened.Images);
        Assert.Equal("v1", image.Tag);
        await new ImageTransfer().PullAsync(opened.Repository("x"), image.Descriptor.Digest, _other.Store, ImageReference.Parse("ghcr.io/me/x:v1"));
        Assert.Equal([(string)referrer["digest"]!], await Referrers(_other, "ghcr.io/me/x", image.Descriptor.Digest));
    }

    [Fact]
    public void Other_files_are_recognized()
    {
        Refuse(StoreFault.NotAStore, "docker-archive:FILE", Tar.Of(("manifest.json", "[]"u8.ToArray()), ("repositories", "{}"u8.ToArray())));
        Refuse(StoreFault.NotAStore, "not an image layout", Tar.Of(("README", "text"u8.ToArray())));
        Refuse(StoreFault.NotAStore, "version '2.0.0'", Tar.Of(("oci-layout", """{"imageLayoutVersion":"2.0.0"}"""u8.ToArray()), ("index.json", "{}"u8.ToArray())));
        Refuse(StoreFault.BadArchive, "zstd -d", [0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]);
        Refuse(StoreFault.BadArchive, "xz -d", [0xfd, .. "7zXZ"u8, 0, 0, 0]);
        Refuse(StoreFault.BadArchive, "checksum", Encoding.UTF8.GetBytes(new string('x', 2000)));
        Refuse(StoreFault.BadArchive, "not a tar archive", [.. "short"u8]);
        Refuse(StoreFault.BadArchive, "compression is damaged", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff]);
        Refuse(StoreFault.BadArchive, "cut off", Tar.Of(("index.json", new byte[5000]))[..3000]);
        Refuse(StoreFault.BadArchive, "symbolic link", Tar.Join(Tar.Entry("blobs", '2', link: "/etc")));
        Refuse(StoreFault.DamagedIndex, "index.json", Tar.Of(("oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray()), ("index.json", "{"u8.ToArray())));
        Assert.Equal(StoreFault.NotAStore, Assert.Throws<StoreException>(() => ImageLayout.Open(_folder.Root)).Fault);
    }

    [Fact]
    public void A_bomb_does_not_fill_the_disk()
    {
        byte[] bomb = Bomb(120 << 20);
        Assert.True(bomb.Length < 1 << 20);
        Refuse(StoreFault.TooLarge, "unpacked", bomb);
    }

    [Fact]
    public async Task Damaged_content_is_not_named()
    {
        _folder.Add("a:v1", "first");
        Export(_folder);
        byte[] archive = File.ReadAllBytes(Archive);
        int at = archive.AsSpan().IndexOf("first"u8);
        archive[at] ^= 1;
        File.WriteAllBytes(Archive, archive);

        RegistryException e = await Assert.ThrowsAsync<RegistryException>(Import);
        Assert.Equal(StoreFault.DigestMismatch, Assert.IsType<StoreException>(e.InnerException).Fault);
        Assert.Empty(_other.Store.List());
    }

    [Fact]
    public async Task A_missing_blob_is_reported_and_no_name_is_set()
    {
        JsonObject entry = StoreFolder.Named(new JsonObject { ["mediaType"] = MediaTypes.ImageManifest, ["digest"] = $"sha256:{new string('a', 64)}", ["size"] = 1 }, "a:v1");
        File.WriteAllBytes(Archive, Layout([entry]));
        StoreException e = await Assert.ThrowsAsync<StoreException>(Import);
        Assert.Equal(StoreFault.MissingBlob, e.Fault);
        Assert.Empty(_other.Store.List());
    }

    public void Dispose()
    {
        _folder.Dispose();
        _other.Dispose();
    }

    private static byte[] Layout(JsonArray manifests) => Tar.Of(
        ("oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray()),
        ("index.json", StoreFolder.Bytes(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = manifests })));

    private static byte[] Bomb(int size)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.SmallestSize))
        {
            gzip.Write(Tar.Entry("oci-layout", size: Convert.ToString(size, 8).PadLeft(11, '0')));
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < size >> 20; i++)
            {
                gzip.Write(zeros);
            }
        }

        return stream.ToArray();
    }

    private static async Task<List<string>> Referrers(StoreFolder folder, string repository, Digest digest)
    {
        List<string> found = [];
        await foreach (Descriptor referrer in folder.Store.Repository(repository).ReferrersAsync(digest))
        {
            found.Add(referrer.Digest);
        }

        return found;
    }

    private void Refuse(StoreFault fault, string why, byte[] content)
    {
        string path = Path.Combine(_folder.Root, "foreign");
        File.WriteAllBytes(path, content);
        StoreException e = Assert.Throws<StoreException>(() => ImageLayout.Open(path));
        Assert.Equal(fault, e.Fault);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Contains(path, e.Message, StringComparison.Ordinal);
    }

    /// <summary>Adds a referrer with the layout of a cosign signature to an image.</summary>
    private void Sign(Image image, string name)
    {
        var layout = new ForeignLayout(_folder.Path);
        JsonObject payload = layout.Blob(StoreFolder.Bytes(new JsonObject { ["critical"] = new JsonObject { ["image"] = new JsonObject { ["docker-manifest-digest"] = image.Digest } } }), "application/vnd.dev.cosign.simplesigning.v1+json");
        JsonObject manifest = layout.Blob(
            StoreFolder.Bytes(new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = MediaTypes.ImageManifest,
                ["config"] = layout.Blob("{}"u8.ToArray(), MediaTypes.ContainerConfig),
                ["layers"] = new JsonArray(payload),
            }),
            MediaTypes.ImageManifest);
        JsonObject root = JsonNode.Parse(File.ReadAllText(_folder.IndexPath))!.AsObject();
        root["manifests"]!.AsArray().Add(StoreFolder.Named(manifest, name));
        File.WriteAllText(_folder.IndexPath, root.ToJsonString());
    }

    private void Export(StoreFolder folder, bool compressed = false, bool reverse = false)
    {
        using FileStream file = File.Create(Archive);
        using Stream? gzip = compressed ? new GZipStream(file, CompressionLevel.Fastest) : null;
        IReadOnlyList<Image> images = folder.Store.List();
        new ImageStores(folder.Path).Export(reverse ? [.. images.Reverse()] : images, gzip ?? file);
    }

    private async Task<IEnumerable<string>> Import()
    {
        using var layout = ImageLayout.Open(Archive);
        foreach (LayoutImage image in layout.Images)
        {
            await new ImageTransfer().PullAsync(layout.Repository(image.Name!.Name), image.Descriptor.Digest, _other.Store, image.Name);
        }

        return _other.Store.List().Select(image => image.Reference);
    }
}
