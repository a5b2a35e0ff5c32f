using System.Globalization;
using System.Net.Sockets;
using System.Security.Authentication;
using static Bee.Oci.Registry.Transport.TryFailedException;

namespace Bee.Oci.Registry.Transport;

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
            Remedy = "Check that it is a registry that runs there. -ConnectionTimeoutSeconds gives it longer.",
        },
        Repeat.Never);

    private static RegistryException Certificate(AuthenticationException refused, string host, CertificateRefusal? refusal) =>
        refusal is not null
            ? new(RegistryFault.Certificate, $"The certificate of {host} is not trusted: {refusal.Reason}.", refused) { Remedy = refusal.Remedy }
            : new(RegistryFault.Certificate, $"{host} does not speak TLS: {refused.Message}", refused)
            {
                Remedy = "If the registry has plain http on purpose, ask for it with -PlainHttp.",
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
