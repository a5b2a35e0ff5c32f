using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Bee.Foreign;
using Bee.Oci.Containers;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Registries;

namespace Bee.Oci.Tests.Containers;

/// <summary>Builds containers from images, and checks their content, that they are reproducible, and that other tools accept them.</summary>
public sealed class ContainerTests : IDisposable
{
    private static readonly ImageReference s_name = ImageReference.Parse("ghcr.io/me/x-container:v1");
    private static readonly byte[] s_layer = ForeignLayout.Layer(("bin/run", "#!/bin/sh\n"u8.ToArray()));

    private readonly StoreFolder _folder = new();
    private readonly ImageStores _stores;
    private readonly ForeignLayout _layout;

    public ContainerTests()
    {
        _layout = new ForeignLayout(_folder.Path);
        _layout.AddBase("bee-base:latest", s_layer, ["amd64"]);
        _stores = new ImageStores(_folder.Path);
    }

    [Fact]
    public void Add_starts_the_tool_by_its_digest_with_the_labels_of_base_and_tool()
    {
        Image tool = Tool(description: "what it does");
        Image container = Make(tool);
        JsonObject config = Config(container.Descriptor);

        Assert.Equal(["/bin/run", "-x", tool.Digest], Words(config["config"]!["Entrypoint"]));
        Assert.Null(config["config"]!["Cmd"]);
        Assert.Equal("SIGTERM", (string?)config["config"]!["StopSignal"]);
        Assert.Equal(
            ("1", "ghcr.io/me/x:v1", tool.Digest, "x", "what it does", "v1"),
            (container.Labels["bee.base"], container.Labels[ContainerLabels.ToolReference], container.Labels[ContainerLabels.ToolDigest], container.Labels[AnnotationKeys.Title],
                container.Labels[AnnotationKeys.Description], container.Labels[AnnotationKeys.Version]));
        Assert.Equal(("bee-base:latest", Base.Digest), (container.Annotations[AnnotationKeys.BaseName], container.Annotations[AnnotationKeys.BaseDigest]));
        Assert.Equal((ImageFormat.Container, new Platform("linux", "amd64"), null), (container.Format, container.Platform, container.Problem));
        Assert.Equal(2, config["history"]!.AsArray().Count);
    }

    [Fact]
    public void The_last_layer_is_a_store_with_the_tool_that_Bee_opens()
    {
        Image tool = Tool();
        JsonObject manifest = Document(Make(tool).Descriptor);
        byte[] tar = Unzip(_folder.Blob((string)manifest["layers"]!.AsArray()[^1]!["digest"]!));
        string root = Path.Combine(_folder.Root, "root");
        Directory.CreateDirectory(root);
        System.Formats.Tar.TarFile.ExtractToDirectory(new MemoryStream(tar), root, overwriteFiles: false);

        var store = new ImageStore(root + ContainerLabels.StorePath);
        Image inside = Assert.Single(store.List());
        Assert.Equal((tool.Reference, tool.Digest), (inside.Reference, inside.Digest));
        Assert.Equal("program", Encoding.UTF8.GetString(store.ReadProgram(store.Find(tool.Digest)!)));
    }

    [Fact]
    public void Diff_ids_are_the_digests_of_the_unpacked_layers()
    {
        Image container = Make(Tool());
        JsonArray layers = Document(container.Descriptor)["layers"]!.AsArray();
        string[] unpacked = [.. layers.Select(layer => Digest.Of(Unzip(_folder.Blob((string)layer!["digest"]!))).ToString())];
        Assert.Equal(unpacked, Words(Config(container.Descriptor)["rootfs"]!["diff_ids"]));
        Assert.All(_folder.Store.Verify(container), check => Assert.Null(check.Fault));
    }

