using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Oci.Registry.Transport;

namespace Bee.Oci.Tests.Registry;

[Collection(nameof(EnvironmentTests))]
public sealed class ProxyTests : IDisposable
{
    private static readonly string[] s_names = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];

    private readonly List<(string Name, string? Value)> _before = [.. s_names.Concat(s_names.Select(name => name.ToUpperInvariant()))
        .Select(name => (name, Environment.GetEnvironmentVariable(name)))];

    public ProxyTests() => _before.ForEach(variable => Environment.SetEnvironmentVariable(variable.Name, null));

    public void Dispose() => _before.ForEach(variable => Environment.SetEnvironmentVariable(variable.Name, variable.Value));

    [Theory]
    [InlineData("http_proxy")]
    [InlineData("HTTP_PROXY")]
    [InlineData("ALL_PROXY")]
    public async Task A_registry_is_reached_by_proxy(string variable)
    {
        using var proxy = new Wire(request => Wire.Ok($"for {request.Target}"));
        Environment.SetEnvironmentVariable(variable, proxy.Host);
        using var transport = new RegistryTransport("registry.invalid:5000", Wire.Quick with { PlainHttp = true });

        Assert.Equal((200, "for http://registry.invalid:5000/v2/"), await Wire.GetAsync(transport));
    }

    [Fact]
    public async Task The_proxys_password_is_sent_to_the_proxy_and_not_shown()
    {
        using var proxy = new Wire(request => request.Header("Proxy-Authorization") is null
            ? new Bee.Registries.HttpAnswer(407).With("Proxy-Authenticate", "Basic realm=\"proxy\"")
            : Wire.Ok("through"));
        Environment.SetEnvironmentVariable("http_proxy", $"http://ada:pr0xy-secret@{proxy.Host}");
        using var transport = new RegistryTransport("registry.invalid", Wire.Quick with { PlainHttp = true });

        Assert.Equal((200, "through"), await Wire.GetAsync(transport));
        Assert.Equal("Basic " + Convert.ToBase64String("ada:pr0xy-secret"u8), proxy.Requests.Last().Header("Proxy-Authorization"));
    }

    [Fact]
    public async Task A_proxy_that_rejects_all_is_reported()
    {
        using var proxy = new Wire(_ => new Bee.Registries.HttpAnswer(403));
        Environment.SetEnvironmentVariable("https_proxy", $"http://ada:pr0xy-secret@{proxy.Host}");
        using var transport = new RegistryTransport("registry.invalid", Wire.Quick);

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Wire.GetAsync(transport));

        Assert.Equal(RegistryFault.Unreachable, error.Fault);
        Assert.Equal(["CONNECT"], proxy.Requests.Select(request => request.Method).Distinct());
        Assert.DoesNotContain("pr0xy-secret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task This_machine_is_not_asked_by_proxy()
    {
        using var proxy = new Wire(_ => Wire.Ok("by proxy"));
        using var registry = new Wire(_ => Wire.Ok("direct"));
        Environment.SetEnvironmentVariable("http_proxy", proxy.Host);

        Assert.Equal((200, "direct"), await registry.GetAsync());
        Assert.Empty(proxy.Requests);
    }

    [Theory]
    [InlineData("registry.example", true)]
    [InlineData("example", true)]
    [InlineData(".example", true)]
    [InlineData("*.example", true)]
    [InlineData("a.test, registry.example:5000", true)]
    [InlineData("registry.example:443", false)]
    [InlineData("gistry.example", false)]
    [InlineData("other.example", false)]
    [InlineData("*", true)]
    [InlineData("", false)]
    public void Some_are_not_asked_by_proxy(string without, bool bypassed)
    {
        Environment.SetEnvironmentVariable("https_proxy", "http://proxy.example:3128");
        Environment.SetEnvironmentVariable("no_proxy", without);

        Assert.Equal(bypassed, EnvironmentProxy.Read()!.IsBypassed(new Uri("https://registry.example:5000/")));
    }

    [Theory]
    [InlineData("10.0.0.0/8", true)]
    [InlineData("10.1.2.3", true)]
    [InlineData("10.1.2.4", false)]
    [InlineData("192.168.0.0/16", false)]
    public void Addresses_can_be_named_by_network(string without, bool bypassed)
    {
        Environment.SetEnvironmentVariable("all_proxy", "socks5://proxy.example:1080");
        Environment.SetEnvironmentVariable("no_proxy", without);

        Assert.Equal(bypassed, EnvironmentProxy.Read()!.IsBypassed(new Uri("https://10.1.2.3/")));
    }

    [Theory]
    [InlineData("ftp://proxy.example")]
    [InlineData("http://user:pr0xy-secret@")]
    [InlineData("http://pr0xy-secret:99999999/")]
    public void An_invalid_proxy_variable_is_named_and_its_value_is_not_shown(string value)
    {
        Environment.SetEnvironmentVariable("https_proxy", value);

        RegistryException error = Assert.Throws<RegistryException>(() => new RegistryTransport("registry.example", new RegistryOptions()));

        Assert.Contains("https_proxy", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("pr0xy-secret", error.ToString(), StringComparison.Ordinal);
    }
}
