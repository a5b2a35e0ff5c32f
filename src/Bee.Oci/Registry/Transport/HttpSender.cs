using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Reflection;
using Bee.Oci.Formats;

namespace Bee.Oci.Registry.Transport;

/// <summary>Sends a request once, with timeouts, the proxy and the trusted certificates. Does not follow redirects or add credentials.</summary>
internal sealed class HttpSender : IDisposable
{
    // A handler that observes its token ends well within this time. Until it has ended, it may still read the content of the request.
    private static readonly TimeSpan s_handlerGrace = TimeSpan.FromSeconds(1);

    private static readonly string s_agent = "bee/" + (typeof(HttpSender).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
        ?.InformationalVersion.Split('+')[0] ?? "0");

    private readonly HttpMessageInvoker _http;
    private readonly RegistryOptions _options;
    private readonly ServerTrust _trust;

    /// <exception cref="RegistryException">The file with authorities or a proxy variable is invalid.</exception>
    public HttpSender(RegistryOptions options)
    {
        _options = options;
        _trust = new ServerTrust(options);
        IWebProxy? proxy = EnvironmentProxy.Read();
        var handler = new SocketsHttpHandler
        {
            UseProxy = proxy is not null,
            Proxy = proxy,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        };
        handler.SslOptions.RemoteCertificateValidationCallback = _trust.Check;
        HttpMessageHandler sender = options.Handler?.Invoke(handler) ?? handler;
        Restrict(sender);
        _http = new HttpMessageInvoker(sender);
    }

    /// <summary>Sends a request with an absolute URL, and disposes it.</summary>
    /// <exception cref="RegistryException">The registry did not respond.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Uri address = request.RequestUri!;
        using var deadline = new Deadline(cancellationToken);
        using HttpRequestMessage sent = request;
        request.Headers.TryAddWithoutValidation("User-Agent", s_agent);
        WatchedUpload? upload = request.Content is { } body ? new WatchedUpload(body, deadline, _options) : null;
        request.Content = upload;
        deadline.Within(_options.HeaderTimeout);
        try
        {
            HttpResponseMessage answer = await SendOnceAsync(request, deadline.Token).ConfigureAwait(false)
                ?? throw new InvalidOperationException("The handler in RegistryOptions returned no response.");
            RequireSameAddress(answer, address);
            answer.Content = new WatchedAnswer(answer.Content, _options.IdleTimeout, address);
            return answer;
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception) when (deadline.IsOver)
        {
            throw ConnectionFault.Silent(address, _options.HeaderTimeout);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            upload?.ThrowSourceFault();
            throw e is HttpRequestException failed ? ConnectionFault.From(failed, address, _trust.Refusal(address)) : ConnectionFault.Broken(e, address, Repeat.Always);
        }
        catch
        {
            upload?.ThrowSourceFault();
            throw;
        }
    }

    public void Dispose() => _http.Dispose();

    // A handler of the caller's may ignore its token.
    private async Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Task<HttpResponseMessage> sending = _http.SendAsync(request, cancellationToken);
        var canceled = new TaskCompletionSource();
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static source => ((TaskCompletionSource)source!).TrySetResult(), canceled);
        if (await Task.WhenAny(sending, canceled.Task).ConfigureAwait(false) != sending
            && await Task.WhenAny(sending, Task.Delay(s_handlerGrace, CancellationToken.None)).ConfigureAwait(false) != sending)
        {
            _ = sending.ContinueWith(DisposeLate, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw new OperationCanceledException(cancellationToken);
        }

        return await sending.ConfigureAwait(false);
    }

    private static void DisposeLate(Task<HttpResponseMessage> sending)
    {
        if (sending.IsCompletedSuccessfully)
        {
            sending.Result?.Dispose();
        }
        else
        {
            // Marks the exception as observed.
            _ = sending.Exception;
        }
    }

    // The transport follows redirects, because it decides where credentials go. Digests are those of the bytes as the registry sends them.
    private static void Restrict(HttpMessageHandler? handler)
    {
        switch (handler)
        {
            case DelegatingHandler outer:
                Restrict(outer.InnerHandler);
                break;
            case SocketsHttpHandler sockets:
                (sockets.AllowAutoRedirect, sockets.UseCookies, sockets.AutomaticDecompression) = (false, false, DecompressionMethods.None);
                break;
            case HttpClientHandler client:
                (client.AllowAutoRedirect, client.UseCookies, client.AutomaticDecompression) = (false, false, DecompressionMethods.None);
                break;
        }
    }

    // A handler of the caller's may follow redirects itself, past the checks of the transport.
    private static void RequireSameAddress(HttpResponseMessage answer, Uri address)
    {
        answer.RequestMessage ??= new HttpRequestMessage(HttpMethod.Get, address);
        if (answer.RequestMessage.RequestUri is { } sent && sent != address)
        {
            answer.Dispose();
            throw new RegistryException(RegistryFault.Unsafe, $"The HTTP handler sent a request for {address.Authority} to {sent.Authority}.")
            {
                Remedy = "Disable automatic redirects in the handler.",
            };
        }
    }
}