    [Fact]
    public void The_same_parts_give_the_same_digest_in_another_store_at_another_time()
    {
        Image first = Make(Tool());
        using var other = new StoreFolder();
        new ForeignLayout(other.Path).AddBase("bee-base:latest", s_layer, ["amd64"]);
        var stores = new ImageStores(other.Path);
        Image tool = other.Store.Add(StoreFolder.Content(), ImageReference.Parse("ghcr.io/me/x:v1"));
        Image second = new ContainerBuilder(stores).Build(new ContainerRequest(tool, other.Store.Find("bee-base:latest")!), s_name);

        Assert.Equal(first.Digest, second.Digest);
        // A fixed digest, so that a change by another version of .NET or Bee is noticed.
        Assert.StartsWith("sha256:3ad4f922ef2e41fc976afd31607ad52b74", (string?)Document(first.Descriptor)["layers"]!.AsArray()[^1]!["digest"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_base_of_docker_becomes_an_image_of_OCI_with_the_same_layers()
    {
        _layout.AddBase("docker-base:v1", s_layer, ["amd64"], docker: true);
        JsonObject manifest = Document(Make(Tool(), "docker-base:v1").Descriptor);
        Assert.Equal(("application/vnd.oci.image.layer.v1.tar+gzip", Digest.Of(s_layer).ToString()), ((string?)manifest["layers"]![0]!["mediaType"], (string?)manifest["layers"]![0]!["digest"]));
        Assert.Equal(MediaTypes.ContainerConfig, (string?)manifest["config"]!["mediaType"]);
    }

    [Fact]
    public void Platforms_are_those_of_base_and_tool_unless_some_are_named()
    {
        _layout.AddBase("wide:v1", s_layer, ["amd64", "arm64", "s390x"]);
        Image tool = _folder.Store.Add([StoreFolder.Content(), StoreFolder.Content() with { Platform = new Platform("linux", "arm64") }], ImageReference.Parse("ghcr.io/me/x:v1"));

        Assert.Equal(["linux/amd64", "linux/arm64"], Make(tool, "wide:v1").Platforms.Select(platform => $"{platform}"));
        Image one = new ContainerBuilder(_stores).Build(new ContainerRequest(tool, _folder.Store.Find("wide:v1")!) { Platforms = [new Platform("linux", "arm64")] }, s_name);
        Assert.Equal((MediaTypes.ImageManifest, "linux/arm64"), (one.Descriptor.MediaType, $"{one.Platform}"));
    }

    [Theory]
    [InlineData("wide:v1", "riscv64", "The base 'wide:v1' is not for linux/riscv64; it is for linux/amd64, linux/s390x.")]
    [InlineData("wide:v1", "s390x", "The image 'ghcr.io/me/x:v1' is not for linux/s390x; it is for linux/amd64.")]
    [InlineData("arm:v1", null, "The base 'arm:v1' is for linux/arm64, and the image 'ghcr.io/me/x:v1' for linux/amd64.")]
    public void A_platform_that_one_of_them_lacks_is_refused(string lower, string? platform, string message)
    {
        _layout.AddBase("wide:v1", s_layer, ["amd64", "s390x"]);
        _layout.AddBase("arm:v1", s_layer, ["arm64"]);
        Image tool = Tool();
        StoreException fault = Assert.Throws<StoreException>(() => new ContainerBuilder(_stores).Build(
            new ContainerRequest(tool, _folder.Store.Find(lower)!) { Platforms = platform is null ? [] : [new Platform("linux", platform)] }, s_name));
        Assert.Equal((StoreFault.BadPlatform, message), (fault.Fault, fault.Message));
        Assert.Null(_folder.Store.Find($"{s_name}"));
    }

    [Fact]
    public void What_is_not_a_base_is_refused_and_nothing_is_stored()
    {
        _layout.AddBase("plain:v1", s_layer, ["amd64"], label: null);
        Image tool = Tool();
        int blobs = _folder.Blobs().Length;
        foreach (string lower in new[] { "plain:v1", "ghcr.io/me/x:v1" })
        {
            StoreException fault = Assert.Throws<StoreException>(() => Make(tool, lower));
            Assert.Equal(StoreFault.NotABase, fault.Fault);
            Assert.Contains(lower, fault.Message, StringComparison.Ordinal);
        }

        Assert.Equal(blobs, _folder.Blobs().Length);
    }

    [Fact]
    public void A_base_with_a_missing_layer_is_rejected()
    {
        Image tool = Tool();
        Image lower = Base;
        File.Delete(_folder.Blob(Digest.Of(s_layer).ToString()));
        Assert.Equal(StoreFault.MissingBlob, Assert.Throws<StoreException>(() => new ContainerBuilder(_stores).Build(new ContainerRequest(tool, lower), s_name)).Fault);
        Assert.Null(_folder.Store.Find($"{s_name}"));
    }

    [ToolFact("skopeo")]
    public void Skopeo_reads_its_configuration_and_copies_it_without_a_change()
    {
        Image container = Make(Tool());
        JsonNode seen = JsonNode.Parse(Tooling("inspect", "--config", $"oci:{_folder.Path}:{s_name}"))!;
        Assert.Equal(container.Labels[ContainerLabels.ToolDigest], (string?)seen["config"]!["Entrypoint"]!.AsArray()[^1]);
        Tooling("copy", $"oci:{_folder.Path}:{s_name}", $"oci:{Path.Combine(_folder.Root, "copy")}:v1");
        Assert.Equal(container.Digest, Assert.Single(new ImageStore(Path.Combine(_folder.Root, "copy")).List()).Digest);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(200_001)]
    public void Stored_gzip_is_read_by_every_gzip(int length)
    {
        byte[] content = new byte[length];
        new Random(4).NextBytes(content);
        using var gzip = new GZipStream(new MemoryStream(StoredGzip.Write(content)), CompressionMode.Decompress);
        using var read = new MemoryStream();
        gzip.CopyTo(read);
        Assert.Equal(content, read.ToArray());
    }

    public void Dispose() => _folder.Dispose();

    private Image Base => _folder.Store.Find("bee-base:latest")!;

    private Image Tool(string? description = null) => _folder.Store.Add(StoreFolder.Content(description: description), ImageReference.Parse("ghcr.io/me/x:v1"));

    private Image Make(Image tool, string lower = "bee-base:latest") => new ContainerBuilder(_stores).Build(new ContainerRequest(tool, _folder.Store.Find(lower)!), s_name);

    private JsonObject Document(Descriptor descriptor) => JsonNode.Parse(File.ReadAllBytes(_folder.Blob(descriptor.Digest)))!.AsObject();

    private JsonObject Config(Descriptor manifest) => JsonNode.Parse(File.ReadAllBytes(_folder.Blob((string)Document(manifest)["config"]!["digest"]!)))!.AsObject();

    private static string[] Words(JsonNode? list) => [.. list!.AsArray().Select(word => (string)word!)];

    private static string Tooling(params string[] arguments) => Bee.Registries.Tool.Run("skopeo", arguments).Success;

    private static byte[] Unzip(string file)
    {
        using var gzip = new GZipStream(File.OpenRead(file), CompressionMode.Decompress);
        using var content = new MemoryStream();
        gzip.CopyTo(content);
        return content.ToArray();
    }
}
