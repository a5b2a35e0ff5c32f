using System.Diagnostics;
using Bee.Foreign;
using Bee.Isolated;
using Bee.Oci.Formats;
using Bee.Oci.Store;
using Bee.Oci.Tests.Store;
using Bee.Registries;
using ZstdSharp;

namespace Bee.Oci.Tests.Formats;

/// <summary>Reads images in the format of bpfman, from any container builder.</summary>
public sealed class BpfmanFormatTests : IDisposable
{
    private static readonly byte[] s_elf = [.. "\u007fELF"u8, 2, 1, 1, .. new byte[11], 247, 0, .. new byte[100]];
    private static readonly byte[] s_otherElf = [.. s_elf, 1];

    private static readonly Dictionary<string, string> s_labels = new()
    {
        ["io.ebpf.programs"] = """{"calls":"tracepoint","again":"kprobe"}""",
        ["io.ebpf.maps"] = """{"print_calls":"ringbuf"}""",
    };

    private static readonly Dictionary<string, string> s_older = new()
    {
        ["io.ebpf.program_name"] = "the_name",
        ["io.ebpf.bpf_function_name"] = "calls",
        ["io.ebpf.program_type"] = "tracepoint",
        ["io.ebpf.section_name"] = "tracepoint/a/b",
        ["io.ebpf.filename"] = "calls.bpf.o",
        ["org.opencontainers.image.description"] = "what it does",
    };

    private readonly StoreFolder _folder = new();
    private readonly ForeignLayout _layout;

    public BpfmanFormatTests() => _layout = new ForeignLayout(_folder.Path);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_object_is_unpacked_and_the_labels_described(bool docker)
    {
        _layout.AddBpfman("quay.io/they/calls:v1", ForeignLayout.Layer(("calls.bpf.o", s_elf)), s_labels, docker);
        Image image = _folder.Store.Find("they/calls:v1")!;

        Assert.Null(image.Problem);
        Assert.Equal((ImageFormat.Bpfman, new Platform("linux", "amd64")), (image.Format, image.Platform));
        Assert.Equal([("calls", "tracepoint"), ("again", "kprobe")], image.Programs.Select(p => (p.Name, p.Type)));
        Assert.Equal([("print_calls", "ringbuf")], image.Maps.Select(m => (m.Name, m.Type)));
        Assert.Equal(s_labels, image.Labels);
        Assert.Equal(new DateTime(2025, 2, 1, 12, 0, 0, DateTimeKind.Utc), image.Created!.Value.ToUniversalTime());
        Assert.Equal(s_elf, _folder.Store.ReadProgram(image));
    }

    [Fact]
    public void Older_labels_are_understood()
    {
        // The label selects one of several objects in the layer.
        _layout.AddBpfman("x:v1", ForeignLayout.Layer(("other.o", s_otherElf), ("calls.bpf.o", s_elf), ("README", new byte[30])), s_older);
        Image image = _folder.Store.Find("x:v1")!;

        ImageProgram program = Assert.Single(image.Programs);
        Assert.Equal(("calls", "tracepoint", "tracepoint/a/b"), (program.Name, program.Type, program.Section));
        Assert.Equal("what it does", image.Description);
        Assert.Equal(s_elf, _folder.Store.ReadProgram(image));
    }

