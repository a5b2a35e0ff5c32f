using Bee.Oci.Formats;

namespace Bee.Oci.Tests.Formats;

public sealed class DigestTests
{
    private const string EmptyHex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Fact]
    public async Task Of_bytes_and_of_a_stream_is_their_sha256()
    {
        var digest = Digest.Of([]);
        Assert.Equal($"sha256:{EmptyHex}", digest.ToString());
        Assert.Equal(("sha256", EmptyHex, false), (digest.Algorithm, digest.Hex, digest.IsEmpty));

        using var stream = new MemoryStream("abc"u8.ToArray());
        Assert.Equal(Digest.Of("abc"u8), await Digest.OfAsync(stream));
        Assert.Equal(digest, await Digest.OfAsync(stream));
    }

    [Fact]
    public void Parse_reads_what_ToString_writes()
    {
        var digest = Digest.Of("x"u8);
        var parsed = Digest.Parse(digest.ToString());
        Assert.True(parsed == digest);
        Assert.Equal(digest.GetHashCode(), parsed.GetHashCode());
        Assert.True(parsed != Digest.Of("y"u8));
        Assert.Equal(digest.ToString(), (string)digest);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256:")]
    [InlineData(EmptyHex)]
    [InlineData($"sha256:{EmptyHex}0")]
    [InlineData($"SHA256:{EmptyHex}")]
    [InlineData($" sha256:{EmptyHex}")]
    [InlineData($"sha256-{EmptyHex}")]
    [InlineData($"md5:{EmptyHex}")]
    [InlineData($"sha512:{EmptyHex}{EmptyHex}")]
    [InlineData("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("sha256:../../../../../../../../../../../../../../../../../../../../../../etc")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85g")]
    public void TryParse_rejects_other_text(string? text)
    {
        Assert.False(Digest.TryParse(text, out Digest digest));
        Assert.True(digest.IsEmpty);
        if (text is not null)
        {
            Assert.Throws<FormatException>(() => Digest.Parse(text));
        }
    }

    [Fact]
    public void A_default_value_is_empty()
    {
        Assert.Equal(("", "", "", true), (default(Digest).Algorithm, default(Digest).Hex, default(Digest).ToString(), default(Digest).IsEmpty));
        Assert.Equal(default, new Digest());
        Assert.NotEqual(default, Digest.Of([]));
    }
}
