using System.Collections.Concurrent;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Registry.Client;
using Bee.Registries;

namespace Bee.Oci.Tests.Registry;

/// <summary>A test server that records requests, and a transport to it with short timeouts.</summary>
internal sealed class Wire : IDisposable
{
    private readonly HttpServer _server;

    public Wire(Func<HttpExchange, Task> handle, TestAuthority? authority = null) => _server = new HttpServer(
        exchange =>
        {
            Requests.Enqueue(exchange);
            return handle(exchange);
        },
        authority);

    /// <summary>Starts the server, which responds by a function.</summary>
    public Wire(Func<HttpExchange, HttpAnswer> answer, TestAuthority? authority = null)
        : this(exchange => exchange.SendAsync(answer(exchange)), authority)
    {
    }

    public ConcurrentQueue<HttpExchange> Requests { get; } = new();

    public string Host => _server.Host;

    public Uri Address => _server.Address;

    public IEnumerable<string?> Authorizations => Requests.Select(request => request.Header("Authorization"));

    /// <summary>Options with a backoff of milliseconds and few retries.</summary>
    public static RegistryOptions Quick { get; } = new() { LongestPause = TimeSpan.FromMilliseconds(5), Retries = 3 };

    public static HttpAnswer Ok(string text = "") => new(200) { Body = System.Text.Encoding.UTF8.GetBytes(text) };

    public static HttpAnswer To(int status, Uri location) => new HttpAnswer(status).With("Location", location.ToString());

    public static HttpAnswer Unauthorized(string challenge) => new HttpAnswer(401).With("WWW-Authenticate", challenge);

    public RegistryTransport Transport(RegistryOptions? options = null) => new(Host, options ?? Quick);

    /// <summary>Sends a GET with a new transport.</summary>
    public async Task<(int Status, string Body)> GetAsync(RegistryOptions? options = null, string path = "v2/")
    {
        using RegistryTransport transport = Transport(options);
        return await GetAsync(transport, path);
    }

    public static async Task<(int Status, string Body)> GetAsync(RegistryTransport transport, string path = "v2/", RegistryScope? scope = null)
    {
        using HttpResponseMessage answer = await transport.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.RelativeOrAbsolute)), scope ?? RegistryScope.None, CancellationToken.None);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Sends a HEAD.</summary>
    public static async Task<int> HeadAsync(RegistryTransport transport)
    {
        using HttpResponseMessage answer = await transport.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Head, new Uri("v2/x/blobs/y", UriKind.Relative)), RegistryScope.Pull("x"), CancellationToken.None);
        return (int)answer.StatusCode;
    }

    /// <summary>Sends a PUT with a body.</summary>
    public async Task<int> PutAsync(byte[] body, RegistryOptions? options = null, bool repeat = true)
    {
        using RegistryTransport transport = Transport(options);
        using HttpResponseMessage answer = await transport.SendAsync(
            () => new HttpRequestMessage(HttpMethod.Put, new Uri("v2/x", UriKind.Relative)) { Content = new ByteArrayContent(body) },
            RegistryScope.Push("x"),
            CancellationToken.None,
            repeat);
        return (int)answer.StatusCode;
    }

    public void Dispose() => _server.Dispose();
}

/// <summary>Returns the same credential for every registry, and counts the calls.</summary>
internal sealed class OneCredential(RegistryCredential credential) : ICredentialSource
{
    public int Asked { get; private set; }

    public Task<RegistryCredential?> FindAsync(string registry, string? repository, CancellationToken cancellationToken)
    {
        Asked++;
        return Task.FromResult<RegistryCredential?>(credential);
    }

    public static OneCredential Password(string user = "ada", string password = "s3cret-of-ada") => new(new RegistryCredential { UserName = user, Password = password });
}
