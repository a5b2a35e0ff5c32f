using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Oci.Tests.Store;

/// <summary>Tests the bytes of an image, which BumbleBee reads and which must not change.</summary>
public class ImageFormatTests
{
    [Fact]
    public void The_manifest_is_these_bytes()
    {
        // A change here changes the digests of all users' images.
        using var folder = new StoreFolder();
        Image image = folder.Store.Add(
            StoreFolder.Content() with { Authors = "Zoë <z@example.org>", Description = "a \"b\"\n\u0001", License = "MIT", Config = new() { Maps = [new() { Name = "events" }] } },
            ImageReference.Parse("x"));

        const string Config =
            """{"version":1,"os":"linux","architecture":"amd64","programs":[],"maps":[{"name":"events","keySize":0,"valueSize":0,"maxEntries":0}],"parameters":[]}""";
        string manifest = File.ReadAllText(folder.Blob(image.Digest));
        Assert.Equal(
            """{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/ebpf.oci.image.config.v1+json","digest":"CONFIG","size":151,"annotations":{"org.opencontainers.image.title":"config.json"}},"layers":[{"mediaType":"application/ebpf.oci.image.program.v1+binary","digest":"sha256:0104f6c1c3d3b4f8a37fb52fb7e6e1e1a1ad4f8d4fc3d8eb8e4bfa8bc0c1bd21","size":7,"annotations":{"org.opencontainers.image.title":"program.o"}}],"annotations":{"org.opencontainers.image.authors":"Zoë <z@example.org>","org.opencontainers.image.description":"a \"b\"\n\u0001","org.opencontainers.image.licenses":"MIT"}}"""
                .Replace("CONFIG", Digest.Of(Encoding.UTF8.GetBytes(Config)).ToString(), StringComparison.Ordinal)
                .Replace("sha256:0104f6c1c3d3b4f8a37fb52fb7e6e1e1a1ad4f8d4fc3d8eb8e4bfa8bc0c1bd21", Digest.Of("program"u8).ToString(), StringComparison.Ordinal)
                .Replace("\"size\":151", $"\"size\":{Config.Length}", StringComparison.Ordinal),
            manifest);
        Assert.Equal(Config, File.ReadAllText(folder.Blob(JsonNode.Parse(manifest)!["config"]!["digest"]!.GetValue<string>())));
    }

