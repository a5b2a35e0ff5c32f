using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Bee.Foreign;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Oci.Tests.Formats;

/// <summary>The samples in docs/image-format.md match the images that Bee writes and reads. BEE_UPDATE_DOCS=1 rewrites them.</summary>
public sealed partial class FormatPageTests : IDisposable
{
    private const string BpfmanName = "quay.io/they/calls:v1";
    private static readonly byte[] s_program = "program"u8.ToArray();
    private static readonly JsonSerializerOptions s_pretty = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly StoreFolder _folder = new();

    private static string Page
    {
        get
        {
            DirectoryInfo folder = new(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Bee.slnx")))
            {
                folder = folder.Parent!;
            }

            return Path.Combine(folder.FullName, "docs", "image-format.md");
        }
    }

    [Fact]
    public void Every_sample_is_true()
    {
        Dictionary<string, JsonNode> samples = Samples();
        if (Environment.GetEnvironmentVariable("BEE_UPDATE_DOCS") == "1")
        {
            File.WriteAllText(Page, Sample().Replace(File.ReadAllText(Page), match => $"<!-- sample: {match.Groups[1].Value} -->\n```json\n{samples[match.Groups[1].Value].ToJsonString(s_pretty)}\n```\n"));
        }

        var written = Sample().Matches(File.ReadAllText(Page)).ToDictionary(match => match.Groups[1].Value, match => JsonNode.Parse(match.Groups[2].Value)!);
        Assert.Equal(samples.Keys.Order(), written.Keys.Order());
        foreach ((string name, JsonNode sample) in samples)
        {
            JsonNode other = written[name];
            if (name == "bpfman manifest")
            {
                // The output of gzip depends on its version.
                Assert.NotNull(other["layers"]![0]!["digest"]);
                other["layers"] = sample["layers"]!.DeepClone();
                foreach (string part in (string[])["digest", "size"])
                {
                    other["config"]![part] = sample["config"]![part]!.DeepClone();
                }
            }

            Assert.True(JsonNode.DeepEquals(sample, other), $"The sample '{name}' is now:\n{sample.ToJsonString(s_pretty)}");
        }
    }

    public void Dispose() => _folder.Dispose();

    [GeneratedRegex("<!-- sample: ([a-z ]+) -->\n```json\n(.*?)\n```\n", RegexOptions.Singleline)]
    private static partial Regex Sample();

    /// <summary>Creates an image of each format, and checks that Bee detects the format and finds the program.</summary>
    private Dictionary<string, JsonNode> Samples()
    {
        var layout = new ForeignLayout(_folder.Path);
        JsonObject gadget = layout.AddGadget("ghcr.io/they/trace_calls:v0.1", [("amd64", s_program)]);
        layout.AddBpfman(BpfmanName, ForeignLayout.Layer(("calls.bpf.o", Elf())), new Dictionary<string, string>
        {
            ["io.ebpf.maps"] = """{"print_calls":"ringbuf"}""",
            ["io.ebpf.programs"] = """{"enter_openat":"tracepoint"}""",
        });
        layout.AddBpfman("quay.io/they/older:v1", ForeignLayout.Layer(("calls.bpf.o", s_program)), new Dictionary<string, string>
        {
            ["io.ebpf.bpf_function_name"] = "enter_openat",
            ["io.ebpf.filename"] = "calls.bpf.o",
            ["io.ebpf.program_name"] = "calls",
            ["io.ebpf.program_type"] = "tracepoint",
            ["io.ebpf.section_name"] = "tracepoint/syscalls/sys_enter_openat",
        });
        AddBumbleBee(layout);
        Image bee = _folder.Store.Add(BeeContent("amd64"), ImageReference.Parse("ghcr.io/me/calls:v1"));
        Image several = _folder.Store.Add([BeeContent("amd64"), BeeContent("arm64")], ImageReference.Parse("ghcr.io/me/calls:v2"));

        return new Dictionary<string, JsonNode>
        {
            ["bee manifest"] = Read(Recognised("me/calls:v1", ImageFormat.Bee).Digest),
            ["bee config"] = Config(bee.Digest),
            ["bee index"] = Read(several.Digest),
            ["bumblebee manifest"] = Read(Recognised("bumblebee/calls:v1", ImageFormat.BumbleBee).Digest),
            ["gadget manifest"] = Read((string)Read((string)gadget["digest"]!)["manifests"]![0]!["digest"]!),
            ["bpfman manifest"] = Read(Recognised(BpfmanName, ImageFormat.Bpfman, Elf()).Digest),
            ["bpfman config"] = WithoutLayers(Config(_folder.Store.Find(BpfmanName)!.Digest)),
            ["bpfman older config"] = WithoutLayers(Config(Recognised("they/older:v1", ImageFormat.Bpfman).Digest)),
        };
    }

    private Image Recognised(string name, ImageFormat format, byte[]? program = null)
    {
        Image image = _folder.Store.Find(name)!;
        Assert.Equal((format, (string?)null), (image.Format, image.Problem));
        Assert.Equal(program ?? s_program, _folder.Store.ReadProgram(image));
        return image;
    }

    private void AddBumbleBee(ForeignLayout layout)
    {
        JsonObject config = layout.Blob("{}"u8.ToArray(), MediaTypes.EbpfConfig);
        config["annotations"] = new JsonObject { [AnnotationKeys.Title] = "config.json" };
        JsonObject program = layout.Blob(s_program, MediaTypes.EbpfProgram);
        program["annotations"] = new JsonObject { [AnnotationKeys.Title] = "program.o" };
        JsonObject manifest = layout.Blob(
            StoreFolder.Bytes(new JsonObject
            {
                ["schemaVersion"] = 2,
                ["config"] = config,
                ["layers"] = new JsonArray(program),
                ["annotations"] = new JsonObject { [AnnotationKeys.Authors] = "They", [AnnotationKeys.Description] = "counts calls" },
            }),
            MediaTypes.ImageManifest);
        JsonObject root = JsonNode.Parse(File.ReadAllText(_folder.IndexPath))!.AsObject();
        root["manifests"]!.AsArray().Add(StoreFolder.Named(manifest, "ghcr.io/solo-io/bumblebee/calls:v1"));
        File.WriteAllText(_folder.IndexPath, root.ToJsonString());
    }

    private static ImageContent BeeContent(string architecture) => new()
    {
        Program = s_program,
        Platform = new Platform("linux", architecture),
        Authors = "Ann <ann@example.org>",
        Description = "Which calls does a process make?",
        License = "GPL-2.0-only",
        Source = "https://example.org/calls",
        Revision = "4f20d97",
        Config = new()
        {
            Programs = [new() { Name = "enter_openat", Section = "tracepoint/syscalls/sys_enter_openat", Type = "Tracepoint", AttachTo = "syscalls/sys_enter_openat" }],
            Maps =
            [
                new()
                {
                    Name = "print_calls", Type = "RingBuffer", MaxEntries = 262144, ValueType = "struct call", Role = "Print", Help = "each call",
                    Fields = [new() { Name = "path", Description = "the file's name", Width = 40 }],
                },
            ],
            Parameters = [new() { Name = "target_pid", Type = "pid_t", Size = 4, Default = "0", Description = "the process to watch" }],
            Build = new() { Source = "calls.bpf.c", Clang = "clang version 19.1.7", Flags = ["-O2", "-g"], VmlinuxDigest = Digest.Of("types"u8).ToString() },
        },
    };

    private static byte[] Elf() => [.. "\u007fELF"u8, 2, 1, 1, .. new byte[11], 247, 0, .. new byte[44]];

    private JsonNode Read(string digest) => JsonNode.Parse(File.ReadAllText(_folder.Blob(digest)))!;

    private JsonNode Config(string manifest) => Read((string)Read(manifest)["config"]!["digest"]!);

    /// <summary>Returns the text without digests of gzip output, which depend on the version of gzip.</summary>
    private static JsonNode WithoutLayers(JsonNode config)
    {
        config.AsObject().Remove("rootfs");
        return config;
    }
}
