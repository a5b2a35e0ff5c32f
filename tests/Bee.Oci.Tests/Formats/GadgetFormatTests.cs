using Bee.Foreign;
using Bee.Oci.Formats;
using Bee.Oci.Store;

namespace Bee.Oci.Tests.Formats;

/// <summary>Reads images in the format of Inspektor Gadget.</summary>
public sealed class GadgetFormatTests : IDisposable
{
    private static readonly byte[] s_mine = "my elf"u8.ToArray();
    private static readonly byte[] s_other = "their elf"u8.ToArray();

    private readonly StoreFolder _folder = new();

    [Fact]
    public void The_hosts_program_is_found_among_the_layers_and_the_image_described()
    {
        new ForeignLayout(_folder.Path).AddGadget("ghcr.io/they/trace_calls:v0.1", [(Platform.Host.Architecture, s_mine), ("mips", s_other)], wasm: "wasm"u8.ToArray());
        Image image = _folder.Store.Find("trace_calls:v0.1")!;

        Assert.Null(image.Problem);
        Assert.Equal((ImageFormat.InspektorGadget, 2, 2), (image.Format, image.Platforms.Count, image.Layers.Count));
        Assert.Equal(Platform.Host, image.Platform);
        Assert.Equal(ForeignLayout.Gadget, image.Metadata);
        Assert.Equal("counts what a process calls", image.Description);
        Assert.Equal("trace calls", image.Annotations["org.opencontainers.image.title"]);
        Assert.Equal(new DateTime(2025, 3, 1, 12, 0, 0, DateTimeKind.Utc), image.Created!.Value.ToUniversalTime());
        Assert.Equal(s_mine, _folder.Store.ReadProgram(image));
    }

    [Fact]
    public void An_image_without_metadata_is_recognized_by_its_layer()
    {
        new ForeignLayout(_folder.Path).AddGadget("x:v1", [(Platform.Host.Architecture, s_mine)], metadata: null);
        Image image = _folder.Store.Find("x:v1")!;

        Assert.Equal((ImageFormat.InspektorGadget, (string?)null, (string?)null), (image.Format, image.Metadata, image.Description));
        Assert.Equal(s_mine, _folder.Store.ReadProgram(image));
    }

    [Fact]
    public void A_missing_platform_is_reported()
    {
        new ForeignLayout(_folder.Path).AddGadget("x:v1", [("mips", s_mine), ("riscv64", s_other)]);
        Assert.Contains("linux/mips, linux/riscv64", Assert.Throws<StoreException>(() => _folder.Store.ReadProgram(_folder.Store.Find("x:v1")!)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_read_out_of_the_program_is_fit_to_be_shown()
    {
        new ForeignLayout(_folder.Path).AddGadget("x:v1", [(Platform.Host.Architecture, s_mine)]);
        Image image = new ImageStores(_folder.Path, new Escapes()).Find("x:v1")!;
        Assert.Equal("\uFFFD[2Jprogram", Assert.Single(image.Programs).Name);
    }

    private sealed class Escapes : IProgramDescriber
    {
        public ImageConfig Describe(byte[] program, string? metadata) => ImageConfig.Empty with { Programs = [new ImageProgram { Name = "\u001b[2Jprogram" }] };
    }

    [Fact]
    public void Metadata_is_fit_to_be_shown_and_not_too_large()
    {
        var layout = new ForeignLayout(_folder.Path);
        layout.AddGadget("x:v1", [(Platform.Host.Architecture, s_mine)], "name: a\r\ndescription: \u001b[2Jred\n");
        layout.AddGadget("y:v1", [(Platform.Host.Architecture, s_mine)], new string('#', 300 << 10));

        Assert.Equal("name: a\ndescription: \uFFFD[2Jred\n", _folder.Store.Find("x:v1")!.Metadata);
        Assert.Equal(StoreFault.TooLarge, Assert.Throws<StoreException>(() => _folder.Store.ReadProgram(_folder.Store.Find("y:v1")!)).Fault);
    }

    [Theory]
    [InlineData("description: plain text", "plain text")]
    [InlineData("name: n\ndescription: \"quoted\"", "quoted")]
    [InlineData("description: 'quoted'", "quoted")]
    [InlineData("description: >\n  folded", null)]
    [InlineData("description: &a text", null)]
    [InlineData("  description: of something else", null)]
    [InlineData("description:", null)]
    [InlineData("", null)]
    public void Simple_values_are_read(string metadata, string? expected) => Assert.Equal(expected, GadgetFormat.Value(metadata, "description"));

    public void Dispose() => _folder.Dispose();
}
