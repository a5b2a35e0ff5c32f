using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Oci.Tests.Store;

/// <summary>An image for several platforms: an index with a manifest for each, as other tools write it.</summary>
public sealed class MultiPlatformTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    [Fact]
    public void The_hosts_platform_is_the_one_that_is_read()
    {
        Lay(("linux", Platform.Host.Architecture, "mine"), ("linux", "mips", "other"));
        Image image = _folder.Store.Find("x:v1")!;

        Assert.Null(image.Problem);
        Assert.Equal(MediaTypes.ImageIndex, image.Descriptor.MediaType);
        Assert.Equal([Platform.Host, new Platform("linux", "mips")], image.Platforms);
        Assert.Equal(Platform.Host, image.Platform);
        Assert.Equal("mine", Encoding.UTF8.GetString(_folder.Store.ReadProgram(image)));
    }

    [Fact]
    public void A_missing_platform_is_reported_with_the_available_ones()
    {
        Lay(("linux", "mips", "a"), ("linux", "riscv64", "b"));
        Image image = _folder.Store.Find("x:v1")!;

        Assert.Null(image.Problem);
        Assert.Null(image.Program);
        StoreException e = Assert.Throws<StoreException>(() => _folder.Store.ReadProgram(image));
        Assert.Equal(StoreFault.NoProgram, e.Fault);
        Assert.Contains("linux/mips, linux/riscv64", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_is_made_here_is_an_index_of_one_manifest_a_platform()
    {
        var other = Platform.Parse(Platform.Host.Architecture == "arm64" ? "amd64" : "arm64");
        ImageContent mine = new() { Program = "mine"u8.ToArray(), Description = "both", Revision = "1" };
        ImageContent[] contents = [mine with { Program = "other"u8.ToArray(), Platform = other, Revision = "2" }, mine];
        Image image = _folder.Store.Add(contents, ImageReference.Parse("x:v1"));

        Assert.Null(image.Problem);
        Assert.Equal(MediaTypes.ImageIndex, image.Descriptor.MediaType);
        Assert.Equal([other, Platform.Host], image.Platforms);
        Assert.Equal("mine", Encoding.UTF8.GetString(_folder.Store.ReadProgram(image)));
        Assert.Equal(Platform.Host.Architecture, image.Config.Architecture);
        Assert.Equal(7, _folder.Blobs().Length);

        JsonNode index = JsonNode.Parse(File.ReadAllBytes(_folder.Blobs().Single(file => file.EndsWith(image.Digest[7..], StringComparison.Ordinal))))!;
        Assert.Equal(2, (int)index["schemaVersion"]!);
        Assert.Equal(MediaTypes.ImageIndex, (string)index["mediaType"]!);
        Assert.Equal(other.Architecture, (string)index["manifests"]![0]!["platform"]!["architecture"]!);
        Assert.Equal("both", (string)index["annotations"]![AnnotationKeys.Description]!);
        Assert.Null(index["annotations"]![AnnotationKeys.Revision]);

        // The same content always gives the same digest.
        using var two = new StoreFolder();
        Assert.Equal(image.Digest, two.Store.Add(contents, ImageReference.Parse("y")).Digest);
        Assert.Equal(7, _folder.Store.Remove("x:v1").BlobsDeleted);
    }

    [Fact]
    public void Two_programs_for_one_platform_are_refused_and_one_alone_is_a_plain_manifest()
    {
        ImageContent content = new() { Program = "p"u8.ToArray() };
        StoreException e = Assert.Throws<StoreException>(() => _folder.Store.Add([content, content], ImageReference.Parse("x")));
        Assert.Equal(StoreFault.BadContent, e.Fault);
        Assert.Contains($"{Platform.Host}", e.Message, StringComparison.Ordinal);
        Assert.Equal(MediaTypes.ImageManifest, _folder.Store.Add([content], ImageReference.Parse("x")).Descriptor.MediaType);
    }

    [Fact]
    public void An_attestation_of_the_build_is_not_a_platform()
    {
        Lay(("linux", Platform.Host.Architecture, "mine"), ("unknown", "unknown", "attestation"));
        Image image = _folder.Store.Find("x:v1")!;
        Assert.Equal([Platform.Host], image.Platforms);
        Assert.Equal("mine", Encoding.UTF8.GetString(_folder.Store.ReadProgram(image)));
    }

    [Fact]
    public void All_platforms_are_copied_and_removed_together()
    {
        Lay(("linux", Platform.Host.Architecture, "mine"), ("linux", "mips", "other"));
        Image image = _folder.Store.Find("x:v1")!;
        using var two = new StoreFolder();
        Assert.Equal(image.Digest, two.Store.Tag(image, ImageReference.Parse("y")).Digest);
        Assert.Equal(_folder.Blobs().Select(Path.GetFileName).Order(), two.Blobs().Select(Path.GetFileName).Order());

        two.Add("z", "further");
        two.Store.Remove("z");
        Assert.Null(two.Store.Find("y")!.Problem);
        Assert.Equal(6, two.Store.Remove("y").BlobsDeleted);
        Assert.Empty(two.Blobs());
    }

    [Fact]
    public void Endlessly_nested_indexes_are_harmless()
    {
        // Digests cannot form a cycle, but nesting can be deep.
        _folder.Lay(null);
        JsonObject inner = _folder.Put(StoreFolder.Bytes(new JsonObject { ["layers"] = new JsonArray() }), MediaTypes.ImageManifest);
        for (int i = 0; i < 2000; i++)
        {
            inner = _folder.Put(StoreFolder.Bytes(new JsonObject { ["manifests"] = new JsonArray(inner) }), MediaTypes.ImageIndex);
        }

        _folder.LayEntries(StoreFolder.Named(inner, "deep:v1"));
        Image image = _folder.Store.Find("deep:v1")!;
        Assert.Equal(StoreFault.NoProgram, Assert.Throws<StoreException>(() => _folder.Store.ReadProgram(image)).Fault);
        Assert.Equal(StoreFault.DamagedManifest, Assert.Throws<StoreException>(() => _folder.Store.Tag(image, ImageReference.Parse("y"))).Fault);
        Assert.Equal(2001, _folder.Store.Remove("deep:v1").BlobsDeleted);
    }

    public void Dispose() => _folder.Dispose();

    private void Lay(params (string Os, string Architecture, string Program)[] platforms)
    {
        _folder.Lay(null);
        var manifests = new JsonArray();
        foreach ((string os, string architecture, string program) in platforms)
        {
            JsonObject config = _folder.Put("{}"u8.ToArray(), MediaTypes.EbpfConfig);
            JsonObject layer = _folder.Put(Encoding.UTF8.GetBytes(program), MediaTypes.EbpfProgram);
            JsonObject manifest = _folder.Put(StoreFolder.Bytes(new JsonObject { ["config"] = config, ["layers"] = new JsonArray(layer) }), MediaTypes.ImageManifest);
            manifest["platform"] = new JsonObject { ["os"] = os, ["architecture"] = architecture };
            manifests.Add(manifest);
        }

        _folder.LayEntries(StoreFolder.Named(_folder.Put(StoreFolder.Bytes(new JsonObject { ["manifests"] = manifests }), MediaTypes.ImageIndex), "x:v1"));
    }
}
