using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;

namespace Bee.Oci.Tests.Registry.Client;

/// <summary>URLs in response headers, in the forms that registries use.</summary>
public sealed class AnswerAddressTests
{
    private const string Aa = "961b6dd3ede3cb8ecbaacbd68de040cd78eb2ed5889130cceb4c49268ea4d506";

    private static readonly Uri s_registry = new("https://registry.example:8443/");

    [Theory]
    [InlineData("/v2/x/blobs/uploads/1", "https://registry.example:8443/v2/x/blobs/uploads/1")]
    [InlineData("1?_state=a%2Bb%3D%3D&c", "https://registry.example:8443/v2/x/blobs/uploads/1?_state=a%2Bb%3D%3D&c")]
    [InlineData("https://registry.example:8443/up/1", "https://registry.example:8443/up/1")]
    [InlineData("https://store.example/up?sig=a+b/c==", "https://store.example/up?sig=a+b/c==")]
    [InlineData("//store.example/up", "https://store.example/up")]

    // A registry behind a proxy that terminates TLS.
    [InlineData("http://registry.example/up/1?a=b", "https://registry.example:8443/up/1?a=b")]
    [InlineData("http://REGISTRY.example:5000/up", "https://registry.example:8443/up")]
    public void A_place_is_taken_from_the_address_that_was_asked(string location, string expected) =>
        Assert.Equal(expected, AnswerAddress.Location(Answer("Location", location), s_registry).AbsoluteUri);

    [Theory]
    [InlineData("http://store.example/up", RegistryFault.Unsafe)]
    [InlineData("https://me:pass@registry.example:8443/up", RegistryFault.Unsafe)]
    [InlineData("file:///etc/passwd", RegistryFault.BadAnswer)]
    [InlineData("https:///up", RegistryFault.BadAnswer)]
    [InlineData("  ", RegistryFault.BadAnswer)]
    public void What_may_not_be_followed_is_not(string location, RegistryFault fault)
    {
        var refused = Assert.Throws<RegistryException>(() => AnswerAddress.Location(Answer("Location", location), s_registry));
        Assert.Equal(fault, refused.Fault);
        Assert.DoesNotContain("pass@", refused.Message);
    }

    [Theory]
    [InlineData("https://r/up", "https://r/up?digest=sha256%3A" + Aa)]
    [InlineData("https://r/up?", "https://r/up?digest=sha256%3A" + Aa)]
    [InlineData("https://r/up?a=b", "https://r/up?a=b&digest=sha256%3A" + Aa)]
    [InlineData("https://r/up?a=b&", "https://r/up?a=b&digest=sha256%3A" + Aa)]
    [InlineData("https://r/up?_state=a%2Bb%3D%3D", "https://r/up?_state=a%2Bb%3D%3D&digest=sha256%3A" + Aa)]
    [InlineData("https://r/up?a=b#part", "https://r/up?a=b&digest=sha256%3A" + Aa)]
    public void The_digest_is_appended_to_the_registrys_own_query(string location, string expected) =>
        Assert.Equal(expected, AnswerAddress.WithDigest(new Uri(location), Digest.Of("aa"u8)).AbsoluteUri);

    [Theory]
    [InlineData("</v2/x/tags/list?last=v1&n=3>; rel=\"next\"", "/v2/x/tags/list?last=v1&n=3")]
    [InlineData("</a>;rel=next", "/a")]
    [InlineData("</a>; REL=\"prev NEXT\"", "/a")]
    [InlineData("</a>; rel=prev, </b>; title=\"x, y; rel=\"; rel=next", "/b")]
    [InlineData("</a,b;c>; rel=next", "/a,b;c")]
    [InlineData("</a>; rel=nextish", null)]
    [InlineData("</a>", null)]
    [InlineData("<>; rel=next", null)]
    [InlineData("</a; rel=next", null)]
    [InlineData("garbage", null)]
    [InlineData("</a>; \"", null)]
    [InlineData("", null)]
    public void The_next_link_is_found(string header, string? target) => Assert.Equal(target, LinkHeader.Next(header));

    [Fact]
    public void A_link_header_may_come_several_times()
    {
        HttpResponseMessage answer = Answer("Link", "</a>; rel=prev");
        answer.Headers.TryAddWithoutValidation("Link", "<2>; rel=next");
        Assert.Equal("https://registry.example:8443/v2/x/blobs/uploads/2", AnswerAddress.NextPage(answer, s_registry)!.AbsoluteUri);
    }

    [Theory]
    [InlineData("0-1023", 1024L)]
    [InlineData("bytes=0-1023", 1024L)]
    [InlineData("0-0", 0L)]
    [InlineData("5-10", null)]
    [InlineData("0--1", null)]
    [InlineData("0-", null)]
    [InlineData("0-99999999999999999999", null)]
    [InlineData("0-9223372036854775807", null)]
    [InlineData("nothing", null)]
    [InlineData(null, null)]
    public void How_far_an_upload_is(string? range, long? next) => Assert.Equal(next, UploadRange.Next(Answer("Range", range)));

    private static HttpResponseMessage Answer(string header, string? value)
    {
        var answer = new HttpResponseMessage { RequestMessage = new HttpRequestMessage(HttpMethod.Post, new Uri(s_registry, "/v2/x/blobs/uploads/")) };
        if (value is not null)
        {
            answer.Headers.TryAddWithoutValidation(header, value);
        }

        return answer;
    }
}
