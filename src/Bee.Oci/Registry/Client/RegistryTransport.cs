using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Bee.Oci.Registry.Authentication;
using Bee.Oci.Registry.Transport;

namespace Bee.Oci.Registry.Client;

/// <summary>
/// Sends requests to one registry, with authentication, redirects, retries, timeouts, certificates and proxies. Thread-safe.
/// </summary>
internal sealed class RegistryTransport : IDisposable
{
    private readonly RegistryOptions _options;
    private readonly HttpSender _sender;
    private readonly Retries _retries;
    private readonly Authenticator _authenticator;
    private volatile Uri _base;

    /// <summary>Creates the transport. Sends nothing yet.</summary>
    /// <param name="host">Host and port: <c>ghcr.io</c>, <c>localhost:5000</c>.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="RegistryException">The host, an option or a proxy variable is invalid.</exception>
    public RegistryTransport(string host, RegistryOptions options)
    {
        _options = options;
        _base = RegistryAddress.Api(host, options);
        _sender = new HttpSender(options);
        _retries = new Retries(options);
        var tokens = new TokenService(_sender, new Retries(options), () => Base, options);
        _authenticator = new Authenticator(host, options.Credentials, tokens);
    }

    /// <summary>The URL of the registry: <c>https://ghcr.io/</c>. A loopback registry starts with http, and switches to https if it answers that it requires TLS.</summary>
    public Uri Base => _base;

    /// <summary>Sends a request and returns the response with any status, after its headers are read. The caller disposes it.</summary>
    /// <param name="make">Creates the request for each attempt, with its body at the beginning. Its URL may be relative to <see cref="Base"/>.
    /// Credentials are sent only to the registry itself.</param>
    /// <param name="scope">The scope of the request.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <param name="repeat">False for a request that must not be repeated if the registry may have processed it. After 401 and 429 it is
    /// repeated in any case.</param>
    /// <returns>The response. The idle timeout applies to its body; reading it throws <see cref="RegistryException"/> with
    /// <see cref="RegistryFault.TimedOut"/> or <see cref="RegistryFault.Broken"/>.</returns>
    /// <exception cref="RegistryException">The registry did not respond, or a redirect is not safe to follow.</exception>
    public Task<HttpResponseMessage> SendAsync(
        Func<HttpRequestMessage> make, RegistryScope scope, CancellationToken cancellationToken, bool repeat = true) =>
        _retries.RunAsync(cancellationToken => FollowAsync(make, scope, cancellationToken), repeat, $"Request to {Base.Authority}", cancellationToken);

    /// <summary>Redacts secrets in a registry's text. Call this before truncating: half of a secret is not recognized.</summary>
    public string WithoutSecrets(string text) => RefusalText.Clean(text, _authenticator.Secrets());

    /// <inheritdoc/>
    public void Dispose()
    {
        _sender.Dispose();
        _authenticator.Dispose();
    }

    private async Task<HttpResponseMessage> FollowAsync(Func<HttpRequestMessage> make, RegistryScope scope, CancellationToken cancellationToken)
    {
        Uri? next = null;
        bool own = true;
        long start = Stopwatch.GetTimestamp();
        for (int hops = 0; ; hops++)
        {
            HttpRequestMessage request = make();
            HttpMethod method = request.Method;
            Uri address = request.RequestUri = next ?? Secured(new Uri(Base, request.RequestUri ?? Base));
            RequireAllowed(request);

            // After a redirect to another host no credentials are sent, even if that host redirects back to the registry.
            own = own && RegistryAddress.IsSameOrigin(Base, address);
            HttpResponseMessage answer = own
                ? await AuthenticateAsync(request, make, address, scope, cancellationToken).ConfigureAwait(false)
                : await _sender.SendAsync(request, cancellationToken).ConfigureAwait(false);
            if (own && await WantsTlsAsync(answer, address, cancellationToken).ConfigureAwait(false))
            {
                answer.Dispose();
                if (_options.PlainHttp)
                {
                    throw new RegistryException(RegistryFault.PlainHttp, $"{address.Authority} requires TLS, but the request used plain http.")
                    {
                        Remedy = $"Do not request plain http, and remove plainHttp of {address.Authority} from the settings.",
                    };
                }

                _base = new UriBuilder(address) { Scheme = Uri.UriSchemeHttps, Path = "/", Query = "" }.Uri;
                _options.Note?.Invoke(new RegistryNote($"{address.Authority} wants TLS.", false));
                return await FollowAsync(make, scope, cancellationToken).ConfigureAwait(false);
            }

            if (!Redirects.TryRead(answer, address, method, hops, Stopwatch.GetElapsedTime(start), _options, out next))
            {
                if ((int)answer.StatusCode >= 400 && _authenticator.Secrets() is { Count: > 0 } secrets)
                {
                    await RefusalText.CleanAsync(answer, secrets, cancellationToken).ConfigureAwait(false);
                }

                return answer;
            }

            answer.Dispose();
            _options.Note?.Invoke(new RegistryNote(WithoutSecrets($"{address.Authority} sends {method} {address.AbsolutePath} on to {next.Authority}."), false));
        }
    }

