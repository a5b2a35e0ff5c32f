using System.Collections.Concurrent;
using System.Text;
using Bee.Oci.Formats;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Registry.Client;
using Bee.Oci.Repositories;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry;

public sealed class AuthenticationTests : IDisposable
{
    private const string Secret = "s3cret-of-ada";

    private readonly TokenServer _tokens = new();

    public AuthenticationTests() => _tokens.Users["ada"] = Secret;

    public void Dispose() => _tokens.Dispose();

    [Fact]
    public async Task Nothing_is_sent_or_looked_for_before_the_registry_asks()
    {
        var source = OneCredential.Password();
        using var registry = new Wire(_ => Wire.Ok());

        await registry.GetAsync(With(source));

        Assert.Equal(0, source.Asked);
        Assert.Equal([null], registry.Authorizations);
    }

    [Fact]
    public async Task Basic_is_sent_with_each_request_after_the_first()
    {
        var source = OneCredential.Password("ada", "pässword:with");
        string right = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("ada:pässword:with"));
        using var registry = new Wire(request => request.Header("Authorization") == right ? Wire.Ok() : Wire.Unauthorized("Basic realm=\"x\""));
        using RegistryTransport transport = registry.Transport(With(source));

        Assert.Equal(200, (await Wire.GetAsync(transport)).Status);
        Assert.Equal(200, (await Wire.GetAsync(transport)).Status);
        Assert.Equal([null, right, right], registry.Authorizations);
        Assert.Equal(1, source.Asked);
    }

    [Fact]
    public async Task A_credential_is_sent_with_requests_for_its_repository_only()
    {
        var source = new ByRepository();
        using var registry = new Wire(request => request.Header("Authorization") is null ? Wire.Unauthorized("Basic realm=\"x\"") : Wire.Ok());
        using RegistryTransport transport = registry.Transport(With(source));
        (string Path, RegistryScope Scope, string? User)[] requests =
        [
            ("v2/a/x/tags/list", RegistryScope.Pull("a/x"), "a/x"),
            ("v2/b/x/tags/list", RegistryScope.Push("b/x"), "b/x"),
            ("v2/a/x/blobs/y", RegistryScope.Push("a/x"), "a/x"),
            ("v2/b/x/blobs/uploads", RegistryScope.Mount("b/x", "a/x"), "b/x"),
            ("v2/none/tags/list", RegistryScope.Pull("none"), null),
            ("v2/_catalog", RegistryScope.Catalog, "registry"),
        ];

        foreach ((string path, RegistryScope scope, _) in requests)
        {
            await Wire.GetAsync(transport, path, scope);
        }

        foreach ((string path, _, string? user) in requests)
        {
            string? expected = user is null ? null : "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{Secret}"));
            Assert.Equal(expected, registry.Requests.Last(request => request.Path == "/" + path).Header("Authorization"));
        }

        Assert.Equal(["a/x", "b/x", "none", null], source.Asked);
    }

    [Fact]
    public async Task A_token_is_sent_with_requests_for_its_repository_only()
    {
        _tokens.Users["a/x"] = Secret;
        _tokens.Users["registry"] = Secret;
        using var registry = new Wire(request => request.Header("Authorization") is null ? Wire.Unauthorized(_tokens.Challenge("repository:a/x:pull")) : Wire.Ok());
        using RegistryTransport transport = registry.Transport(With(new ByRepository()));

        await Wire.GetAsync(transport, "v2/a/x/tags/list", RegistryScope.Pull("a/x"));
        await Wire.GetAsync(transport, "v2/", RegistryScope.None);

        // Both requests need the same scopes, but for different users.
        Assert.Equal(2, _tokens.Requests.Count);
        Assert.Equal(3, registry.Authorizations.Distinct().Count());
    }

    [Fact]
    public async Task A_wrong_password_is_tried_once()
    {
        using var registry = new Wire(_ => Wire.Unauthorized("Basic realm=\"x\""));

        Assert.Equal(401, (await registry.GetAsync(With(OneCredential.Password()))).Status);
        Assert.Equal(2, registry.Requests.Count);
    }

    [Fact]
    public async Task A_login_that_a_registry_repeats_is_redacted()
    {
        const string Password = Secret;
        string filling = new('x', 295);
        using var registry = new Wire(exchange => exchange.Header("Authorization") is not { } sent ? Wire.Unauthorized("Basic realm=\"x\"")
            : exchange.Path.Contains("elsewhere", StringComparison.Ordinal) ? HttpAnswer.Json(200, "{}")
            : exchange.Path.Contains(Password, StringComparison.Ordinal) ? Wire.To(307, new Uri("/v2/elsewhere", UriKind.Relative))
            : exchange.Path.Contains("referrers", StringComparison.Ordinal)
                ? HttpAnswer.Json(200, $$"""{"manifests":[{"digest":"{{sent}}"},{"digest":"{{new string('y', 95) + Password}}"}]}""", MediaTypes.ImageIndex)
            : exchange.Path.Contains("/tags/", StringComparison.Ordinal)
                ? HttpAnswer.Json(200, $$"""{"tags":["no tag: {{Password}}","{{filling[..190] + "/" + Password}}"]}""").With("Warning", $"299 - \"{filling[..290] + Password}\"")
            : Wire.To(307, new Uri($"/v2/{Password}", UriKind.Relative)));
        var notes = new ConcurrentQueue<RegistryNote>();
        using var client = new RemoteRegistry(registry.Host, With(OneCredential.Password(password: Password)) with { Note = notes.Enqueue });
        IRepository repository = client.Repository("x");
        await foreach (string tag in repository.TagsAsync())
        {
            Assert.Fail($"{tag} is no tag");
        }

        await foreach (Descriptor referrer in repository.ReferrersAsync(Digest.Of("x"u8)))
        {
            Assert.Fail($"{referrer} is no referrer");
        }

        await client.PingAsync();
        string[] told = [.. notes.Select(note => note.Text)];
        Assert.Contains(told, text => text.Contains("warns", StringComparison.Ordinal));
        Assert.Equal(2, told.Count(text => text.Contains("Ignoring an invalid name", StringComparison.Ordinal)));
        Assert.Equal(2, told.Count(text => text.Contains("Ignoring an invalid referrer", StringComparison.Ordinal)));
        Assert.Contains(told, text => text.Contains("on to", StringComparison.Ordinal));
        string basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"ada:{Password}"));
        Assert.All(told, text => Assert.All(new[] { "s3cret", "s3cr", basic, basic[..12] }, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_token_is_requested_once_for_each_scope()
    {
        using var registry = Guarded();
        using RegistryTransport transport = registry.Transport(With(OneCredential.Password()));

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await Wire.GetAsync(transport, "v2/a/b/tags/list", RegistryScope.Pull("a/b"))).Status);
        }

        Assert.Equal(200, (await Wire.GetAsync(transport, "v2/a/b/tags/list", RegistryScope.Push("a/b"))).Status);
        Assert.Equal(2, _tokens.Requests.Count);
        Assert.Contains("scope=repository%3Aa%2Fb%3Apull&", _tokens.Requests.First() + "&", StringComparison.Ordinal);
        Assert.Contains("service=registry%20of%20the%20tests", _tokens.Requests.First(), StringComparison.Ordinal);
        Assert.Equal(5, registry.Requests.Count);
    }

    [Fact]
    public async Task Many_at_once_ask_for_one_token()
    {
        using var registry = Guarded();
        using RegistryTransport transport = registry.Transport(With(OneCredential.Password()));

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ => Assert.Equal(200, (await Wire.GetAsync(transport, "v2/a/tags/list", RegistryScope.Pull("a"))).Status)));

        Assert.Single(_tokens.Requests);
    }

    [Fact]
    public async Task A_token_that_is_not_good_any_more_is_renewed_once()
    {
        string? first = null;
        using var registry = new Wire(request =>
        {
            string? token = request.Header("Authorization");
            first ??= token;

            // The first token is valid only for the first path, the second one for all.
            return token is null || (token == first && request.Path == "/v2/second") ? Wire.Unauthorized(_tokens.Challenge(null)) : Wire.Ok();
        });
        using RegistryTransport transport = registry.Transport(With(OneCredential.Password()));

        Assert.Equal(200, (await Wire.GetAsync(transport, "v2/first")).Status);
        Assert.Equal(200, (await Wire.GetAsync(transport, "v2/second")).Status);
        Assert.Equal(200, (await Wire.GetAsync(transport, "v2/second")).Status);
        Assert.Equal(2, _tokens.Requests.Count);
    }

    [Fact]
    public async Task A_registry_that_refuses_every_token_gets_two_requests()
    {
        using var registry = new Wire(_ => Wire.Unauthorized(_tokens.Challenge("repository:a:pull")));

        Assert.Equal(401, (await registry.GetAsync(With(OneCredential.Password()))).Status);
        Assert.Equal(2, registry.Requests.Count);
        Assert.Single(_tokens.Requests);
    }

    [Fact]
    public async Task The_scope_that_the_registry_names_is_asked_for_too()
    {
        using var registry = new Wire(request => request.Header("Authorization") is { } a && _tokens.Allows(a["Bearer ".Length..], "repository", "other", "pull")
            ? Wire.Ok() : Wire.Unauthorized(_tokens.Challenge("repository:other:pull")));
        using RegistryTransport transport = registry.Transport(With(OneCredential.Password()));

        Assert.Equal(200, (await Wire.GetAsync(transport, "v2/x", RegistryScope.Pull("a"))).Status);
        Assert.Equal(200, (await Wire.GetAsync(transport, "v2/x", RegistryScope.Pull("a"))).Status);
        Assert.Single(_tokens.Requests);
    }

    [Fact]
    public async Task Nobody_gets_a_token_to_read_with_where_that_is_allowed()
    {
        _tokens.Anonymous = true;
        using var registry = Guarded();
        using RegistryTransport transport = registry.Transport();

        Assert.Equal(200, (await Wire.GetAsync(transport, "v2/a/b/tags/list", RegistryScope.Pull("a/b"))).Status);
    }

    [Fact]
    public async Task An_identity_token_is_changed_into_a_bearer_token()
    {
        _tokens.RefreshTokens["ref+resh/&=token"] = "ada";
        using var registry = Guarded();
        var source = new OneCredential(new RegistryCredential { UserName = "ada", IdentityToken = "ref+resh/&=token" });
        using RegistryTransport transport = registry.Transport(With(source));

        Assert.Equal(200, (await Wire.GetAsync(transport, "v2/a/b/tags/list", RegistryScope.Push("a/b"))).Status);
        Assert.Equal("POST /token", Assert.Single(_tokens.Requests));
    }

    [Fact]
    public async Task A_registry_token_is_sent_as_it_is()
    {
        using var registry = new Wire(request => request.Header("Authorization") == "Bearer as.it-is" ? Wire.Ok() : Wire.Unauthorized(_tokens.Challenge(null)));

        Assert.Equal(200, (await registry.GetAsync(With(new OneCredential(new RegistryCredential { AccessToken = "as.it-is" })))).Status);
        Assert.Empty(_tokens.Requests);
    }

    [Theory]
    [InlineData("line\r\nX-Evil: 1")]
    [InlineData("blank in it")]
    [InlineData("ünicode")]
    public async Task A_token_that_does_not_fit_in_a_header_is_rejected_and_not_shown(string token)
    {
        using var registry = new Wire(_ => Wire.Unauthorized(_tokens.Challenge(null)));

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(With(new OneCredential(new RegistryCredential { AccessToken = token }))));

        Assert.DoesNotContain(token, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, RegistryFault.Unauthorized)]
    [InlineData(400, RegistryFault.Unauthorized)]
    [InlineData(403, RegistryFault.Denied)]
    [InlineData(404, RegistryFault.BadAnswer)]
    [InlineData(429, RegistryFault.TooManyRequests)]
    [InlineData(500, RegistryFault.ServerError)]
    public async Task What_the_token_service_refuses_is_an_error_without_its_words(int status, RegistryFault fault)
    {
        _tokens.Instead = _ => HttpAnswer.Json(status, $$"""{"details":"no such password: {{Secret}}"}""");
        using var registry = Guarded();

        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(With(OneCredential.Password())));

        Assert.Equal(fault, error.Fault);
        Assert.Equal(status, error.Status);
        Assert.DoesNotContain(Secret, error.ToString() + error.Remedy, StringComparison.Ordinal);
        Assert.Equal(status is 429 or 500 ? 4 : 1, _tokens.Requests.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"token\":null}")]
    [InlineData("{\"token\":7}")]
    [InlineData("{\"token\":\"\"}")]
    [InlineData("{\"token\":\"\\ud800\"}")]
    [InlineData("{\"token\":\"a\\r\\nX-Evil: 1\"}")]
    [InlineData("{\"token\":\"a")]
    public async Task An_invalid_token_is_a_bad_answer(string answer)
    {
        _tokens.Instead = _ => HttpAnswer.Json(200, answer);
        using var registry = Guarded();

        Assert.Equal(RegistryFault.BadAnswer, (await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(With(OneCredential.Password())))).Fault);
    }

    [Theory]
    [InlineData("\"expires_in\":\"300\"")]
    [InlineData("\"expires_in\":-1")]
    [InlineData("\"expires_in\":1e300")]
    [InlineData("\"expires_in\":null")]
    public async Task An_odd_lifetime_is_accepted(string life)
    {
        _tokens.Instead = _ => HttpAnswer.Json(200, $$"""{"access_token":"abc",{{life}}}""");
        using var registry = new Wire(request => request.Header("Authorization") is null ? Wire.Unauthorized(_tokens.Challenge(null)) : Wire.Ok());

        Assert.Equal(200, (await registry.GetAsync(With(OneCredential.Password()))).Status);
    }

    [Fact]
    public async Task An_answer_without_end_is_refused()
    {
        _tokens.Instead = _ => new HttpAnswer(200) { Body = new byte[3 << 20] };
        using var registry = Guarded();

        Assert.Equal(RegistryFault.TooLarge, (await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(With(OneCredential.Password())))).Fault);
    }

    [Theory]
    [InlineData("Bearer service=\"x\"")]
    [InlineData("Bearer realm=\"\"")]
    [InlineData("Bearer realm=\"/token\"")]
    [InlineData("Bearer realm=\"file:///etc/passwd\"")]
    [InlineData("Bearer realm=\"http://user:password@127.0.0.1/\"")]
    public async Task An_invalid_realm_is_a_bad_answer(string challenge)
    {
        using var registry = new Wire(_ => Wire.Unauthorized(challenge));

        Assert.Equal(RegistryFault.BadAnswer, (await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(With(OneCredential.Password())))).Fault);
    }

    [Fact]
    public async Task A_way_to_log_in_that_Bee_does_not_know_leaves_the_answer_as_it_is()
    {
        using var registry = new Wire(_ => Wire.Unauthorized("Negotiate"));

        Assert.Equal(401, (await registry.GetAsync(With(OneCredential.Password()))).Status);
        Assert.Single(registry.Requests);
    }

    [Fact]
    public async Task What_the_registry_repeats_is_taken_out()
    {
        using var registry = new Wire(request => request.Header("Authorization") is { } sent
            ? HttpAnswer.Json(403, $$"""{"errors":[{"code":"DENIED","message":"{{Secret}}, \u00733cret-of-ad\u0061 and {{sent}} are not enough"}]}""")
            : Wire.Unauthorized("Basic realm=\"x\""));

        (int status, string body) = await registry.GetAsync(With(OneCredential.Password()));

        Assert.Equal(403, status);
        Assert.DoesNotContain(Secret, body, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes("ada:" + Secret)), body, StringComparison.Ordinal);
        Assert.Contains("DENIED", body, StringComparison.Ordinal);
    }

    /// <summary>Returns a credential for each repository except "none", and another one for the registry.</summary>
    private sealed class ByRepository : ICredentialSource
    {
        public List<string?> Asked { get; } = [];

        public Task<RegistryCredential?> FindAsync(string registry, string? repository, CancellationToken cancellationToken)
        {
            Asked.Add(repository);
            return Task.FromResult(repository == "none" ? null : new RegistryCredential { UserName = repository ?? "registry", Password = Secret });
        }
    }

    private static RegistryOptions With(ICredentialSource source) => Wire.Quick with { Credentials = source };

    /// <summary>A registry that requires a token for the scope of the request.</summary>
    private Wire Guarded() => new(request =>
    {
        string? name = request.Path.Split('/') is ["", "v2", .. var middle, "tags", "list"] ? string.Join('/', middle) : null;
        return request.Header("Authorization") is { } a && a.StartsWith("Bearer ", StringComparison.Ordinal)
            && _tokens.Allows(a["Bearer ".Length..], name is null ? null : "repository", name, "pull")
            ? Wire.Ok() : Wire.Unauthorized(_tokens.Challenge(null));
    });
}
