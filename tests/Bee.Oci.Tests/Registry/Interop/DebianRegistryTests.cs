using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Bee.Oci.Formats;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry.Interop;

/// <summary>Checks the behavior of Debian's registry that other tests rely on.</summary>
public sealed class DebianRegistryTests
{
    [ToolFact(Tool.Registry)]
    public async Task A_killed_registry_keeps_its_content_and_its_address()
    {
        using var registry = DebianRegistry.Start();
        using var client = new HttpClient { BaseAddress = registry.Address };
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("v2/")).StatusCode);
        using HttpResponseMessage begun = await client.PostAsync("v2/a/blobs/uploads/", null);
        string digest = Digest.Of("x"u8.ToArray()).ToString();
        using HttpResponseMessage pushed = await client.PutAsync($"{begun.Headers.Location}&digest={digest}", new ByteArrayContent("x"u8.ToArray()));
        Assert.Equal(HttpStatusCode.Created, pushed.StatusCode);

        string host = registry.Host;
        registry.Kill();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("v2/"));
        registry.Restart();
        Assert.Equal(host, registry.Host);
        Assert.Equal("x", await client.GetStringAsync($"v2/a/blobs/{digest}"));
    }

    [ToolFact(Tool.Registry)]
    public async Task With_an_authority_and_users_it_asks_for_both()
    {
        using var authority = new TestAuthority();
        using var registry = DebianRegistry.Start(new DebianRegistryOptions
        {
            Authority = authority,
            Users = new Dictionary<string, string> { ["me"] = "a secret" },
        });
        using var root = X509CertificateLoader.LoadCertificateFromFile(authority.Certificate);
        using var stranger = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => stranger.GetAsync(new Uri(registry.Address, "v2/")));

        using var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(root);
        using var client = new HttpClient(handler) { BaseAddress = registry.Address };
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("v2/")).StatusCode);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("me:a secret")));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("v2/")).StatusCode);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("me:another")));
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("v2/")).StatusCode);
    }

    [ToolTheory(Tool.Registry)]
    [InlineData("pull", HttpStatusCode.Unauthorized)]
    [InlineData("pull,push", HttpStatusCode.Accepted)]
    public async Task With_a_token_server_it_takes_that_ones_tokens(string actions, HttpStatusCode status)
    {
        using var tokens = new TokenServer { Users = { ["me"] = "a secret" } };
        using var registry = DebianRegistry.Start(new DebianRegistryOptions { Tokens = tokens });
        using var client = new HttpClient { BaseAddress = registry.Address };
        using HttpResponseMessage refused = await client.PostAsync("v2/a/b/blobs/uploads/", null);
        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (refused.StatusCode, refused.Headers.WwwAuthenticate.Single().Scheme));
        Assert.Contains("scope=\"repository:a/b:", refused.Headers.WwwAuthenticate.Single().Parameter, StringComparison.Ordinal);

        using var ask = new HttpRequestMessage(HttpMethod.Get, $"{tokens.Realm}?service={Uri.EscapeDataString(TokenServer.Service)}&scope=repository:a/b:{actions}");
        ask.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("me:a secret")));
        using HttpResponseMessage given = await client.SendAsync(ask);
        string token = JsonNode.Parse(await given.Content.ReadAsStringAsync())!["token"]!.GetValue<string>();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using HttpResponseMessage begun = await client.PostAsync("v2/a/b/blobs/uploads/", null);
        Assert.Equal(status, begun.StatusCode);
        Assert.Equal(actions.Contains("push", StringComparison.Ordinal), tokens.Allows(token, "repository", "a/b", "push"));
        Assert.False(tokens.Allows(token, "repository", "a/c", "pull"));
    }
}
