using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry;

public sealed class CertificateTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task AnAuthorityThatIsNamedIsTrusted()
    {
        using var registry = new Wire(_ => Wire.Ok("hello"), _authority);

        Assert.Equal((200, "hello"), await registry.GetAsync(Wire.Quick with { CACertificate = _authority.Certificate }));
    }

    [Fact]
    public async Task AnotherAuthorityIsNot()
    {
        using var other = new TestAuthority();
        using var registry = new Wire(_ => Wire.Ok("hello"), _authority);

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(Wire.Quick with { CACertificate = other.Certificate }));

        Assert.Equal(RegistryFault.Certificate, error.Fault);
        Assert.Contains("Authority of the tests", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{other.Certificate}' does not have the authority", error.Remedy, StringComparison.Ordinal);
        Assert.Empty(registry.Requests);
    }

    [Fact]
    public async Task WithoutAnAuthorityTheRemedyIsToGiveIt()
    {
        using var registry = new Wire(_ => Wire.Ok("hello"), _authority);
        using var transport = new RegistryTransport(registry.Host, Wire.Quick);

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Wire.GetAsync(transport, $"https://{registry.Host}/v2/"));

        Assert.Equal(RegistryFault.Certificate, error.Fault);
        Assert.Contains("Give the certificate of the authority", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneThatHasExpiredSaysWhen()
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
    public async Task AnotherNameIsNotMendedByAnAuthority()
    {
        using var registry = new Wire(_ => Wire.Ok("hello"), _authority);

        // The same server by an address that its certificate does not name.
        using var transport = new RegistryTransport($"[::ffff:127.0.0.1]:{registry.Address.Port}", Wire.Quick with { CACertificate = _authority.Certificate });
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Wire.GetAsync(transport));

        Assert.Equal(RegistryFault.Certificate, error.Fault);
        Assert.Contains("it is for localhost, 127.0.0.1, ::1, and not for ", error.Message, StringComparison.Ordinal);
        Assert.Contains("as its certificate does", error.Remedy, StringComparison.Ordinal);
        Assert.Empty(registry.Requests);
    }

    [Fact]
    public async Task TheCheckCanBeSkipped()
    {
        using var registry = new Wire(_ => Wire.Ok("hello"), _authority);

        Assert.Equal((200, "hello"), await registry.GetAsync(Wire.Quick with { SkipCertificateCheck = true }));
    }

    [Fact]
    public async Task ARegistryWithoutTlsSaysSo()
    {
        using var registry = new Wire(_ => Wire.Ok("hello"));

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(Wire.Quick with { CACertificate = _authority.Certificate }));

        Assert.True(error.Fault is RegistryFault.Certificate or RegistryFault.Broken, error.ToString());
    }

    [ToolFact(Tool.Registry)]
    public async Task ARegistryOfThisMachineThatWantsTlsGetsIt()
    {
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Authority = _authority });
        using var transport = new RegistryTransport(registry.Host, Wire.Quick);

        // The system does not trust the authority of the tests; the fault shows that TLS was tried.
        Assert.Equal(RegistryFault.Certificate, (await Assert.ThrowsAsync<RegistryException>(() => Wire.GetAsync(transport))).Fault);
        Assert.Equal(registry.Address, transport.Base);
        Assert.Equal(RegistryFault.Certificate, (await Assert.ThrowsAsync<RegistryException>(() => Wire.GetAsync(transport, $"http://{registry.Host}/v2/"))).Fault);
    }

    [ToolFact(Tool.Registry)]
    public async Task ARequestWhoseAnswerHasNoWordsGetsTlsToo()
    {
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Authority = _authority });
        using var transport = new RegistryTransport(registry.Host, Wire.Quick);

        // A push begins so.
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => Wire.HeadAsync(transport));

        Assert.Equal(RegistryFault.Certificate, error.Fault);
        Assert.Equal(registry.Address, transport.Base);
    }

    [ToolTheory(Tool.Registry)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PlainHttpThatWasAskedForIsNotLeft(bool head)
    {
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Authority = _authority });
        using var transport = new RegistryTransport(registry.Host, Wire.Quick with { PlainHttp = true });

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => head ? Wire.HeadAsync(transport) : Wire.GetAsync(transport));

        Assert.Equal(RegistryFault.PlainHttp, error.Fault);
        Assert.Contains("Do not ask for plain http", error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABadRequestIsNoReasonForTls()
    {
        using var registry = new Wire(_ => HttpAnswer.Json(400, "{\"errors\":[]}"));

        Assert.Equal((400, "{\"errors\":[]}"), await registry.GetAsync());
        Assert.Single(registry.Requests);
    }

    [Fact]
    public void AFileWithoutCertificatesIsRefused()
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
    public void HttpsIsTheRule(string host, string address)
    {
        using var transport = new RegistryTransport(host, new RegistryOptions());

        Assert.Equal(address, transport.Base.ToString());
    }

    [Fact]
    public void PlainHttpIsAskedFor()
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
    public void WhatIsNoHostIsRefused(string host) =>
        Assert.Equal(RegistryFault.BadName, Assert.Throws<RegistryException>(() => new RegistryTransport(host, new RegistryOptions())).Fault);
}
