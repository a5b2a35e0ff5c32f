using Bee.Oci.Formats;

namespace Bee.Oci.Tests.Formats;

/// <summary>Tests the names of platforms, and the choice of a platform in an index.</summary>
public sealed class PlatformTests
{
    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("arm64", "linux/arm64")]
    [InlineData("aarch64", "linux/arm64")]
    [InlineData("Linux/ARM64/v8", "linux/arm64")]
    [InlineData("linux/arm/v7", "linux/arm/v7")]
    [InlineData("s390x", "linux/s390x")]
    [InlineData(" x86_64 ", "linux/amd64")]
    public void Every_usual_name_is_read(string text, string platform) => Assert.Equal(platform, Platform.Parse(text).ToString());

    [Theory]
    [InlineData("", "linux/amd64")]
    [InlineData("linux/", "linux/amd64")]
    [InlineData("linux/arm/v7/more", "linux/amd64")]
    [InlineData("windows/amd64", "windows")]
    [InlineData("linux/z80", "z80")]
    public void Invalid_values_are_reported(string text, string named)
    {
        StoreException e = Assert.Throws<StoreException>(() => Platform.Parse(text));
        Assert.Equal(StoreFault.BadPlatform, e.Fault);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Architecture_decides_and_a_variant_only_among_those_that_fit()
    {
        Descriptor[] all = [For("linux/amd64"), For("linux/arm/v6"), For("linux/arm/v7"), For("linux/arm64")];
        Assert.Equal("linux/arm/v7", Chosen(all, "linux/arm/v7"));
        Assert.Equal("linux/arm/v6", Chosen(all, "linux/arm"));
        Assert.Equal("linux/arm64", Chosen(all, "linux/arm64"));
        Assert.Null(Chosen(all, "linux/riscv64"));
    }

    [Fact]
    public void The_other_byte_order_never_fits()
    {
        Descriptor[] all = [For("linux/ppc64"), For("linux/mips64")];
        Assert.Null(Chosen(all, "linux/ppc64le"));
        Assert.Null(Chosen(all, "linux/mips64le"));
        Assert.Equal("linux/ppc64", Chosen(all, "linux/ppc64"));
        Assert.True(Platform.Parse("ppc64").IsBigEndian);
        Assert.False(Platform.Parse("ppc64le").IsBigEndian);
    }

    [Fact]
    public void An_image_without_a_platform_is_chosen_only_if_it_is_the_only_one()
    {
        var nameless = new Descriptor(MediaTypes.ImageManifest, Digest.Of("1"u8), 1);
        Assert.Same(nameless, PlatformChoice.For([nameless], Platform.Host));
        Assert.Null(PlatformChoice.For([nameless, nameless], Platform.Host));
    }

    private static Descriptor For(string platform) => new(MediaTypes.ImageManifest, Digest.Of(System.Text.Encoding.UTF8.GetBytes(platform)), 1) { Platform = Platform.Parse(platform) };

    private static string? Chosen(Descriptor[] all, string platform) => PlatformChoice.For(all, Platform.Parse(platform))?.Platform?.ToString();
}
