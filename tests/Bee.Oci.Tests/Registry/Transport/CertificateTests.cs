using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry;

public sealed class CertificateTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task An_authority_that_is_named_is_trusted()
    {
        using var registry = new Wire(_ => Wire.Ok("hello"), _authority);

        Assert.Equal((200, "hello"), await registry.GetAsync(Wire.Quick with { CACertificate = _authority.Certificate }));
    }

    [Fact]
    public async Task Another_authority_is_not()
    {
        using var other = new TestAuthority();
        using var registry = new Wire(_ => Wire.Ok("hello"), _authority);

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(Wire.Quick with { CACertificate = other.Certificate }));

        Assert.Equal(RegistryFault.Certificate, error.Fault);
        Assert.Contains("Authority of the tests", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{other.Certificate}' does not contain the certificate of the authority", error.Remedy, StringComparison.Ordinal);
        Assert.Empty(registry.Requests);
    }

    [Fact]
    public async Task Without_an_authority_the_remedy_is_to_give_it()
    {
        using var registry = new Wire(_ => Wire.Ok("hello"), _authority);
        using var transport = new RegistryTransport(registry.Host, Wire.Quick);

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Wire.GetAsync(transport, $"https://{registry.Host}/v2/"));

        Assert.Equal(RegistryFault.Certificate, error.Fault);
        Assert.Contains("Add the certificate of the authority", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expired_certificate_is_reported_with_its_date()
    {
        using var authority = new TestAuthority(until: DateTimeOffset.UtcNow.AddHours(-1));
        using var registry = new Wire(_ => Wire.Ok("hello"), authority);

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(Wire.Quick with { CACertificate = authority.Certificate }));

        Assert.Equal(RegistryFault.Certificate, error.Fault);
        Assert.Contains("it expired on ", error.Message, StringComparison.Ordinal);
        Assert.Contains("clock", error.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("authority", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_name_is_not_mended_by_an_authority()
    {
        using var registry = new Wire(_ => Wire.Ok("hello"), _authority);

        // The same server, by an address that its certificate does not contain.
        using var transport = new RegistryTransport($"[::ffff:127.0.0.1]:{registry.Address.Port}", Wire.Quick with { CACertificate = _authority.Certificate });
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Wire.GetAsync(transport));

        Assert.Equal(RegistryFault.Certificate, error.Fault);
        Assert.Contains("it is for localhost, 127.0.0.1, ::1, not for ", error.Message, StringComparison.Ordinal);
        Assert.Contains("name in the certificate", error.Remedy, StringComparison.Ordinal);
        Assert.Empty(registry.Requests);
    }

    [Fact]
    public async Task The_check_can_be_skipped()
    {
        using var registry = new Wire(_ => Wire.Ok("hello"), _authority);

        Assert.Equal((200, "hello"), await registry.GetAsync(Wire.Quick with { SkipCertificateCheck = true }));
    }

    [Fact]
    public async Task A_registry_without_TLS_is_reported()
    {
        using var registry = new Wire(_ => Wire.Ok("hello"));

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(Wire.Quick with { CACertificate = _authority.Certificate }));

        Assert.True(error.Fault is RegistryFault.Certificate or RegistryFault.Broken, error.ToString());
    }

    [ToolFact(Tool.Registry)]
    public async Task A_registry_of_this_machine_that_wants_TLS_gets_it()
    {
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Authority = _authority });
        using var transport = new RegistryTransport(registry.Host, Wire.Quick);

        // The system does not trust the test authority. The fault shows that the client used TLS.
        Assert.Equal(RegistryFault.Certificate, (await Assert.ThrowsAsync<RegistryException>(() => Wire.GetAsync(transport))).Fault);
        Assert.Equal(registry.Address, transport.Base);
        Assert.Equal(RegistryFault.Certificate, (await Assert.ThrowsAsync<RegistryException>(() => Wire.GetAsync(transport, $"http://{registry.Host}/v2/"))).Fault);
    }

    [ToolFact(Tool.Registry)]
    public async Task A_refusal_without_a_body_is_reported_as_TLS_too()
    {
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Authority = _authority });
        using var transport = new RegistryTransport(registry.Host, Wire.Quick);

        // The first request of a push.
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Wire.HeadAsync(transport));

        Assert.Equal(RegistryFault.Certificate, error.Fault);
        Assert.Equal(registry.Address, transport.Base);
    }

    [ToolTheory(Tool.Registry)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Plain_HTTP_that_was_asked_for_is_not_left(bool head)
    {
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Authority = _authority });
        using var transport = new RegistryTransport(registry.Host, Wire.Quick with { PlainHttp = true });

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => head ? Wire.HeadAsync(transport) : Wire.GetAsync(transport));

        Assert.Equal(RegistryFault.PlainHttp, error.Fault);
        Assert.Contains("Do not request plain http", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_request_does_not_imply_TLS()
    {
        using var registry = new Wire(_ => HttpAnswer.Json(400, "{\"errors\":[]}"));

        Assert.Equal((400, "{\"errors\":[]}"), await registry.GetAsync());
        Assert.Single(registry.Requests);
    }

    [Fact]
    public void A_file_without_certificates_is_refused()
    {
        string file = Path.Combine(Path.GetDirectoryName(_authority.Certificate)!, "empty.pem");
        File.WriteAllText(file, "nothing");

        Assert.Equal(RegistryFault.Certificate, Assert.Throws<RegistryException>(() => new RegistryTransport("registry.example", new RegistryOptions { CACertificate = file })).Fault);
        Assert.Equal(RegistryFault.Certificate, Assert.Throws<RegistryException>(() => new RegistryTransport("registry.example", new RegistryOptions { CACertificate = file + "x" })).Fault);
    }

    [Theory]
    [InlineData("ghcr.io", "https://ghcr.io/")]
    [InlineData("docker.io", "https://registry-1.docker.io/")]
    [InlineData("registry.example:5000", "https://registry.example:5000/")]
    [InlineData("localhost:5000", "http://localhost:5000/")]
    [InlineData("127.1.2.3", "http://127.1.2.3/")]
    [InlineData("[::1]:5000", "http://[::1]:5000/")]
    [InlineData("[2001:db8::1]", "https://[2001:db8::1]/")]
    [InlineData("localhost.example", "https://localhost.example/")]
    public void HTTPS_is_the_rule(string host, string address)
    {
        using var transport = new RegistryTransport(host, new RegistryOptions());

        Assert.Equal(address, transport.Base.ToString());
    }

    [Fact]
    public void Plain_HTTP_is_asked_for()
    {
        using var transport = new RegistryTransport("registry.example", new RegistryOptions { PlainHttp = true });

        Assert.Equal("http://registry.example/", transport.Base.ToString());
    }

    [Theory]
    [InlineData("https://ghcr.io")]
    [InlineData("ghcr.io/me")]
    [InlineData("me@ghcr.io")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("host:99999")]
    public void An_invalid_host_is_rejected(string host) =>
        Assert.Equal(RegistryFault.BadName, Assert.Throws<RegistryException>(() => new RegistryTransport(host, new RegistryOptions())).Fault);
}