    /// <summary>Checks whether a plain http request reached a server that requires TLS.</summary>
    private async Task<bool> WantsTlsAsync(HttpResponseMessage answer, Uri address, CancellationToken cancellationToken)
    {
        if (answer.StatusCode != HttpStatusCode.BadRequest || address.Scheme != Uri.UriSchemeHttp)
        {
            return false;
        }

        if (answer.RequestMessage?.Method != HttpMethod.Head)
        {
            return await RefusalText.SaysAsync(answer, "HTTPS", cancellationToken).ConfigureAwait(false);
        }

        // A response to HEAD has no error text, and a push begins with HEAD.
        using HttpResponseMessage words = await _sender.SendAsync(new HttpRequestMessage(HttpMethod.Get, new Uri(Base, "/v2/")), cancellationToken).ConfigureAwait(false);
        return words.StatusCode == HttpStatusCode.BadRequest && await RefusalText.SaysAsync(words, "HTTPS", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Switches a URL that was created before the registry required TLS to https.</summary>
    private Uri Secured(Uri address) =>
        Base.Scheme == Uri.UriSchemeHttps && address.Scheme == Uri.UriSchemeHttp && address.Authority == Base.Authority && RegistryAddress.IsLoopback(address)
            ? new UriBuilder(address) { Scheme = Uri.UriSchemeHttps, Port = address.Port }.Uri
            : address;

    private async Task<HttpResponseMessage> AuthenticateAsync(
        HttpRequestMessage request, Func<HttpRequestMessage> make, Uri address, RegistryScope scope, CancellationToken cancellationToken)
    {
        AuthenticationHeaderValue? header;
        try
        {
            header = await _authenticator.HeaderAsync(scope, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            request.Dispose();
            throw;
        }

        request.Headers.Authorization = header;
        HttpResponseMessage answer = await _sender.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (answer.StatusCode != HttpStatusCode.Unauthorized)
        {
            return answer;
        }

        AuthenticationHeaderValue? better;
        try
        {
            better = await _authenticator.AnswerAsync(Challenge.Read(answer), scope, header, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            answer.Dispose();
            throw;
        }

        if (better is null)
        {
            return answer;
        }

        answer.Dispose();
        HttpRequestMessage again = make();
        again.RequestUri = address;
        again.Headers.Authorization = better;
        return await _sender.SendAsync(again, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Throws for plain http, unless the options allow it or the host is loopback; always throws if the registry uses https.</summary>
    private void RequireAllowed(HttpRequestMessage request)
    {
        Uri address = request.RequestUri!;
        string? fault =
            address.Scheme == Uri.UriSchemeHttps ? null
            : address.Scheme != Uri.UriSchemeHttp ? $"{Base.Authority} answers with an address that is not http or https."
            : Base.Scheme == Uri.UriSchemeHttps ? $"{Base.Authority} answers with an address on plain http, {address.Authority}. Bee sent nothing to it."
            : _options.PlainHttp || RegistryAddress.IsLoopback(address) ? null
            : $"{Base.Authority} answers with an address on plain http that is not on this machine, {address.Authority}. Bee sent nothing to it.";
        if (fault is not null)
        {
            request.Dispose();
            throw new RegistryException(Base.Scheme == Uri.UriSchemeHttps ? RegistryFault.Unsafe : RegistryFault.PlainHttp, fault);
        }
    }
}
