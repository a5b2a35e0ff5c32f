using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using static Bee.Oci.Registry.Transport.TryFailedException;

namespace Bee.Oci.Registry.Transport;

/// <summary>
/// Tries a request again after 408, 429, 5xx and broken connections; never after another 4xx, and not after silence. Pauses double and are
/// spread at random, so that many clients of a registry that comes back do not come at once; a <c>Retry-After</c> (RFC 9110, 10.2.3) is kept.
/// </summary>
internal sealed class Retries(RegistryOptions options)
{
    private static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(200);

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
        for (int tried = 0; ; tried++)
        {
            TimeSpan pause;
            string reason;
            try
            {
                HttpResponseMessage answer = await once(cancellationToken).ConfigureAwait(false);
                _answered = true;
                if (tried >= options.Retries || !IsWorth(answer.StatusCode, repeat))
                {
                    return answer;
                }

                pause = Pause(tried, Asked(answer));
                reason = $"{(int)answer.StatusCode} {answer.StatusCode}";
                answer.Dispose();
            }
            catch (TryFailedException e)
            {
                bool again = e.Again == Repeat.Always || (e.Again == Repeat.WhereItAnswered && _answered);
                if (tried >= options.Retries || !repeat || !again)
                {
                    throw e.Reported;
                }

                pause = Pause(tried, null);
                reason = e.Reported.Message;
            }

            options.Note?.Invoke(new RegistryNote(string.Create(CultureInfo.InvariantCulture, $"{what}: {reason} Trying again in {pause.TotalSeconds:0.0} s ({tried + 1} of {options.Retries})."), false));
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

    private static TimeSpan? Asked(HttpResponseMessage answer)
    {
        if (answer.Headers.RetryAfter is not { } asked)
        {
            return null;
        }

        TimeSpan time = asked.Delta ?? (asked.Date is { } date ? date - DateTimeOffset.UtcNow : TimeSpan.Zero);
        return time > TimeSpan.Zero ? time : TimeSpan.Zero;
    }

    /// <summary>How long to rest before the next try.</summary>
    /// <param name="tried">How often it was tried again already.</param>
    /// <param name="asked">How long the registry wants it to be; null for no wish.</param>
    public TimeSpan Pause(int tried, TimeSpan? asked)
    {
        TimeSpan own = s_first * Math.Pow(2, Math.Min(tried, 16)) * (0.5 + Random.Shared.NextDouble());
        TimeSpan pause = asked is { } least ? least + (own * 0.1) : own;
        return pause < options.LongestPause ? pause : options.LongestPause;
    }
}

/// <summary>
/// One try of a request had no answer. Never leaves this folder: after the last try <see cref="Reported"/> is thrown. No <see cref="Bee.Posix.BeeException"/>, so that nothing but the retry loop
/// catches it, and a request that the loop gave up, such as one for a token, is not tried again by a loop around it.
/// </summary>
internal sealed class TryFailedException : Exception
{
    public TryFailedException(RegistryException reported, Repeat repeat)
        : base(reported.Message, reported) => (Reported, Again) = (reported, repeat);

    /// <summary>When another try makes sense.</summary>
    public enum Repeat
    {
        /// <summary>It would end in the same way.</summary>
        Never,

        /// <summary>The connection broke.</summary>
        Always,

        /// <summary>Nobody listens: it makes sense where somebody did before, and is being restarted.</summary>
        WhereItAnswered,
    }

    public RegistryException Reported { get; }

    public Repeat Again { get; }
}

/// <summary>Says in a person's words why there is no answer.</summary>
internal static class ConnectionFault
{
    /// <summary>What one try failed of.</summary>
    /// <param name="error">What .NET says. Its text has hosts and addresses, never headers.</param>
    /// <param name="address">Where the request went.</param>
    /// <param name="refusal">Why the certificate there was not believed; null where it was, or none was seen.</param>
    public static TryFailedException From(HttpRequestException error, Uri address, CertificateRefusal? refusal)
    {
        string host = address.Authority;
        string detail = Innermost(error).Message;
        return error.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new(
                new(RegistryFault.Unreachable, $"The host of {host} was not found: {detail}.", error) { Remedy = "Check the name, and the proxy variables where there is a proxy." },
                IsTemporary(error) ? Repeat.Always : Repeat.Never),
            HttpRequestError.ConnectionError => new(
                new(RegistryFault.Unreachable, $"Nobody answers at {host}: {detail}.", error) { Remedy = "Check that the registry runs there, and the port." },
                Repeat.WhereItAnswered),
            HttpRequestError.SecureConnectionError when error.InnerException is AuthenticationException refused => new(Certificate(refused, host, refusal), Repeat.Never),
            HttpRequestError.ProxyTunnelError => new(
                new(RegistryFault.Unreachable, $"The proxy did not open a way to {host}: {error.Message}", error) { Remedy = "Check the proxy variables (HTTPS_PROXY, NO_PROXY)." },
                Repeat.Never),
            HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.VersionNegotiationError => new(
                new(RegistryFault.BadAnswer, $"What {host} answers is not HTTP: {detail}", error), Repeat.Never),
            HttpRequestError.ConfigurationLimitExceeded => new(
                new(RegistryFault.TooLarge, $"The headers that {host} answers with are too large.", error), Repeat.Never),
            _ => Broken(error, address),
        };
    }

    /// <summary>The connection was there and broke.</summary>
    public static TryFailedException Broken(Exception error, Uri address) => new(
        new(RegistryFault.Broken, $"The connection to {address.Authority} broke: {Innermost(error).Message}", error), Repeat.Always);

    /// <summary>The registry said nothing for too long. Not tried again: each try would take as long.</summary>
    public static TryFailedException Silent(Uri address, TimeSpan time) => new(
        new(RegistryFault.TimedOut, string.Create(CultureInfo.InvariantCulture, $"{address.Authority} did not answer within {time.TotalSeconds:0.###} s."))
        {
            Remedy = "Check that it is a registry that runs there. If it does, wait longer for it.",
        },
        Repeat.Never);

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
