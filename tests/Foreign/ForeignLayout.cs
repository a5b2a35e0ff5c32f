using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Bee.Foreign;

/// <summary>Writes an image layout with images like those of Inspektor Gadget and bpfman, without using Bee's code.</summary>
/// <param name="path">The folder of the layout, which is created.</param>
internal sealed class ForeignLayout(string path)
{
    public const string Gadget = """
        name: trace calls
        description: counts what a process calls
        homepageURL: https://example.org/
        params:
          ebpf:
            target_pid:
              key: pid
              defaultValue: "0"
              description: the process

        """;

    private const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    private const string Index = "application/vnd.oci.image.index.v1+json";
    private readonly JsonArray _entries = [];

    /// <summary>Adds an image of Inspektor Gadget: an index with a manifest for each platform, as its newer versions build it.</summary>
    /// <param name="name">The name in the layout.</param>
    /// <param name="objects">The objects by architecture.</param>
    /// <param name="metadata">The metadata; null for an image without, whose config is empty.</param>
    /// <param name="wasm">A WebAssembly module; null for none.</param>
    public JsonObject AddGadget(string name, IEnumerable<(string Architecture, byte[] Object)> objects, string? metadata = Gadget, byte[]? wasm = null)
    {
        JsonObject Annotations() => metadata is null ? [] : new JsonObject
        {
            ["org.opencontainers.image.created"] = "2025-03-01T12:00:00Z",
            ["org.opencontainers.image.description"] = "counts what a process calls",
            ["org.opencontainers.image.title"] = "trace calls",
        };
        var manifests = new JsonArray();
        foreach ((string architecture, byte[] program) in objects)
        {
            JsonObject config = metadata is null ? Blob("{}"u8.ToArray(), "application/vnd.oci.empty.v1+json") : Blob(Encoding.UTF8.GetBytes(metadata), "application/vnd.gadget.config.v1+yaml");
            config["annotations"] = Annotations();
            JsonArray layers = [Blob(program, "application/vnd.gadget.ebpf.program.v1+binary")];
            if (wasm is not null)
            {
                layers.Add(Blob(wasm, "application/vnd.gadget.wasm.program.v1+binary"));
            }

            JsonObject manifest = Blob(
                new JsonObject
                {
                    ["schemaVersion"] = 2,
                    ["artifactType"] = "application/vnd.gadget.v1+binary",
                    ["config"] = config,
                    ["layers"] = layers,
                    ["annotations"] = Annotations(),
                },
                Manifest);
            manifest["platform"] = new JsonObject { ["architecture"] = architecture, ["os"] = "linux" };
            manifests.Add(manifest);
        }

        return Enter(name, Blob(new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = Index, ["manifests"] = manifests, ["annotations"] = Annotations() }, Index));
    }

    /// <summary>Adds an image of bpfman: a container image with labels.</summary>
    /// <param name="name">The name in the layout.</param>
    /// <param name="layer">The layer; <see cref="Layer"/> creates one.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="docker">Whether to use docker's media types, as docker's older builder does.</param>
    /// <param name="layerType">The layer's media type; by default the one that goes with <paramref name="docker"/>.</param>
    public JsonObject AddBpfman(string name, byte[] layer, IReadOnlyDictionary<string, string> labels, bool docker = false, string? layerType = null)
    {
        JsonObject config = Blob(
            new JsonObject
            {
                ["created"] = "2025-02-01T12:00:00Z",
                ["architecture"] = "amd64",
                ["os"] = "linux",
                ["config"] = new JsonObject { ["Env"] = new JsonArray("PATH=/usr/bin"), ["Labels"] = new JsonObject(labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))) },
                ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(Digest(Unzip(layer))) },
            },
            docker ? "application/vnd.docker.container.image.v1+json" : "application/vnd.oci.image.config.v1+json");
        string type = docker ? "application/vnd.docker.distribution.manifest.v2+json" : Manifest;
        return Enter(name, Blob(
            new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = type,
                ["config"] = config,
                ["layers"] = new JsonArray(Blob(layer, layerType ?? (docker ? "application/vnd.docker.image.rootfs.diff.tar.gzip" : "application/vnd.oci.image.layer.v1.tar+gzip"))),
            },
            type));
    }

    /// <summary>Adds a container image that is a valid base for tools: one layer, an entry point, and Bee's label.</summary>
    /// <param name="name">The name in the layout.</param>
    /// <param name="layer">The layer; <see cref="Layer"/> creates one.</param>
    /// <param name="architectures">The architectures; several make an index.</param>
    /// <param name="docker">Whether to use docker's media types.</param>
    /// <param name="label">The label that marks it; null for none.</param>
    /// <param name="entrypoint">The entry point; null for one that accepts the name of an image.</param>
    /// <param name="environment">Variables of the container.</param>
    public JsonObject AddBase(
        string name, byte[] layer, IReadOnlyList<string> architectures, bool docker = false, string? label = "bee.base", IEnumerable<string>? entrypoint = null, IEnumerable<string>? environment = null)
    {
        string type = docker ? "application/vnd.docker.distribution.manifest.v2+json" : Manifest;
        JsonObject Single(string architecture) => Blob(
            new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = type,
                ["config"] = Blob(
                    new JsonObject
                    {
                        ["created"] = "2025-02-01T12:00:00Z",
                        ["architecture"] = architecture,
                        ["os"] = "linux",
                        ["config"] = new JsonObject
                        {
                            ["Env"] = new JsonArray([.. (environment ?? ["PATH=/usr/bin"]).Select(variable => (JsonNode?)variable)]),
                            ["Entrypoint"] = new JsonArray([.. (entrypoint ?? ["/bin/run", "-x"]).Select(word => (JsonNode?)word)]),
                            ["Cmd"] = new JsonArray("--help"),
                            ["StopSignal"] = "SIGTERM",
                            ["Labels"] = label is null ? [] : new JsonObject { [label] = "1", ["org.opencontainers.image.title"] = "the base's own" },
                        },
                        ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(Digest(Unzip(layer))) },
                        ["history"] = new JsonArray(new JsonObject { ["created_by"] = "somebody" }),
                    },
                    docker ? "application/vnd.docker.container.image.v1+json" : "application/vnd.oci.image.config.v1+json"),
                ["layers"] = new JsonArray(Blob(layer, docker ? "application/vnd.docker.image.rootfs.diff.tar.gzip" : "application/vnd.oci.image.layer.v1.tar+gzip")),
            },
            type);
        if (architectures is [var only])
        {
            return Enter(name, Single(only));
        }

        var manifests = new JsonArray();
        foreach (string architecture in architectures)
        {
            JsonObject manifest = Single(architecture);
            manifest["platform"] = new JsonObject { ["architecture"] = architecture, ["os"] = "linux" };
            manifests.Add(manifest);
        }

        return Enter(name, Blob(new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = Index, ["manifests"] = manifests }, Index));
    }

    /// <summary>Returns a gzip layer with files.</summary>
    public static byte[] Layer(params (string Name, byte[] Content)[] files)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Optimal))
        using (var writer = new TarWriter(gzip, TarEntryFormat.Ustar))
        {
            foreach ((string name, byte[] content) in files)
            {
                writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        return stream.ToArray();
    }

    /// <summary>Adds a blob to the layout, and returns its descriptor.</summary>
    public JsonObject Blob(byte[] content, string mediaType)
    {
        string folder = Path.Combine(path, "blobs", "sha256");
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, Digest(content)["sha256:".Length..]), content);
        return new JsonObject { ["mediaType"] = mediaType, ["digest"] = Digest(content), ["size"] = content.Length };
    }

    private JsonObject Blob(JsonObject content, string mediaType) => Blob(Encoding.UTF8.GetBytes(content.ToJsonString()), mediaType);

    private JsonObject Enter(string name, JsonObject descriptor)
    {
        JsonObject entry = descriptor.DeepClone().AsObject();
        entry["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = name };
        _entries.Add(entry);
        File.WriteAllText(Path.Combine(path, "oci-layout"), """{"imageLayoutVersion":"1.0.0"}""");
        File.WriteAllText(Path.Combine(path, "index.json"), new JsonObject { ["schemaVersion"] = 2, ["manifests"] = _entries.DeepClone() }.ToJsonString());
        return descriptor;
    }

    private static string Digest(byte[] content) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}";

    private static byte[] Unzip(byte[] layer)
    {
        if (layer is not [0x1f, 0x8b, ..])
        {
            return layer;
        }

        using var plain = new MemoryStream();
        using var gzip = new GZipStream(new MemoryStream(layer), CompressionMode.Decompress);
        gzip.CopyTo(plain);
        return plain.ToArray();
    }
}
