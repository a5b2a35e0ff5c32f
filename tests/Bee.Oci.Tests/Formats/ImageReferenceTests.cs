using Bee.Oci.Formats;

namespace Bee.Oci.Tests.Formats;

public class ImageReferenceTests
{
    private const string Digest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Theory]
    [InlineData("opensnoop", null, "opensnoop", null, null)]
    [InlineData("opensnoop:v1", null, "opensnoop", "v1", null)]
    [InlineData("me/opensnoop:v1", null, "me/opensnoop", "v1", null)]
    [InlineData("ghcr.io/me/opensnoop:v1", "ghcr.io", "me/opensnoop", "v1", null)]
    [InlineData("ghcr.io/a/b/c/d__e-f.g:V1.0_x-y", "ghcr.io", "a/b/c/d__e-f.g", "V1.0_x-y", null)]
    [InlineData("localhost/x", "localhost", "x", null, null)]
    [InlineData("localhost:5000/x", "localhost:5000", "x", null, null)]
    [InlineData("host:5000/x:v1", "host:5000", "x", "v1", null)]
    [InlineData("127.0.0.1:5000/x", "127.0.0.1:5000", "x", null, null)]
    [InlineData("[::1]:5000/a/x:v1", "[::1]:5000", "a/x", "v1", null)]
    [InlineData("[2001:db8::1]/x", "[2001:db8::1]", "x", null, null)]
    [InlineData("Registry.Example/x", "Registry.Example", "x", null, null)]
    [InlineData("x@" + Digest, null, "x", null, Digest)]
    [InlineData("ghcr.io/me/x:v1@" + Digest, "ghcr.io", "me/x", "v1", Digest)]
    [InlineData("x---y", null, "x---y", null, null)]
    [InlineData("ghcr.io/sha256:v1", "ghcr.io", "sha256", "v1", null)]
    [InlineData("me/sha256:v1", null, "me/sha256", "v1", null)]
    public void Takes_a_reference_apart_and_puts_it_together(string text, string? registry, string repository, string? tag, string? digest)
    {
        var reference = ImageReference.Parse(text);

        Assert.Equal((registry, repository, tag, digest), (reference.Registry, reference.Repository, reference.Tag, reference.Digest));
        Assert.Equal(text, reference.ToString());
        Assert.Equal(reference, ImageReference.Parse(text));
    }

    [Theory]
    [InlineData("[::1]:5000/a/x:v1", 5, false)]
    [InlineData("[2001:db8:0:0:0:0:0:1]/x", 22, false)]
    [InlineData("[::1]:5000/a/*", 5, true)]
    [InlineData("[::1]:500[01]/a", 5, true)]
    [InlineData("[a-f]:v1", 0, true)]
    [InlineData("[:a]/x", 0, true)]
    [InlineData("tool[::1]", 0, true)]
    [InlineData("ghcr.io/x", 0, false)]
    [InlineData("[", 0, true)]
    [InlineData("[]", 0, true)]
    [InlineData("", 0, false)]
    public void Brackets_of_an_address_are_not_a_wildcard(string text, int address, bool isPattern)
    {
        Assert.Equal(address, ImageReference.AddressLength(text));
        Assert.Equal(isPattern, ImageReference.IsPattern(text));
    }

    [Theory]
    [InlineData("ada:s3cret@ghcr.io/me/x:v1", "(login)@ghcr.io/me/x:v1")]
    [InlineData("ada:s3cret/@localhost:5000/x", "(login)@localhost:5000/x")]
    [InlineData("ada:s3cret@ghcr.io/x@" + Digest, "(login)@ghcr.io/x@sha256:")]
    [InlineData("https://ada:s3cret@ghcr.io/x", "https://(login)@ghcr.io/x")]
    [InlineData("https://s3cret@ghcr.io", "https://(login)@ghcr.io")]
    [InlineData("ada:s3cret@localhost:5620", "(login)@localhost:5620")]
    [InlineData("ada:s3cret@registry", "(login)@registry")]
    [InlineData("s3cret@localhost:5620/x", "(login)@localhost:5620/x")]
    [InlineData("s3cret@registry/x@" + Digest, "(login)@registry/x@sha256:")]
    [InlineData("ada:s3cret@s3cret@ghcr.io/x", "(login)@ghcr.io/x")]
    [InlineData("ada:s3cret:/s3cret@[::1]:5000/x", "(login)@[::1]:5000/x")]
    [InlineData("ada:s3cret%40@ghcr.io/x", "(login)@ghcr.io/x")]
    [InlineData("ada%3As3cret%40ghcr.io/x", "(login)@ghcr.io/x")]
    [InlineData("//ada:s3cret@ghcr.io/x", "(login)@ghcr.io/x")]
    [InlineData("ada:s3cret@sha256:5000/x", "(login)@sha256:5000/x")]
    public void A_login_in_it_is_not_repeated(string text, string shown)
    {
        Assert.False(ImageReference.TryParse(text, out _, out string? problem));
        Assert.Contains(shown, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("https://ghcr.io/x", "scheme")]
    [InlineData("ghcr.io/", "does not name a repository")]
    [InlineData("ghcr.io", null)]
    [InlineData(":v1", "does not name a repository")]
    [InlineData("@" + Digest, "does not name a repository")]
    [InlineData("me/Opensnoop", "capital letters")]
    [InlineData("a//b", "empty component")]
    [InlineData("/a", "empty component")]
    [InlineData("a/", "empty component")]
    [InlineData("a..b", "separator")]
    [InlineData("a___b", "separator")]
    [InlineData("-a", "separator")]
    [InlineData("a-", "separator")]
    [InlineData("a._b", "separator")]
    [InlineData("a b", "' '")]
    [InlineData("../x", "registry")]
    [InlineData("x:", "tag after ':' is empty")]
    [InlineData("x:-v", "tag '-v'")]
    [InlineData("x:a b", "tag 'a b'")]
    [InlineData("x@", "no digest")]
    [InlineData("x@sha256:12", "digest 'sha256:12'")]
    [InlineData("x@" + Digest + "@" + Digest, "digest")]
    [InlineData("host:0/x", "port '0'")]
    [InlineData("host:65536/x", "port '65536'")]
    [InlineData("host:http/x", "port 'http'")]
    [InlineData("host:/x", "port ''")]
    [InlineData("ho_st.x/x", "'ho_st'")]
    [InlineData("-host.x/x", "'-host'")]
    [InlineData("host..x/x", "empty part")]
    [InlineData("[::1/x", "bracket")]
    [InlineData("[::g]/x", "IPv6")]
    [InlineData("[fe80::1%25eth0]/x", "zone")]
    [InlineData("[fe80::1%eth0]:5000/x", "zone")]
    [InlineData("[1.2.3.4]/x", "IPv6")]
    [InlineData("[::1]x/x", "after its brackets")]
    [InlineData(Digest, "looks like a digest")]
    [InlineData("sha256:v1", "looks like a digest")]
    [InlineData("sha256", "looks like a digest")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "looks like a digest")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855:v1", "looks like a digest")]
    public void Reports_the_invalid_part(string text, string? part)
    {
        // Without a slash, 'ghcr.io' is the name of a repository, as in other tools.
        if (part is null)
        {
            Assert.Null(ImageReference.Parse(text).Registry);
            return;
        }

        Assert.False(ImageReference.TryParse(text, out _, out string? problem));
        Assert.Contains(part, problem);
        Assert.Equal(StoreFault.BadReference, Assert.Throws<StoreException>(() => ImageReference.Parse(text)).Fault);
    }

    [Fact]
    public void Has_limits_of_length()
    {
        Assert.True(ImageReference.TryParse(new string('a', 255) + ":" + new string('t', 128), out _));
        Assert.False(ImageReference.TryParse(new string('a', 256), out _, out string? tooLong));
        Assert.Contains("255", tooLong);
        Assert.False(ImageReference.TryParse("a:" + new string('t', 129), out _, out tooLong));
        Assert.Contains("128", tooLong);
    }

    [Fact]
    public void A_reference_without_tag_and_digest_means_latest()
    {
        Assert.Equal("x:latest", ImageReference.Parse("x").WithDefaultTag().ToString());
        Assert.Equal("x:v1", ImageReference.Parse("x:v1").WithDefaultTag().ToString());
        Assert.Equal("x@" + Digest, ImageReference.Parse("x@" + Digest).WithDefaultTag().ToString());
    }

    [Fact]
    public void Never_throws_on_noise()
    {
        var random = new Random(1);
        const string Letters = "abcA09._-/:@[]%*é\0 ";
        for (int i = 0; i < 20_000; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(24)).Select(_ => Letters[random.Next(Letters.Length)])]);
            if (ImageReference.TryParse(text, out ImageReference? reference, out string? problem))
            {
                Assert.Equal(text, reference.ToString());
            }
            else
            {
                Assert.NotEmpty(problem);
            }
        }
    }
}
