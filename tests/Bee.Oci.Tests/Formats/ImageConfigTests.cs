using Bee.Oci.Formats;

namespace Bee.Oci.Tests.Formats;

public sealed class ImageConfigTests
{
    [Fact]
    public void Names_of_values_that_differ_in_control_characters_alone_are_one()
    {
        var values = new Dictionary<string, string> { ["1\u0001"] = "read", ["1\u0002"] = "write" };
        var config = new ImageConfig { Maps = [new ImageMap { Name = "events", Fields = [new ImageField { Name = "kind", Values = values }] }] };

        Assert.Equal("read", Assert.Single(ConfigCheck.Sanitize(config).Maps[0].Fields![0].Values!).Value);
    }
}