    [Fact]
    public void An_uncompressed_layer_is_read_and_unknown_compression_is_reported()
    {
        _layout.AddBpfman("plain:v1", Tar.Of(("a", s_elf)), s_labels, layerType: "application/vnd.oci.image.layer.v1.tar");
        _layout.AddBpfman("other:v1", "other"u8.ToArray(), s_labels, layerType: "application/vnd.oci.image.layer.v1.tar+lz4");

        Assert.Equal(s_elf, _folder.Store.ReadProgram(_folder.Store.Find("plain:v1")!));
        Assert.Contains("tar+lz4", Refuse("other:v1", StoreFault.NoProgram), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/vnd.oci.image.layer.v1.tar+zstd")]
    [InlineData("application/vnd.docker.image.rootfs.diff.tar.zstd")]
    public void A_layer_compressed_with_zstd_is_read(string layerType)
    {
        byte[] layer = Zstd(Tar.Of(("README", new byte[300_000]), ("a", s_elf)));

        // A skippable frame, as at the end of podman's zstd:chunked, and a second frame.
        byte[] skipped = [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4];
        _layout.AddBpfman("one:v1", layer, s_labels, layerType: layerType);
        _layout.AddBpfman("more:v1", [.. layer, .. skipped, .. Zstd(new byte[100])], s_labels, layerType: layerType);

        Assert.Equal(s_elf, Reader.ReadProgram(Reader.Find("one:v1")!));
        Assert.Equal(s_elf, Reader.ReadProgram(Reader.Find("more:v1")!));
        Assert.Contains("zstd", Refuse("one:v1", StoreFault.NoProgram), StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_zstd_and_bombs_are_refused()
    {
        const string Type = "application/vnd.oci.image.layer.v1.tar+zstd";
        byte[] layer = Zstd(Tar.Of(("a", s_elf)));

        // The magic number, a frame header with a window of 2 GiB (RFC 8878, 3.1.1.1.2), and an empty last block.
        byte[] window = [0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 1, 0, 0];
        _layout.AddBpfman("noise:v1", "noise"u8.ToArray(), s_labels, layerType: Type);
        _layout.AddBpfman("gzip:v1", ForeignLayout.Layer(("a", s_elf)), s_labels, layerType: Type);
        _layout.AddBpfman("cut:v1", layer[..^20], s_labels, layerType: Type);
        _layout.AddBpfman("window:v1", window, s_labels, layerType: Type);
        _layout.AddBpfman("bomb:v1", Zstd(Tar.Of(("a.o", new byte[StoreLimits.Program + 1]), ("b", new byte[3 * StoreLimits.Program]))), s_older, layerType: Type);

        Assert.All(["noise:v1", "gzip:v1", "cut:v1", "window:v1"], name => Assert.Contains("compression is damaged", Refuse(name, StoreFault.BadArchive, Reader), StringComparison.Ordinal));
        Refuse("bomb:v1", StoreFault.TooLarge, Reader);
    }

    [ToolFact("skopeo")]
    public void A_layer_that_skopeo_compressed_with_zstd_is_read()
    {
        _layout.AddBpfman("calls:v1", ForeignLayout.Layer(("calls.bpf.o", s_elf)), s_labels);
        string other = Path.Combine(_folder.Root, "other");
        using (var process = Process.Start("skopeo", ["copy", "-q", "--dest-compress-format", "zstd", $"oci:{_folder.Path}:calls:v1", $"oci:{other}:v1"]))
        {
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }

        var stores = new ImageStores(other, zstandard: () => new Zstandard());
        Image image = stores.Find("v1")!;
        Assert.EndsWith("tar+zstd", image.Program!.MediaType, StringComparison.Ordinal);
        Assert.Equal(s_elf, stores.ReadProgram(image));
    }

    [Fact]
    public void An_ambiguous_layer_is_reported()
    {
        _layout.AddBpfman("none:v1", ForeignLayout.Layer(("README", new byte[30])), s_labels);
        _layout.AddBpfman("two:v1", ForeignLayout.Layer(("a.o", s_elf), ("b.o", s_otherElf)), s_labels);
        _layout.AddBpfman("other:v1", ForeignLayout.Layer(("a.o", s_elf)), s_older);
        _layout.AddBpfman("container:v1", ForeignLayout.Layer(("bin/sh", s_elf)), new Dictionary<string, string> { ["maintainer"] = "they" });

        Assert.Contains("no eBPF object", Refuse("none:v1", StoreFault.NoProgram), StringComparison.Ordinal);
        Assert.Contains("a.o, b.o", Refuse("two:v1", StoreFault.NoProgram), StringComparison.Ordinal);
        Assert.Contains("calls.bpf.o", Refuse("other:v1", StoreFault.NoProgram), StringComparison.Ordinal);
        Assert.Contains("without bpfman's labels", Refuse("container:v1", StoreFault.NoProgram), StringComparison.Ordinal);
        Assert.Equal(ImageFormat.Unknown, _folder.Store.Find("container:v1")!.Format);
    }

    [Fact]
    public void Bombs_links_and_paths_that_lead_out_are_refused()
    {
        _layout.AddBpfman("bomb:v1", ForeignLayout.Layer(("a.o", new byte[StoreLimits.Program + 1]), ("b", new byte[3 * StoreLimits.Program])), s_older);
        _layout.AddBpfman("large:v1", ForeignLayout.Layer(("calls.bpf.o", new byte[StoreLimits.Program + 1])), s_older);
        _layout.AddBpfman("link:v1", Tar.Gzip(Tar.Join(Tar.Entry("calls.bpf.o", '2', link: "/etc/shadow"))), s_older);
        _layout.AddBpfman("out:v1", Tar.Gzip(Tar.Join(Tar.Entry("../calls.bpf.o", '0', s_elf))), s_older);

        Refuse("bomb:v1", StoreFault.TooLarge);
        Refuse("large:v1", StoreFault.TooLarge);
        Refuse("link:v1", StoreFault.BadArchive);
        Refuse("out:v1", StoreFault.BadArchive);
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("[1, 2]")]
    [InlineData("""{"a":{}}""")]
    [InlineData("\"\\ud800\"")]
    [InlineData("""{"\ud800":"x"}""")]
    public void A_label_that_is_damaged_stops_nothing(string programs)
    {
        _layout.AddBpfman("x:v1", ForeignLayout.Layer(("a.o", s_elf)), new Dictionary<string, string>(s_labels) { ["io.ebpf.programs"] = programs });
        Image image = _folder.Store.Find("x:v1")!;

        Assert.Equal(programs, image.Labels["io.ebpf.programs"]);
        Assert.Equal(s_elf, _folder.Store.ReadProgram(image));
    }

    public void Dispose() => _folder.Dispose();

    private ImageStores Reader => new(_folder.Path, zstandard: () => new Zstandard());

    private static byte[] Zstd(byte[] content)
    {
        using var compressor = new Compressor();
        return compressor.Wrap(content).ToArray();
    }

    private string Refuse(string reference, StoreFault fault, ImageStores? reader = null)
    {
        reader ??= new ImageStores(_folder.Path);
        Image image = reader.Find(reference)!;
        Assert.Null(image.Problem);
        StoreException e = Assert.Throws<StoreException>(() => reader.ReadProgram(image));
        Assert.Equal(fault, e.Fault);
        return e.Message;
    }
}