    [Fact]
    public void BumbleBee_finds_its_blobs_by_title()
    {
        // As in its source (pkg/spec): it finds the index entry by the whole reference, then only blobs of its two media types,
        // each by the title on its descriptor. It ignores unknown keys of the config.
        using var folder = new StoreFolder();
        folder.Store.Add(StoreFolder.Content("elf") with { Authors = "me", Description = "what" }, ImageReference.Parse("ghcr.io/me/x:v1"));

        JsonNode index = JsonNode.Parse(File.ReadAllText(folder.IndexPath))!;
        JsonNode entry = index["manifests"]!.AsArray().Single(e => (string?)e!["annotations"]!["org.opencontainers.image.ref.name"] == "ghcr.io/me/x:v1")!;
        JsonNode manifest = JsonNode.Parse(File.ReadAllBytes(folder.Blob((string)entry["digest"]!)))!;
        string[] allowed = ["application/ebpf.oci.image.program.v1+binary", "application/ebpf.oci.image.config.v1+json"];
        var byTitle = new[] { manifest["config"]! }.Concat(manifest["layers"]!.AsArray().Select(l => l!))
            .Where(d => allowed.Contains((string?)d["mediaType"]))
            .ToDictionary(d => (string)d["annotations"]!["org.opencontainers.image.title"]!, d => (string)d["digest"]!);

        Assert.Equal("elf", File.ReadAllText(folder.Blob(byTitle["program.o"])));
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(File.ReadAllBytes(folder.Blob(byTitle["config.json"]))).RootElement.ValueKind);
        Assert.Equal("me", (string?)manifest["annotations"]!["org.opencontainers.image.authors"]);
        Assert.Equal("what", (string?)manifest["annotations"]!["org.opencontainers.image.description"]);
        Assert.Equal(("linux", "amd64"), ((string?)entry["platform"]!["os"], (string?)entry["platform"]!["architecture"]));
        Assert.Equal("1.0.0", (string?)JsonNode.Parse(File.ReadAllText(Path.Combine(folder.Path, "oci-layout")))!["imageLayoutVersion"]);
    }

    [Fact]
    public void The_same_content_has_the_same_digest_anywhere_and_any_time()
    {
        using var one = new StoreFolder();
        using var two = new StoreFolder();
        Image first = one.Add("x");
        Thread.Sleep(20);
        Image second = two.Add("y:v2");

        Assert.Equal(first.Digest, second.Digest);
        Assert.NotNull(first.Created);
        Assert.InRange(second.Created!.Value - first.Created!.Value, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        Assert.DoesNotContain("created", File.ReadAllText(one.Blob(first.Digest)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_order_of_annotations_is_irrelevant_and_named_ones_win()
    {
        using var folder = new StoreFolder();
        Image one = folder.Store.Add(
            StoreFolder.Content() with { Source = "s", Annotations = new Dictionary<string, string> { ["b"] = "1", ["B"] = "2", [AnnotationKeys.Source] = "lost" } },
            ImageReference.Parse("x:1"));
        Image two = folder.Store.Add(
            StoreFolder.Content() with { Source = "s", Annotations = new Dictionary<string, string> { ["B"] = "2", ["b"] = "1" } },
            ImageReference.Parse("x:2"));

        Assert.Equal(one.Digest, two.Digest);
        Assert.Equal("s", one.Source);
        Assert.Equal(["B", "b", AnnotationKeys.Source], one.Annotations.Keys);
    }

    [Fact]
    public void All_metadata_of_a_program_survives()
    {
        using var folder = new StoreFolder();
        var config = new ImageConfig
        {
            Programs = [new() { Name = "p", Section = "tracepoint/a/b", Type = "Tracepoint", AttachTo = "a/b" }],
            Maps = [new() { Name = "print_events", Type = "RingBuffer", MaxEntries = 4096, ValueType = "struct event", ValueSize = 24, Role = "Print" }],
            Parameters = [new() { Name = "target_pid", Type = "int", Size = 4, Default = "0" }],
            Build = new() { Source = "x.bpf.c", Clang = "clang 14", Flags = ["-O2"], VmlinuxDigest = "sha256:x", Bee = "0.1" },
        };
        Image image = folder.Store.Add(
            StoreFolder.Content() with { Config = config, License = "GPL-2.0-only", Revision = "abc", Created = DateTimeOffset.UnixEpoch },
            ImageReference.Parse("x"));

        Assert.Equal(config.Programs, image.Programs);
        Assert.Equal(config.Maps, image.Maps);
        Assert.Equal(config.Parameters, image.Parameters);
        Assert.Equal("clang 14", image.Build!.Clang);
        Assert.Equal(["-O2"], image.Build.Flags);
        Assert.Equal(("GPL-2.0-only", "abc"), (image.License, image.Revision));
        Assert.Equal(DateTime.UnixEpoch.ToLocalTime(), image.Created);
        Assert.Equal("1970-01-01T00:00:00Z", image.Annotations[AnnotationKeys.Created]);
        Assert.Equal(new Platform("linux", "amd64"), image.Platform);
        Assert.Null(image.Problem);
    }

    [Fact]
    public void Metadata_survives_and_is_sanitized_for_a_terminal()
    {
        using var folder = new StoreFolder();
        var preset = new Dictionary<string, object?> { ["low"] = "1", ["names"] = new object[] { "a\u001b" } };
        var map = new ImageMap
        {
            Name = "hist_x",
            Kind = "None",
            Help = "help\u001b[2J",
            Unit = "ns",
            Scale = new() { Spacing = "Linear", Start = 1, Step = 2.5 },
            Buckets = [1, 2.5],
            Labels = ["comm\u0007"],
            Fields = [new() { Name = "comm", Description = "who\u001b", Width = 8, AlignRight = true, Order = -1, Hidden = false }],
        };
        Image image = folder.Store.Add(
            StoreFolder.Content() with
            {
                Config = new()
                {
                    Maps = [map],
                    Programs = [new() { Name = "p", Description = "does" }],
                    Parameters = [new() { Name = "limits", Description = "bounds", AuthorDefault = preset }],
                },
            },
            ImageReference.Parse("x"));

        ImageMap read = Assert.Single(folder.Store.List()).Maps[0];
        Assert.Equal(("None", "help\uFFFD[2J", "ns", map.Scale), (read.Kind, read.Help, read.Unit, read.Scale));
        Assert.Equal(map.Buckets, read.Buckets);
        Assert.Equal(["comm\uFFFD"], read.Labels);
        Assert.Equal(map.Fields[0] with { Description = "who\uFFFD" }, Assert.Single(read.Fields!));
        Assert.Equal(("does", "bounds"), (image.Programs[0].Description, image.Parameters[0].Description));
        var said = Assert.IsType<Dictionary<string, object?>>(image.Parameters[0].AuthorDefault);
        Assert.Equal("1", said["low"]);
        Assert.Equal(["a\uFFFD"], Assert.IsType<object?[]>(said["names"]));
    }

    [Fact]
    public void Keys_of_later_versions_survive()
    {
        using var folder = new StoreFolder();
        folder.Lay(null);
        JsonObject config = folder.Put("""{"version":7,"maps":[{"name":"m","colour":"red"}],"new":{"a":[1]}}"""u8.ToArray(), MediaTypes.EbpfConfig);
        JsonObject program = folder.Put("elf"u8.ToArray(), MediaTypes.EbpfProgram);
        byte[] manifest = StoreFolder.Bytes(new JsonObject { ["schemaVersion"] = 2, ["config"] = config, ["layers"] = new JsonArray(program) });
        folder.LayEntries(StoreFolder.Named(folder.Put(manifest, MediaTypes.ImageManifest), "x:v1"));

        Image image = Assert.Single(folder.Store.List());
        Assert.Equal((7, "m"), (image.Config.Version, image.Maps[0].Name));
        Assert.Equal("""{"a":[1]}""", image.Config.Other!["new"].GetRawText());
    }

    [Fact]
    public void Refuses_an_empty_and_an_endless_program()
    {
        using var folder = new StoreFolder();
        foreach (int size in new[] { 0, StoreLimits.Program + 1 })
        {
            var content = new ImageContent { Program = new byte[size] };
            Assert.Equal(StoreFault.BadContent, Assert.Throws<StoreException>(() => folder.Store.Add(content, ImageReference.Parse("x"))).Fault);
        }

        Assert.False(Directory.Exists(folder.Path));
    }
}
