using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Store;
using Bee.Oci.Transfer;

namespace Bee.Oci.Tests.Transfer;

/// <summary>Transfers images for several platforms: all platforms, or one of them.</summary>
public sealed class PlatformTests : IDisposable
{
    private static readonly ImageReference s_name = ImageReference.Parse("registry.example/me/x:v1");

    private readonly StoreFolder _folder = new();
    private readonly MemoryRepository _registry = new("registry.example/me/x");

    [Fact]
    public async Task Without_a_platform_the_whole_index_is_pulled()
    {
        Descriptor index = PutIndex(("linux", "amd64", null), ("linux", "arm64", null));
        TransferResult result = await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name);
        Image stored = Assert.Single(_folder.Store.List());
        Assert.Equal((index.Digest, 2, 3), (stored.Digest, stored.Platforms.Count, result.BlobsSent));
        Assert.All(_folder.Store.Verify(stored), c => Assert.Null(c.Fault));
    }

    [Theory]
    [InlineData("arm64", null, "linux/arm64")]
    [InlineData("arm", null, "linux/arm/v6")]
    [InlineData("arm", "v7", "linux/arm/v7")]
    public async Task A_single_platform_is_pulled_alone(string architecture, string? variant, string expected)
    {
        Descriptor index = PutIndex(("linux", "amd64", null), ("linux", "arm64", null), ("linux", "arm", "v6"), ("linux", "arm", "v7"));
        var transfer = new ImageTransfer(new() { Platform = new Platform("linux", architecture, variant) });
        TransferResult result = await transfer.PullAsync(_registry, "v1", _folder.Store, s_name);
        Image stored = Assert.Single(_folder.Store.List());
        Assert.Equal(expected, stored.Platform!.ToString());
        Assert.Equal((result.Descriptor.Digest, MediaTypes.ImageManifest), (stored.Digest, stored.Descriptor.MediaType));
        Assert.NotEqual(index.Digest, stored.Digest);
        Assert.Equal(3, _folder.Blobs().Length);
        Assert.Empty(stored.Descriptor.Annotations.Keys.Except([AnnotationKeys.ReferenceName, AnnotationKeys.Created]));
    }

    [Fact]
    public async Task A_digest_of_the_index_pins_the_platform_too()
    {
        Descriptor index = PutIndex(("linux", "amd64", null), ("linux", "arm64", null));
        var transfer = new ImageTransfer(new() { Platform = new Platform("linux", "arm64") });
        TransferResult result = await transfer.PullAsync(_registry, index.Digest, _folder.Store, ImageReference.Parse("registry.example/me/x@" + index.Digest));
        Assert.Equal("registry.example/me/x@" + result.Descriptor.Digest, Assert.Single(_folder.Store.List()).Reference);
        Assert.Equal("registry.example/me/x@" + result.Descriptor.Digest, result.Image!.Reference);
    }

    [Fact]
    public async Task A_missing_platform_is_reported_with_the_available_ones()
    {
        PutIndex(("linux", "amd64", null), ("linux", "arm", "v7"));
        var transfer = new ImageTransfer(new() { Platform = new Platform("linux", "s390x") });
        RegistryException e = await Assert.ThrowsAsync<RegistryException>(() => transfer.PullAsync(_registry, "v1", _folder.Store, s_name));
        Assert.Equal(RegistryFault.NoPlatform, e.Fault);
        Assert.Contains("linux/s390x", e.Message, StringComparison.Ordinal);
        Assert.Contains("linux/amd64, linux/arm/v7", e.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Store.List());
    }

    [Theory]
    [InlineData("""{"os":"linux","architecture":"arm64"}""", true)]
    [InlineData("""{"os":"linux","architecture":"amd64"}""", false)]
    [InlineData("{}", true)]
    [InlineData("a: yaml", true)]
    public async Task An_image_of_one_platform_is_accepted_unless_it_names_another(string config, bool isTaken)
    {
        JsonObject manifest = _registry.Manifest("elf");
        manifest["config"] = MemoryRepository.Json(_registry.Put(System.Text.Encoding.UTF8.GetBytes(config), MediaTypes.EbpfConfig));
        _registry.PutManifest(manifest, "v1");
        var transfer = new ImageTransfer(new() { Platform = new Platform("linux", "arm64") });
        Task<TransferResult> pull = transfer.PullAsync(_registry, "v1", _folder.Store, s_name);
        if (isTaken)
        {
            await pull;
        }
        else
        {
            Assert.Equal(RegistryFault.NoPlatform, (await Assert.ThrowsAsync<RegistryException>(() => pull)).Fault);
        }
    }

    [Fact]
    public async Task An_index_in_an_index_is_listed_chosen_described_and_summed_by_one_rule()
    {
        PutNested();
        Platform[] expected = [new("linux", "mips"), Platform.Host];
        Image whole = (await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name)).Image!;
        Image part = (await new ImageTransfer(new() { Platform = Platform.Host }).PullAsync(_registry, "v1", _folder.Store, ImageReference.Parse("registry.example/me/x:part"))).Image!;
        RemoteImage remote = await RemoteImage.DescribeAsync(_registry, s_name);

        Assert.Equal(expected, whole.Platforms);
        Assert.Equal(expected, remote.Platforms);
        Assert.Equal(Platform.Host, whole.Platform);
        Assert.Equal("elf for this machine", Encoding.UTF8.GetString(_folder.Store.ReadProgram(whole)));
        Assert.Equal(_folder.Store.ReadProgram(whole), _folder.Store.ReadProgram(part));
        Assert.Equal("inner", whole.Annotations["org.example.from"]);

        // Each blob once: the images share a config.
        long size = _folder.Blobs().Sum(file => new FileInfo(file).Length);
        Assert.Equal(size, whole.Size);
        Assert.Equal(size, _folder.Store.Verify(whole).Sum(check => check.Descriptor.Size));
    }

    [Fact]
    public async Task Attestations_of_the_build_are_not_platforms()
    {
        PutNested();

        RegistryException e = await Assert.ThrowsAsync<RegistryException>(
            () => new ImageTransfer(new() { Platform = new Platform("linux", "s390x") }).PullAsync(_registry, "v1", _folder.Store, s_name));
        Assert.Contains($"it is for linux/mips, {Platform.Host}.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_index_with_the_platform_is_reported()
    {
        PutNested();
        await new ImageTransfer().PullAsync(_registry, "v1", _folder.Store, s_name);
        string inner = _registry.Manifests.Values.Single(manifest => manifest.Descriptor.MediaType == MediaTypes.ImageIndex && manifest.Descriptor.Digest != _registry.Tags["v1"]).Descriptor.Digest;
        File.Delete(_folder.Blob(inner));

        Assert.Contains(inner, _folder.Store.Find(s_name.ToString())!.Problem, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    // A plain manifest, an index for this machine whose manifest does not name a platform, and BuildKit's attestations in both layouts.
    private void PutNested()
    {
        JsonObject attestation = MemoryRepository.Json(_registry.PutImage(null, "attestation"));
        attestation["platform"] = new JsonObject { ["os"] = "unknown", ["architecture"] = "unknown" };
        JsonObject further = MemoryRepository.Json(_registry.PutImage(null, "further attestation"));
        further["annotations"] = new JsonObject { ["vnd.docker.reference.type"] = "attestation-manifest" };
        Descriptor inner = _registry.PutManifest(
            new JsonObject
            {
                ["schemaVersion"] = 2,
                ["manifests"] = new JsonArray(further, MemoryRepository.Json(_registry.PutImage(null, "elf for this machine"))),
                ["annotations"] = new JsonObject { ["org.example.from"] = "inner" },
            }, "inner", MediaTypes.ImageIndex);
        JsonObject other = MemoryRepository.Json(_registry.PutImage(null, "elf for mips"));
        other["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "mips" };
        JsonObject nested = MemoryRepository.Json(inner);
        nested["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = Platform.Host.Architecture };
        _registry.PutManifest(
            new JsonObject
            {
                ["schemaVersion"] = 2,
                ["manifests"] = new JsonArray(attestation, other, nested),
                ["annotations"] = new JsonObject { ["org.example.from"] = "outer" },
            }, "v1", MediaTypes.ImageIndex);
    }

    private Descriptor PutIndex(params (string Os, string Architecture, string? Variant)[] platforms)
    {
        var manifests = new JsonArray();
        foreach ((string os, string architecture, string? variant) in platforms)
        {
            JsonObject entry = MemoryRepository.Json(_registry.PutImage(null, $"elf for {os}/{architecture}/{variant}"));
            entry["platform"] = new JsonObject { ["os"] = os, ["architecture"] = architecture, ["variant"] = variant };
            entry["annotations"] = new JsonObject { ["org.example"] = "entry" };
            manifests.Add(entry);
        }

        return _registry.PutManifest(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = manifests }, "v1", MediaTypes.ImageIndex);
    }
}
