using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Bee.Posix;

namespace Bee.Oci.Registry.Transport;

/// <summary>
/// Retries a request after 408, 429, 5xx and broken connections, but not after another 4xx or a timeout. Uses exponential backoff with jitter, and honors
/// <c>Retry-After</c> (RFC 9110, 10.2.3).
/// </summary>
internal sealed class Retries(RegistryOptions options)
{
    private volatile bool _answered;

    /// <summary>Calls <paramref name="once"/> until a response needs no retry.</summary>
    /// <param name="once">Sends the request.</param>
    /// <param name="repeat">False allows a retry only after 429, when the registry has not processed the request.</param>
    /// <param name="what">The request, for notes; without secrets.</param>
    /// <param name="cancellationToken">Cancels requests and pauses.</param>
    /// <exception cref="RegistryException">The registry did not respond.</exception>
    public async Task<HttpResponseMessage> RunAsync(
        Func<CancellationToken, Task<HttpResponseMessage>> once, bool repeat, string what, CancellationToken cancellationToken)
    {
        var backoff = options.NewBackoff();
        while (true)
        {
            TimeSpan pause;
            string reason;
            try
            {
                HttpResponseMessage answer = await once(cancellationToken).ConfigureAwait(false);
                _answered = true;
                if (backoff.IsOver || !IsWorth(answer.StatusCode, repeat))
                {
                    return answer;
                }

                pause = backoff.Next(Backoff.Asked(answer.Headers));
                reason = $"{(int)answer.StatusCode} {answer.StatusCode}";
                answer.Dispose();
            }
            catch (RegistryException e) when (e.Repeat != Repeat.Never)
            {
                if (backoff.IsOver || !repeat || (e.Repeat == Repeat.WhereItAnswered && !_answered))
                {
                    // An outer loop must not retry either.
                    e.Repeat = Repeat.Never;
                    throw;
                }

                pause = backoff.Next();
                reason = e.Message;
            }

            options.Note?.Invoke(new RegistryNote(string.Create(CultureInfo.InvariantCulture, $"{what}: {reason} Trying again in {pause.TotalSeconds:0.0} s ({backoff.Failures} of {options.Retries})."), false));
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsWorth(HttpStatusCode status, bool repeat) => status switch
    {
        HttpStatusCode.TooManyRequests => true,
        HttpStatusCode.RequestTimeout => repeat,
        HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported => false,
        >= HttpStatusCode.InternalServerError => repeat,
        _ => false,
    };
}

/// <summary>Converts connection errors to exceptions with a remedy.</summary>
internal static class ConnectionFault
{
    /// <summary>Returns the exception for a failed attempt.</summary>
    /// <param name="error">The error of .NET. Its text contains hosts and addresses, but no headers.</param>
    /// <param name="address">The URL of the request.</param>
    /// <param name="refusal">The reason why the certificate was rejected; null if it was not.</param>
    public static RegistryException From(HttpRequestException error, Uri address, CertificateRefusal? refusal)
    {
        string host = address.Authority;
        string detail = Innermost(error).Message;
        return error.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new(RegistryFault.Unreachable, $"The host of {host} was not found: {detail}.", error)
            {
                Remedy = "Check the name, and the proxy variables if a proxy is used.",
                Repeat = IsTemporary(error) ? Repeat.Always : Repeat.Never,
            },
            HttpRequestError.ConnectionError => new(RegistryFault.Unreachable, $"{host} does not accept connections: {detail}.", error)
            {
                Remedy = "Check the port, and that the registry runs there.",
                Repeat = Repeat.WhereItAnswered,
            },
            HttpRequestError.SecureConnectionError when error.InnerException is AuthenticationException refused => Certificate(refused, host, refusal),
            HttpRequestError.ProxyTunnelError => new(RegistryFault.Unreachable, $"The proxy did not open a connection to {host}: {error.Message}", error)
            {
                Remedy = "Check the proxy variables (HTTPS_PROXY, NO_PROXY).",
            },
            HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.VersionNegotiationError => new(
                RegistryFault.BadAnswer, $"The answer of {host} is not HTTP: {detail}", error),
            HttpRequestError.ConfigurationLimitExceeded => new(
                RegistryFault.TooLarge, $"The headers in the answer of {host} are too large.", error),
            _ => Broken(error, address, Repeat.Always),
        };
    }

    /// <summary>Returns the exception for a broken connection.</summary>
    public static RegistryException Broken(Exception error, Uri address, Repeat repeat) =>
        new(RegistryFault.Broken, $"The connection to {address.Authority} broke: {Innermost(error).Message}", error) { Repeat = repeat };

    /// <summary>Returns the exception for a timeout. It is not retried: each attempt would take as long.</summary>
    public static RegistryException Silent(Uri address, TimeSpan time) => new(RegistryFault.TimedOut, string.Create(CultureInfo.InvariantCulture, $"{address.Authority} did not answer within {time.TotalSeconds:0.###} s."))
    {
        Remedy = "Check that a registry runs there.",
    };

    private static RegistryException Certificate(AuthenticationException refused, string host, CertificateRefusal? refusal) =>
        refusal is not null
            ? new(RegistryFault.Certificate, $"The certificate of {host} is not trusted: {refusal.Reason}.", refused) { Remedy = refusal.Remedy }
            : new(RegistryFault.Certificate, $"{host} does not speak TLS: {refused.Message}", refused)
            {
                Remedy = "If the registry uses plain http on purpose, allow plain http.",
            };

    private static bool IsTemporary(Exception error) => Innermost(error) is SocketException { SocketErrorCode: SocketError.TryAgain };

    private static Exception Innermost(Exception error)
    {
        while (error.InnerException is { } inner)
        {
            error = inner;
        }

        return error;
    }
}
