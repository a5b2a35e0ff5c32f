using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Transport;

namespace Bee.Oci.Tests.Trust;

/// <summary>Tests which repositories a rule matches.</summary>
public sealed class RepositoryPatternTests
{
    [Theory]
    [InlineData("ghcr.io/me/tool", "ghcr.io/me/tool:v1", true)]
    [InlineData("ghcr.io/me/tool", "ghcr.io/me/tool/more:v1", false)]
    [InlineData("ghcr.io/me/tool", "ghcr.io/me/tools:v1", false)]
    [InlineData("ghcr.io/me/*", "ghcr.io/me/tool", true)]
    [InlineData("ghcr.io/me/*", "ghcr.io/me/deep/er/tool", true)]
    [InlineData("ghcr.io/me/*", "ghcr.io/me", false)]
    [InlineData("ghcr.io/me/*", "ghcr.io/melissa/tool", false)]
    [InlineData("ghcr.io/*/tool", "ghcr.io/me/tool", true)]
    [InlineData("ghcr.io/*/tool", "ghcr.io/a/b/tool", false)]
    [InlineData("ghcr.io/me/open*", "ghcr.io/me/opensnoop", true)]
    [InlineData("ghcr.io/me/open*", "ghcr.io/me/open/evil", false)]
    [InlineData("*.example.com/*", "a.example.com/x", true)]
    [InlineData("*.example.com/*", "evil.org/a.example.com/x", false)]
    [InlineData("*.example.com/*", "a.example.com.evil.org/x", false)]
    [InlineData("*/me/*", "ghcr.io/me/tool", true)]
    [InlineData("*/me/*", "ghcr.io/you/me/tool", false)]
    [InlineData("*", "localhost:5000/a/b", true)]
    [InlineData("*", "a/b", false)]
    [InlineData("localhost:5000/*", "localhost:5000/a", true)]
    [InlineData("localhost:5000/*", "localhost:5001/a", false)]
    [InlineData("[::1]:5000/*", "[::1]:5000/a", true)]
    [InlineData("ghcr.io/me/*", "GHCR.io/me/tool", true)]
    [InlineData("ghcr.io/me/*", "ghcr.io:443/me/tool", true)]
    [InlineData("ghcr.io:443/me/*", "ghcr.io/me/tool", true)]
    [InlineData("ghcr.io/me/*", "ghcr.io:0443/me/tool", true)]
    [InlineData("ghcr.io:0443/me/*", "ghcr.io/me/tool", true)]
    [InlineData("build.lan/me/*", "build.lan:80/me/tool", true)]
    [InlineData("build.lan/me/*", "build.lan:8080/me/tool", false)]
    [InlineData("localhost:5000/*", "localhost:05000/a", true)]
    [InlineData("*.lan:5000/*", "build.lan:05000/a", true)]
    [InlineData("*.lan:05000/*", "build.lan:5000/a", true)]
    [InlineData("[::1]:5000/*", "[0:0:0::0001]:5000/a", true)]
    [InlineData("[0::1]:5000/*", "[::1]:5000/a", true)]
    [InlineData("[2001:db8::1]/*", "[2001:DB8:0::1]:443/a", true)]
    [InlineData("[2001:db8::1]/*", "[2001:db8::2]/a", false)]
    [InlineData("127.0.0.1:5000/*", "127.1:5000/a", true)]
    [InlineData("127.0.0.1:5000/*", "127.0.0.01:5000/a", true)]
    [InlineData("127.0.*:5000/*", "127.1:5000/a", true)]
    [InlineData("127.0.0.1:5000/*", "127.0.0.2:5000/a", false)]
    [InlineData("docker.io/library/*", "docker.io/tool", true)]
    [InlineData("docker.io/library/tool", "index.docker.io/tool", true)]
    [InlineData("docker.io/tool", "docker.io/library/tool", true)]
    [InlineData("*/tool", "docker.io/library/tool", true)]
    [InlineData("docker.io/tool", "docker.io/me/tool", false)]
    [InlineData("ghcr.io/tool", "ghcr.io/library/tool", false)]
    [InlineData("docker.io/me/*", "registry-1.docker.io/me/tool", true)]
    [InlineData("index.docker.io/me/*", "docker.io/me/tool", true)]
    [InlineData("ghcr.io/me/*", "ghcrxio.x/me/tool", false)]
    public void A_star_stays_between_its_slashes(string pattern, string reference, bool fits)
    {
        Assert.Equal(fits, RepositoryPattern.Parse(pattern).Fits(ImageReference.Parse(reference)));
    }

    [Fact]
    public void Names_that_lead_to_one_address_are_one_registry_to_a_rule()
    {
        string[] hosts =
        [
            "ghcr.io", "GHCR.IO", "ghcr.io:443", "ghcr.io:0443", "ghcr.io:8443", "docker.io", "registry-1.docker.io", "registry-1.docker.io:443",
            "localhost", "localhost:80", "LocalHost:080", "localhost:5000", "127.0.0.1:5000", "127.1:5000", "127.0.0.1:05000", "0x7f.1:5000", "0177.0.0.1:5000", "2130706433:5000",
            "[::1]:5000", "[0::1]:5000", "[0:0:0:0:0:0:0:1]:05000", "[::ffff:127.0.0.1]:5000", "[::ffff:7f00:1]:5000", "[2001:db8::1]", "[2001:DB8:0::0001]:443",
        ];
        var options = new RegistryOptions();
        foreach (string one in hosts)
        {
            foreach (string other in hosts.Where(other => RegistryAddress.Api(other, options) == RegistryAddress.Api(one, options)))
            {
                Assert.True(RepositoryPattern.Parse($"{one}/me/*").Fits(ImageReference.Parse($"{other}/me/tool")), $"a rule for {one} does not know {other}");
            }
        }
    }

    [Theory]
    [InlineData("", "fits no repository")]
    [InlineData("ghcr.io/**", "One '*' as the last component")]
    [InlineData("ghcr.io/**/tool", "has '**'")]
    [InlineData("ghcr.io", "does not match repositories of a registry")]
    [InlineData("me/tool", "does not match repositories of a registry")]
    [InlineData("ghcr.io/me/tool:v1", "tag")]
    [InlineData("ghcr.io/me/*:v1", "tag")]
    [InlineData("ghcr.io/me/tool@sha256:0000000000000000000000000000000000000000000000000000000000000000", "digest")]
    [InlineData("ghcr.io//tool", "empty component")]
    [InlineData("ghcr.io/Me/*", "capital")]
    [InlineData("https://ghcr.io/me/*", "scheme")]
    [InlineData("ghcr.io/m?e/*", "'?'")]
    [InlineData("localhost:99999/*", "port")]
    public void Invalid_values_are_reported(string pattern, string says)
        => Assert.Contains(says, Assert.Throws<FormatException>(() => RepositoryPattern.Parse(pattern)).Message, StringComparison.Ordinal);
}
