using System.Net;
using Bee.Oci.Registry;
using Bee.Oci.Registry.Transport;

namespace Bee.Oci.Tests.Registry;

/// <summary>The hook for HTTP handlers in <see cref="RegistryOptions.Handler"/>.</summary>
public sealed class HandlerTests
{
    private const string Basic = "Basic realm=\"tests\"";

    [Fact]
    public async Task A_replaced_handler_answers_without_a_network()
    {
        using var registry = new Wire(_ => Wire.Ok("from the network"));
        var options = Wire.Quick with { Handler = _ => new Fake(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("from the fake") }) };

        Assert.Equal((200, "from the fake"), await registry.GetAsync(options));
        Assert.Empty(registry.Requests);
    }

    [Fact]
    public async Task A_delegating_handler_sees_every_request_and_gets_the_credentials_of_the_registry_alone()
    {
        using var storage = new Wire(_ => Wire.Ok("the blob"));
        using var registry = new Wire(request => request.Header("Authorization") is null ? Wire.Unauthorized(Basic) : Wire.To(307, storage.Address));
        var seen = new List<(string Authority, bool HasLogin)>();
        var options = Wire.Quick with
        {
            Credentials = OneCredential.Password(),
            Handler = inner => new Spy(inner, request => seen.Add((request.RequestUri!.Authority, request.Headers.Authorization is not null))),
        };

        Assert.Equal((200, "the blob"), await registry.GetAsync(options));
        Assert.Equal([(registry.Address.Authority, false), (registry.Address.Authority, true), (storage.Address.Authority, false)], seen);
    }

    [Fact]
    public async Task Automatic_redirects_of_the_handler_are_switched_off()
    {
        using var storage = new Wire(_ => Wire.Ok("the blob"));
        using var registry = new Wire(request => request.Header("Authorization") is null ? Wire.Unauthorized(Basic) : Wire.To(307, storage.Address));
        SocketsHttpHandler? configured = null;
        var options = Wire.Quick with
        {
            Credentials = OneCredential.Password(),
            Handler = inner =>
            {
                inner.AllowAutoRedirect = true;
                inner.UseCookies = true;
                inner.AutomaticDecompression = DecompressionMethods.All;
                return new Spy(configured = inner, _ => { });
            },
        };

        Assert.Equal((200, "the blob"), await registry.GetAsync(options));
        Assert.Equal([null], storage.Authorizations);
        Assert.False(configured!.AllowAutoRedirect);
        Assert.False(configured.UseCookies);
        Assert.Equal(DecompressionMethods.None, configured.AutomaticDecompression);
    }

    [Fact]
    public async Task A_handler_that_follows_redirects_itself_is_refused()
    {
        using var registry = new Wire(_ => Wire.Ok());
        var options = Wire.Quick with
        {
            Handler = _ => new Fake(_ => new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = new HttpRequestMessage(HttpMethod.Get, "http://127.0.0.1:9/elsewhere") }),
        };

        var refused = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(options));

        Assert.Equal(RegistryFault.Unsafe, refused.Fault);
        Assert.Contains("127.0.0.1:9", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_that_ignores_its_token_does_not_outlive_the_timeout()
    {
        var answer = new TaskCompletionSource<HttpResponseMessage>();
        var late = new LateContent();
        using var registry = new Wire(_ => Wire.Ok());
        var options = Wire.Quick with { HeaderTimeout = TimeSpan.FromMilliseconds(100), Handler = _ => new Deaf(answer.Task) };

        var error = await Assert.ThrowsAsync<RegistryException>(() => registry.GetAsync(options).WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Equal(RegistryFault.TimedOut, error.Fault);

        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        using var sender = new HttpSender(options with { HeaderTimeout = TimeSpan.FromMinutes(10) });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sender.SendAsync(new HttpRequestMessage(HttpMethod.Get, registry.Address), stop.Token).WaitAsync(TimeSpan.FromSeconds(60)));

        answer.SetResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = late });
        await late.Disposed.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private sealed class Deaf(Task<HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => answer;
    }

    private sealed class LateContent() : ByteArrayContent([])
    {
        private readonly TaskCompletionSource _disposed = new();

        public Task Disposed => _disposed.Task;

        protected override void Dispose(bool disposing)
        {
            _disposed.TrySetResult();
            base.Dispose(disposing);
        }
    }

    private sealed class Fake(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(answer(request));
    }

    private sealed class Spy(HttpMessageHandler inner, Action<HttpRequestMessage> see) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            see(request);
            return base.SendAsync(request, cancellationToken);
        }
    }
}
