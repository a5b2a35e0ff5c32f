using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Bench;

/// <summary>Creates image layouts: an image of random layers, and a store of many images.</summary>
internal static class TransferSample
{
    /// <summary>Creates an image <c>bench:v1</c> with this many layers; returns its folder.</summary>
    public static string Image(string folder, int layers, int bytes)
    {
        Directory.CreateDirectory(Path.Combine(folder, "blobs", "sha256"));
        var random = new Random(layers);
        var manifest = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.ImageManifest,
            ["config"] = Put(folder, "{}"u8.ToArray(), MediaTypes.EbpfConfig),
            ["layers"] = new JsonArray([.. Enumerable.Range(0, layers).Select(_ =>
            {
                var layer = new byte[bytes];
                random.NextBytes(layer);
                return Put(folder, layer, MediaTypes.EbpfProgram);
            })]),
        };
        return Close(folder, [Named(Put(folder, Bytes(manifest), MediaTypes.ImageManifest), "bench:v1")]);
    }

    /// <summary>Creates a store of different images, as Invoke-BeeBuild does.</summary>
    public static string Store(string folder, int count)
    {
        var config = new ImageConfig
        {
            Programs = [new() { Name = "a", Section = "tracepoint/x/y" }, new() { Name = "b", Section = "kprobe/z" }],
            Maps = [.. Enumerable.Range(0, 4).Select(i => new ImageMap { Name = $"print_events{i}", Type = "RingBuffer", ValueType = "struct event" })],
            Parameters = [new() { Name = "target_pid", Type = "int", Size = 4, Default = "0" }],
            Build = new() { Source = "source.c", Clang = "clang version 14", Flags = ["-O2", "-g", "-target bpf"] },
        };
        var store = new ImageStore(folder);
        var sample = store.Add(new ImageContent { Program = new byte[20_000], Config = config, Description = "a sample" }, ImageReference.Parse("sample:v1"));
        var manifest = JsonNode.Parse(File.ReadAllText(Blob(folder, sample.Digest)))!;
        var configText = File.ReadAllText(Blob(folder, (string)manifest["config"]!["digest"]!));
        var entries = new JsonObject[count];
        for (var i = 0; i < count; i++)
        {
            var program = new byte[20_000];
            new Random(i).NextBytes(program);
            Point(manifest["layers"]![0]!, Put(folder, program, ""));
            Point(manifest["config"]!, Put(folder, Encoding.UTF8.GetBytes(configText.Replace("source.c", $"{i}.c", StringComparison.Ordinal)), ""));
            entries[i] = Named(Put(folder, Bytes(manifest), MediaTypes.ImageManifest), $"ghcr.io/me/image{i}:v1");
        }

        return Close(folder, entries);
    }

    private static void Point(JsonNode descriptor, JsonObject to) => (descriptor["digest"], descriptor["size"]) = ((string)to["digest"]!, (long)to["size"]!);

    private static string Close(string folder, JsonObject[] entries)
    {
        File.WriteAllText(Path.Combine(folder, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        File.WriteAllBytes(Path.Combine(folder, "index.json"), Bytes(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray([.. entries]) }));
        return folder;
    }

    private static JsonObject Named(JsonObject entry, string name)
    {
        entry["annotations"] = new JsonObject { [AnnotationKeys.ReferenceName] = name };
        return entry;
    }

    private static JsonObject Put(string folder, byte[] content, string mediaType)
    {
        var digest = Digest.Of(content).ToString();
        File.WriteAllBytes(Blob(folder, digest), content);
        return new JsonObject { ["mediaType"] = mediaType, ["digest"] = digest, ["size"] = (long)content.Length };
    }

    private static string Blob(string folder, string digest) => Path.Combine(folder, "blobs", "sha256", digest[Digest.Prefix.Length..]);

    private static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());
}