/// <summary>Decides which redirects are followed (RFC 9110, 15.4). The transport decides where credentials go.</summary>
internal static class Redirects
{
    private const int Most = 10;

    /// <summary>Reads the target of a redirect; returns false if the response is not one.</summary>
    /// <param name="answer">The response.</param>
    /// <param name="address">The URL of the request.</param>
    /// <param name="method">The method of the request.</param>
    /// <param name="hops">The number of redirects before.</param>
    /// <param name="took">The time since the first request.</param>
    /// <param name="options">The options, whose idle timeout limits <paramref name="took"/>.</param>
    /// <param name="next">The target.</param>
    /// <exception cref="RegistryException">The redirect is invalid or not safe to follow.</exception>
    public static bool TryRead(HttpResponseMessage answer, Uri address, HttpMethod method, int hops, TimeSpan took, RegistryOptions options, [NotNullWhen(true)] out Uri? next)
    {
        next = null;
        bool keepsMethod = answer.StatusCode is HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;
        if (!keepsMethod && answer.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther))
        {
            return false;
        }

        string from = address.Authority;
        string? location = answer.Headers.NonValidated.TryGetValues("Location", out var values) ? values.FirstOrDefault() : null;
        string? fault =
            string.IsNullOrWhiteSpace(location) || !Uri.TryCreate(address, location, out next) || next.Host.Length == 0 ? "without a valid Location header"
            : next.Scheme is not ("http" or "https") ? $"to a URL with the scheme {next.Scheme}, which registries do not use"
            : !keepsMethod && method != HttpMethod.Get && method != HttpMethod.Head ? $"with status {(int)answer.StatusCode}, which would turn {method} into GET"
            : null;
        if (fault is not null || next is null)
        {
            answer.Dispose();
            throw new RegistryException(RegistryFault.BadAnswer, $"{from} redirects {fault}.");
        }

        if (options.IdleTimeout != Timeout.InfiniteTimeSpan && took > options.IdleTimeout)
        {
            answer.Dispose();
            throw new RegistryException(RegistryFault.TimedOut, string.Create(CultureInfo.InvariantCulture, $"{from} redirected the request, and the idle timeout of {options.IdleTimeout.TotalSeconds:0.###} s has passed."));
        }

        bool downgrade = address.Scheme == Uri.UriSchemeHttps && next.Scheme == Uri.UriSchemeHttp;
        if (downgrade || hops >= Most)
        {
            answer.Dispose();
            throw new RegistryException(
                RegistryFault.Unsafe,
                downgrade ? $"{from} redirects from https to plain http ({next.Authority}). Bee does not follow the redirect." : $"{from} redirects more than {Most} times.")
            {
                Remedy = "Check the registry's name, and report the redirect to its operator.",
            };
        }

        return true;
    }
}

/// <summary>Converts a registry's host, as in references, to the URL of its API.</summary>
internal static class RegistryAddress
{
    /// <summary>Docker Hub's API has another host than its references.</summary>
    private const string DockerHub = "docker.io", DockerHubApi = "registry-1.docker.io";

    private static readonly SearchValues<char> s_notInHosts = SearchValues.Create("/\\@?# ");

    /// <summary>Returns the base URL of the API.</summary>
    /// <param name="host">Host and port: <c>ghcr.io</c>, <c>[::1]:5000</c>.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="RegistryException"><see cref="RegistryFault.BadName"/>: the host is invalid.</exception>
    public static Uri Api(string host, RegistryOptions options)
    {
        string asked = string.Equals(host, DockerHub, StringComparison.OrdinalIgnoreCase) ? DockerHubApi : host;
        if (asked.AsSpan().ContainsAny(s_notInHosts)
            || !Uri.TryCreate($"https://{asked}/", UriKind.Absolute, out Uri? address) || address.PathAndQuery != "/" || address.Host.Length == 0)
        {
            throw new RegistryException(RegistryFault.BadName, $"'{Redaction.WithoutLogin(host)}' is not a registry.")
            {
                Remedy = "Use a host and, if needed, a port: ghcr.io, localhost:5000, [::1]:5000.",
            };
        }

        // A certificate option implies https, also on loopback.
        bool secure = options.CACertificate is not null || options.SkipCertificateCheck;
        return options.PlainHttp || (!secure && IsLoopback(address)) ? new Uri($"http://{asked}/") : address;
    }

    /// <summary>Checks whether a URL has a loopback host.</summary>
    public static bool IsLoopback(Uri address) =>
        string.Equals(address.IdnHost, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(address.IdnHost, out IPAddress? ip) && IPAddress.IsLoopback(ip));

    /// <summary>Checks whether two URLs have the same scheme, host and port. Credentials for one are sent to the other only then.</summary>
    public static bool IsSameOrigin(Uri one, Uri other) =>
        one.Scheme == other.Scheme && one.Port == other.Port
        && string.Equals(one.IdnHost, other.IdnHost, StringComparison.OrdinalIgnoreCase);
}
