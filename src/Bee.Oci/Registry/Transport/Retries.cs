using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Bee.Posix;

namespace Bee.Oci.Registry.Transport;

/// <summary>
/// Tries a request again after 408, 429, 5xx and broken connections; never after another 4xx, and not after silence. Pauses double and are
/// spread at random, so that many clients of a registry that comes back do not come at once; a <c>Retry-After</c> (RFC 9110, 10.2.3) is kept.
/// </summary>
internal sealed class Retries(RegistryOptions options)
{
    private volatile bool _answered;

    /// <summary>Sends by <paramref name="once"/> until there is an answer to keep.</summary>
    /// <param name="once">Sends it.</param>
    /// <param name="repeat">False: again only where the request was refused unread (429).</param>
    /// <param name="what">What is asked, for notes; no secret.</param>
    /// <param name="cancellationToken">Ends the wait, also the pauses.</param>
    /// <exception cref="RegistryException">There is no answer.</exception>
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
                    // Not again where this is part of a longer way either.
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

/// <summary>Says in a person's words why there is no answer.</summary>
internal static class ConnectionFault
{
    /// <summary>What one try failed of.</summary>
    /// <param name="error">What .NET says. Its text has hosts and addresses, never headers.</param>
    /// <param name="address">Where the request went.</param>
    /// <param name="refusal">Why the certificate there was not believed; null where it was, or none was seen.</param>
    public static RegistryException From(HttpRequestException error, Uri address, CertificateRefusal? refusal)
    {
        string host = address.Authority;
        string detail = Innermost(error).Message;
        return error.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new(RegistryFault.Unreachable, $"The host of {host} was not found: {detail}.", error)
            {
                Remedy = "Check the name, and the proxy variables where there is a proxy.",
                Repeat = IsTemporary(error) ? Repeat.Always : Repeat.Never,
            },
            HttpRequestError.ConnectionError => new(RegistryFault.Unreachable, $"Nothing answers at {host}: {detail}.", error)
            {
                Remedy = "Check that the registry runs there, and the port.",
                Repeat = Repeat.WhereItAnswered,
            },
            HttpRequestError.SecureConnectionError when error.InnerException is AuthenticationException refused => Certificate(refused, host, refusal),
            HttpRequestError.ProxyTunnelError => new(RegistryFault.Unreachable, $"The proxy did not open a way to {host}: {error.Message}", error)
            {
                Remedy = "Check the proxy variables (HTTPS_PROXY, NO_PROXY).",
            },
            HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.VersionNegotiationError => new(
                RegistryFault.BadAnswer, $"What {host} answers is not HTTP: {detail}", error),
            HttpRequestError.ConfigurationLimitExceeded => new(
                RegistryFault.TooLarge, $"The headers that {host} answers with are too large.", error),
            _ => Broken(error, address, Repeat.Always),
        };
    }

    /// <summary>The connection was there and broke.</summary>
    public static RegistryException Broken(Exception error, Uri address, Repeat repeat) =>
        new(RegistryFault.Broken, $"The connection to {address.Authority} broke: {Innermost(error).Message}", error) { Repeat = repeat };

    /// <summary>The registry said nothing for too long. Not tried again: each try would take as long.</summary>
    public static RegistryException Silent(Uri address, TimeSpan time) => new(RegistryFault.TimedOut, string.Create(CultureInfo.InvariantCulture, $"{address.Authority} did not answer within {time.TotalSeconds:0.###} s."))
    {
        Remedy = "Check that it is a registry that runs there.",
    };

    private static RegistryException Certificate(AuthenticationException refused, string host, CertificateRefusal? refusal) =>
        refusal is not null
            ? new(RegistryFault.Certificate, $"The certificate of {host} is not trusted: {refusal.Reason}.", refused) { Remedy = refusal.Remedy }
            : new(RegistryFault.Certificate, $"{host} does not speak TLS: {refused.Message}", refused)
            {
                Remedy = "If the registry has plain http on purpose, ask for plain http.",
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
