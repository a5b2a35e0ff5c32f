using Bee.Oci.Formats;

namespace Bee.Oci.Tests.Formats;

public class ContentDigestTests
{
    private const string OfNothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Fact]
    public void Names_content_by_sha256() => Assert.Equal(OfNothing, ContentDigest.Of([]).ToString());

    [Fact]
    public void Reads_what_it_writes() => Assert.Equal(ContentDigest.Of([]), ContentDigest.Parse(OfNothing));

    [Theory]
    [InlineData("")]
    [InlineData("sha256:")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85")]
    [InlineData("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555")]
    [InlineData("sha256:../../../../../../../../../../../../../../../../../../../etc/passwd")]
    [InlineData("sha512:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(" sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void Takes_nothing_else(string text)
    {
        Assert.False(ContentDigest.TryParse(text, out _));
        Assert.Throws<FormatException>(() => ContentDigest.Parse(text));
    }
}
