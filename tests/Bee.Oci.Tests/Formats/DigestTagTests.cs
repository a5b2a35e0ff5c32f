using Bee.Oci.Formats;

namespace Bee.Oci.Tests.Formats;

public class DigestTagTests
{
    private const string Hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData($"sha256-{Hex}")]
    [InlineData($"sha256-{Hex}.sig")]
    [InlineData($"sha256-{Hex}.att")]
    [InlineData($"localhost:5000/me/tool:sha256-{Hex}.sbom")]
    public void Names_its_subject(string name) => Assert.Equal($"sha256:{Hex}", DigestTag.Subject(name).ToString());

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("v1")]
    [InlineData("sha256-e3b0c44298fc1c14")]
    [InlineData("sha256-E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    [InlineData("sha256-:::::44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData($"sha256-{Hex}.")]
    [InlineData($"sha256-{Hex}5")]
    [InlineData($"sha256-{Hex}-v1")]
    [InlineData($"me/tool@sha256:{Hex}")]
    public void Leaves_images_their_names(string? name) => Assert.Null(DigestTag.Subject(name));

    [Fact]
    public void Reads_what_it_writes()
    {
        Assert.Equal($"sha256-{Hex}.sig", DigestTag.Signatures(Digest.Parse($"sha256:{Hex}")));
        Assert.Equal($"sha256:{Hex}", DigestTag.Subject(DigestTag.Signatures(Digest.Parse($"sha256:{Hex}"))).ToString());
        Assert.Equal($"sha256:{Hex}", DigestTag.Subject(DigestTag.Referrers(Digest.Parse($"sha256:{Hex}"))).ToString());
    }
}
