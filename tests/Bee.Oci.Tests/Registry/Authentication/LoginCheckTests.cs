using Bee.Oci.Registry;
using Bee.Oci.Registry.Client;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry;

public sealed class LoginCheckTests : IDisposable
{
    private readonly TokenServer _tokens = new();

    public LoginCheckTests() => _tokens.Users["ada"] = "right";

    public void Dispose() => _tokens.Dispose();

    [Fact]
    public async Task The_right_password_is_taken()
    {
        using var registry = Guarded();

        Assert.Equal("right", (await LoginCheck.PasswordAsync(registry.Host, "ada", "right", Wire.Quick)).Password);
    }

    [Fact]
    public async Task The_wrong_one_is_not()
    {
        using var registry = Guarded();

        Assert.Equal(RegistryFault.Unauthorized, (await Assert.ThrowsAsync<RegistryException>(() => LoginCheck.PasswordAsync(registry.Host, "ada", "wr0ng", Wire.Quick))).Fault);
    }

    [Fact]
    public async Task An_identity_token_is_found_out()
    {
        _tokens.RefreshTokens["refresh"] = "ada";
        using var registry = Guarded();

        Assert.Equal("refresh", (await LoginCheck.TokenAsync(registry.Host, "refresh", Wire.Quick)).IdentityToken);
    }

    [Fact]
    public async Task A_token_in_the_passwords_place_is_found_out()
    {
        _tokens.Users["token"] = "personal";
        using var registry = Guarded();

        Assert.Equal("personal", (await LoginCheck.TokenAsync(registry.Host, "personal", Wire.Quick)).Password);
    }

    [Fact]
    public async Task A_token_for_a_registry_without_token_service_is_a_password()
    {
        string right = "Basic " + Convert.ToBase64String("token:personal"u8);
        using var registry = new Wire(request => request.Header("Authorization") == right ? Wire.Ok() : Wire.Unauthorized("Basic realm=\"x\""));

        Assert.Equal("personal", (await LoginCheck.TokenAsync(registry.Host, "personal", Wire.Quick)).Password);
    }

    [Fact]
    public async Task A_token_that_is_sent_as_it_is_is_found_out()
    {
        using var registry = new Wire(request => request.Header("Authorization") == "Bearer direct" ? Wire.Ok() : Wire.Unauthorized(_tokens.Challenge(null)));

        Assert.Equal("direct", (await LoginCheck.TokenAsync(registry.Host, "direct", Wire.Quick)).AccessToken);
    }

    [Fact]
    public async Task An_invalid_token_is_rejected()
    {
        using var registry = Guarded();

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => LoginCheck.TokenAsync(registry.Host, "no-such-token", Wire.Quick));

        Assert.Equal(RegistryFault.Unauthorized, error.Fault);
        Assert.DoesNotContain("no-such-token", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_registry_without_authentication_is_reported()
    {
        var notes = new List<RegistryNote>();
        using var registry = new Wire(_ => Wire.Ok());

        await LoginCheck.PasswordAsync(registry.Host, "ada", "whatever", Wire.Quick with { Note = notes.Add });

        Assert.True(Assert.Single(notes).IsWarning);
    }

    [Theory]
    [InlineData(404, RegistryFault.BadAnswer)]
    [InlineData(302, RegistryFault.BadAnswer)]
    [InlineData(403, RegistryFault.Unauthorized)]
    [InlineData(429, RegistryFault.TooManyRequests)]
    [InlineData(500, RegistryFault.ServerError)]
    public async Task A_host_that_is_not_a_registry_is_reported(int status, RegistryFault fault)
    {
        using var registry = new Wire(_ => new HttpAnswer(status));

        Assert.Equal(fault, (await Assert.ThrowsAsync<RegistryException>(() => LoginCheck.PasswordAsync(registry.Host, "ada", "right", Wire.Quick))).Fault);
    }

    [ToolFact(Tool.Registry)]
    public async Task Debians_registry_takes_passwords_and_tokens()
    {
        using var passwords = DebianRegistry.Start(new DebianRegistryOptions { Users = new Dictionary<string, string> { ["ada"] = "right" } });
        using var tokens = DebianRegistry.Start(new DebianRegistryOptions { Tokens = _tokens });

        foreach (string host in new[] { passwords.Host, tokens.Host })
        {
            await LoginCheck.PasswordAsync(host, "ada", "right", Wire.Quick);
            Assert.Equal(RegistryFault.Unauthorized, (await Assert.ThrowsAsync<RegistryException>(() => LoginCheck.PasswordAsync(host, "ada", "wrong", Wire.Quick))).Fault);
        }
    }

    private Wire Guarded() => new(request => request.Header("Authorization") is { } a && a.StartsWith("Bearer ", StringComparison.Ordinal)
        && a.Count(c => c == '.') == 2 && _tokens.Allows(a["Bearer ".Length..], null, null, null) ? Wire.Ok() : Wire.Unauthorized(_tokens.Challenge(null)));
}
