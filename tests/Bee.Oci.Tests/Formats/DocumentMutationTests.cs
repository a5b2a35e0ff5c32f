using System.Text.Json.Nodes;
using Bee.Mutation;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Xunit.Abstractions;

namespace Bee.Oci.Tests.Formats;

/// <summary>Mutates manifests, configs and indexes 100,000 times. Each one is usable, or rejected with a <see cref="StoreException"/>.</summary>
public sealed class DocumentMutationTests(ITestOutputHelper output) : IDisposable
{
    private readonly StoreFolder _folder = new();

    [Fact]
    public void Manifests_are_read_or_refused()
    {
        (byte[] manifest, byte[] config, _) = Documents();
        byte[] index = StoreFolder.Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.ImageIndex,
            ["manifests"] = new JsonArray(new JsonObject
            {
                ["mediaType"] = MediaTypes.ImageManifest,
                ["digest"] = Digest.Of(manifest).ToString(),
                ["size"] = manifest.Length,
                ["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "amd64" },
            }),
        });
        Run("manifests", [manifest, index], (bytes, number) =>
        {
            var blobs = new Blobs(bytes, manifest, config);
            bool isIndex = bytes.AsSpan().IndexOf("\"manifests\""u8) >= 0 ^ number % 8 == 0;
            string type = isIndex ? MediaTypes.ImageIndex : MediaTypes.ImageManifest;
            Use(new ImageReader(blobs, "store").Read(Entry(bytes, type)));
        });
    }

    [Fact]
    public void Configs_are_read_or_refused()
    {
        (byte[] manifest, byte[] config, _) = Documents();
        Run("configs", [config], (bytes, number) =>
        {
            JsonNode around = JsonNode.Parse(manifest)!;
            around["config"]!["digest"] = Digest.Of(bytes).ToString();
            around["config"]!["size"] = bytes.Length;
            byte[] whole = StoreFolder.Bytes(around);
            Use(new ImageReader(new Blobs(bytes, whole), "store").Read(Entry(whole, MediaTypes.ImageManifest)));
        });
    }

    [Fact]
    public void Container_configs_are_read_or_refused()
    {
        (byte[] manifest, _, _) = Documents();
        byte[] container = StoreFolder.Bytes(new JsonObject
        {
            ["created"] = "2025-02-01T12:00:00Z",
            ["architecture"] = "amd64",
            ["os"] = "linux",
            ["config"] = new JsonObject
            {
                ["Labels"] = new JsonObject
                {
                    ["io.ebpf.programs"] = """{"a":"xdp","b":"kprobe"}""",
                    ["io.ebpf.maps"] = """{"m":"hash"}""",
                    ["io.ebpf.filename"] = "a.o",
                    ["io.ebpf.bpf_function_name"] = "a",
                },
            },
        });
        Run("container configs", [container], (bytes, number) =>
        {
            JsonNode around = JsonNode.Parse(manifest)!;
            around["config"]!["mediaType"] = number % 2 == 0 ? MediaTypes.ContainerConfig : MediaTypes.DockerConfig;
            around["config"]!["digest"] = Digest.Of(bytes).ToString();
            around["config"]!["size"] = bytes.Length;
            byte[] whole = StoreFolder.Bytes(around);
            Use(new ImageReader(new Blobs(bytes, whole), "store").Read(Entry(whole, MediaTypes.ImageManifest)));
        });
    }

    [Fact]
    public void Indexes_are_read_or_refused()
    {
        (byte[] manifest, byte[] config, byte[] index) = Documents();
        var reader = new ImageReader(new Blobs(manifest, config), "store");
        Run("indexes", [index], (bytes, number) =>
        {
            var read = StoreIndex.Parse(bytes);
            foreach (DescriptorDocument entry in read.Entries)
            {
                Use(reader.Read(entry));
            }

            _ = read.ToBytes();
        });
    }

    public void Dispose() => _folder.Dispose();

    private void Run(string name, byte[][] documents, Action<byte[], long> read) =>
        new ReaderRun(name, TextMutator.Json(documents).Make, read, fault => fault is StoreException).Execute(output.WriteLine);

    // The reader reports the fault of an image in the image's properties.
    private static void Use(Image image)
    {
        if (image.Fault is { } fault)
        {
            throw new StoreException(fault.Fault, fault.Message, fault);
        }

        _ = $"{image.Reference}{image.Repository}{image.Tag}{image.Size}{image.Created}{image.Platform}{image.Description}{image.Authors}{image.License}{image.Source}{image.Revision}";
        _ = $"{image.Maps.Sum(m => m.Name.Length)}{image.Programs.Sum(p => p.Name.Length)}{image.Parameters.Sum(p => p.Name.Length)}{image.Build?.Flags.Sum(f => f.Length)}{image.Layers.Count}{image.Platforms.Count}{image.Format}{image.Metadata}{image.WhyNoProgram}";
        _ = $"{image.Labels.Sum(l => l.Key.Length + l.Value.Length)}{image.Programs.Sum(p => p.Type?.Length)}{image.Maps.Sum(m => m.Type?.Length)}";
    }

    private static DescriptorDocument Entry(byte[] content, string mediaType) => new()
    {
        MediaType = mediaType,
        Digest = Digest.Of(content).ToString(),
        Size = content.Length,
        Annotations = new() { [AnnotationKeys.ReferenceName] = "ghcr.io/me/x:v1" },
    };

    private (byte[] Manifest, byte[] Config, byte[] Index) Documents()
    {
        ImageContent content = StoreFolder.Content("elf", "text \\u") with
        {
            Authors = "Ann",
            License = "GPL-2.0-only",
            Created = DateTimeOffset.UnixEpoch,
            Config = new()
            {
                Maps = [new() { Name = "print_m", Type = "RingBuffer", ValueType = "struct e", Role = "print" }, new() { Name = "m", Type = "Hash" }],
                Programs = [new() { Name = "p", Section = "tp/a/b", Type = "Tracepoint", AttachTo = "a/b" }],
                Parameters = [new() { Name = "target_pid", Type = "int", Default = "0" }],
                Build = new() { Flags = ["-O2", "-g"], Clang = "14", Bee = "0.1" },
            },
        };
        Image image = _folder.Store.Add(content, ImageReference.Parse("ghcr.io/me/x:v1"));
        byte[] manifest = File.ReadAllBytes(_folder.Blob(image.Digest));
        string config = (string)JsonNode.Parse(manifest)!["config"]!["digest"]!;
        return (manifest, File.ReadAllBytes(_folder.Blob(config)), File.ReadAllBytes(_folder.IndexPath));
    }

    /// <summary>In-memory blobs.</summary>
    private sealed class Blobs(params byte[][] contents) : IBlobs
    {
        private readonly Dictionary<string, byte[]> _contents = contents.DistinctBy(c => Digest.Of(c).ToString()).ToDictionary(c => Digest.Of(c).ToString());

        public byte[] ReadBlob(Descriptor descriptor, int limit) =>
            descriptor.Size <= limit && _contents.TryGetValue(descriptor.Digest, out byte[]? content) && content.Length == descriptor.Size
                ? content
                : throw new StoreException(StoreFault.MissingBlob, $"There is no {descriptor.Digest}.");

        public Stream OpenBlob(Descriptor descriptor) => throw new NotSupportedException();

        public bool HasBlob(Digest digest) => throw new NotSupportedException();

        public byte[]? ReadManifestBytes(Digest digest) => throw new NotSupportedException();
    }
}
