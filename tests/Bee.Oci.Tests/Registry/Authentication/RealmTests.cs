using Bee.Oci.Registry;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry;

/// <summary>A registry cannot steal credentials by naming a token service.</summary>
public sealed class RealmTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TLS_is_never_downgraded_to_plain_HTTP(bool withLogin)
    {
        using var service = new Wire(_ => HttpAnswer.Json(200, "{\"token\":\"abc\"}"));
        using var registry = new Wire(_ => Wire.Unauthorized($"Bearer realm=\"{service.Address}token\",service=\"x\""), _authority);
        var options = Wire.Quick with { Credentials = withLogin ? OneCredential.Password() : null, CACertificate = _authority.Certificate };

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(options));

        Assert.Equal(RegistryFault.Unsafe, error.Fault);
        Assert.Empty(service.Requests);
    }

    [Fact]
    public async Task A_redirect_from_TLS_to_TLS_is_followed()
    {
        using var service = new Wire(_ => HttpAnswer.Json(200, "{\"token\":\"abc\"}"), _authority);
        using var registry = new Wire(
            request => request.Header("Authorization") == "Bearer abc" ? Wire.Ok() : Wire.Unauthorized($"Bearer realm=\"{service.Address}token\""), _authority);

        Assert.Equal(200, (await registry.GetAsync(Wire.Quick with { Credentials = OneCredential.Password(), CACertificate = _authority.Certificate })).Status);
    }

    [Fact]
    public async Task From_this_machine_it_does_not_go_to_another_over_plain_HTTP()
    {
        using var registry = new Wire(_ => Wire.Unauthorized("Bearer realm=\"http://tokens.invalid/token\""));

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(Wire.Quick with { Credentials = OneCredential.Password() }));

        Assert.Equal(RegistryFault.Unsafe, error.Fault);
    }

    [Theory]
    [InlineData(302, true)]
    [InlineData(307, true)]
    [InlineData(307, false)]
    public async Task The_service_does_not_pass_it_on(int status, bool byPassword)
    {
        using var thief = new Wire(_ => HttpAnswer.Json(200, "{\"token\":\"abc\"}"));
        using var service = new Wire(_ => Wire.To(status, thief.Address));
        using var registry = new Wire(_ => Wire.Unauthorized($"Bearer realm=\"{service.Address}token\",service=\"x\""));
        OneCredential source = byPassword ? OneCredential.Password() : new OneCredential(new RegistryCredential { IdentityToken = "refresh" });

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(Wire.Quick with { Credentials = source }));

        Assert.Equal(RegistryFault.Unsafe, error.Fault);
        Assert.Empty(thief.Requests);
    }

    [Fact]
    public async Task The_service_may_move_it_within_itself()
    {
        using var service = new Wire(request => request.Path == "/old" ? new HttpAnswer(308).With("Location", "/new") : HttpAnswer.Json(200, "{\"token\":\"abc\"}"));
        using var registry = new Wire(request => request.Header("Authorization") == "Bearer abc" ? Wire.Ok() : Wire.Unauthorized($"Bearer realm=\"{service.Address}old\""));

        Assert.Equal(200, (await registry.GetAsync(Wire.Quick with { Credentials = OneCredential.Password() })).Status);
        Assert.All(service.Authorizations, Assert.NotNull);
    }

    [Fact]
    public async Task A_token_is_not_sent_to_another_host()
    {
        using var service = new Wire(_ => HttpAnswer.Json(200, "{\"token\":\"abc\"}"));
        using var storage = new Wire(_ => Wire.Ok("blob"));
        using var registry = new Wire(request => request.Header("Authorization") is null
            ? Wire.Unauthorized($"Bearer realm=\"{service.Address}token\"")
            : Wire.To(307, storage.Address));

        Assert.Equal((200, "blob"), await registry.GetAsync(Wire.Quick with { Credentials = OneCredential.Password() }));
        Assert.Equal([null], storage.Authorizations);
    }
}
