using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Bee.Posix;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Serving;

/// <summary>The address, the sources, the access and the limits of a <see cref="MetricServer"/>.</summary>
public sealed record MetricServerOptions
{
    /// <summary>The default of <see cref="Listen"/>.</summary>
    public const string DefaultListen = "127.0.0.1:9435";

    /// <summary>
    /// The address and port, such as <c>127.0.0.1:9435</c>, <c>[::]:9435</c> or <c>host:9435</c>. A port alone is one of 127.0.0.1. Port 0 chooses a free one.
    /// </summary>
    public string Listen { get; init; } = DefaultListen;

    /// <summary>Returns the sources to serve. Called at each scrape, on any thread. A server that was started with a session serves these sources in addition.</summary>
    public Func<IReadOnlyList<IMetricSource>> Sources { get; init; } = static () => [];

    /// <summary>The token that scrapers must send as <c>Authorization: Bearer TOKEN</c>; null for none. <c>/healthz</c> and <c>/readyz</c> require no token.</summary>
    public string? BearerToken { get; init; }

    /// <summary>The path of the TLS certificate: PEM, followed by its intermediate certificates, or PKCS#12. Null for plain HTTP.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>The path of the certificate's private key (PEM); null if <see cref="CertificatePath"/> contains the key.</summary>
    public string? KeyPath { get; init; }

    /// <summary>The password of the key or of the PKCS#12 file; null for none.</summary>
    public string? CertificatePassword { get; init; }

    /// <summary>Whether the server may listen on other addresses than loopback without a token and without TLS.</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary>The maximum number of connections. A further connection closes the one that has been idle longest, or is refused if none is idle.</summary>
    public int MaxConnections { get; init; } = 64;

    /// <summary>The maximum size of a request's head in bytes.</summary>
    public int MaxHeaderBytes { get; init; } = 16 * 1024;

    /// <summary>The time limit for the TLS handshake and the head of a request.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time limit for reading all sources. Sources that are not read in time are left out of the answer.</summary>
    public TimeSpan ScrapeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time limit for sending an answer.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an idle connection stays open.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(2);
}

/// <summary>The reasons why a <see cref="MetricServer"/> does not start.</summary>
internal enum MetricServerFault
{
    /// <summary>The address is not valid, or its host is unknown.</summary>
    InvalidAddress,
    /// <summary>Another socket listens on the port.</summary>
    AddressTaken,
    /// <summary>The machine does not have the address, or the kernel refused it.</summary>
    AddressUnavailable,
    /// <summary>Other machines could read the metrics, and nothing protects them.</summary>
    Unprotected,
    /// <summary>The certificate or its key cannot be used.</summary>
    InvalidCertificate,
    /// <summary>The token is empty, or has characters that a header field cannot contain.</summary>
    InvalidToken,
}

/// <summary>
/// A <see cref="MetricServer"/> cannot start. <see cref="BeeException.Id"/> is <c>MetricServer.InvalidAddress</c>, <c>MetricServer.AddressTaken</c>, <c>MetricServer.AddressUnavailable</c>,
/// <c>MetricServer.Unprotected</c>, <c>MetricServer.InvalidCertificate</c> or <c>MetricServer.InvalidToken</c>.
/// </summary>
public sealed class MetricServerException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The reason.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do, as a sentence.</param>
    /// <param name="inner">The exception that caused this one; null if none did.</param>
    internal MetricServerException(MetricServerFault fault, string message, string remedy, Exception? inner = null) : base($"MetricServer.{fault}", message, remedy, inner) => Fault = fault;

    /// <summary>The reason.</summary>
    internal MetricServerFault Fault { get; }
}

/// <summary>Parses addresses to listen on.</summary>
internal static class ListenAddress
{
    private const string Remedy = "Give ADDRESS:PORT, such as 127.0.0.1:9435 or [::1]:9435.";

    /// <summary>Parses an address.</summary>
    /// <param name="text">The text of <see cref="MetricServerOptions.Listen"/>.</param>
    /// <exception cref="MetricServerException">The address is not valid.</exception>
    public static IPEndPoint Parse(string text)
    {
        var separator = text.LastIndexOf(':');
        var host = separator < 0 ? "127.0.0.1" : text[..separator];
        if (!ushort.TryParse(text.AsSpan(separator + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            throw Invalid(text, "its port is not a number from 0 to 65535");
        }

        if (host is "" or "*")
        {
            throw new MetricServerException(
                MetricServerFault.InvalidAddress,
                $"'{text}' does not contain an address to listen on.",
                $"Give 127.0.0.1:{port} for this machine alone, 0.0.0.0:{port} or [::]:{port} for all addresses.");
        }

        if (host is ['[', .. var inner, ']'])
        {
            return IPAddress.TryParse(inner, out var six) && six.AddressFamily == AddressFamily.InterNetworkV6
                ? new IPEndPoint(six, port)
                : throw Invalid(text, $"'{inner}' is not an IPv6 address");
        }

        if (host.Contains(':'))
        {
            throw Invalid(text, "an IPv6 address needs brackets");
        }

        return new IPEndPoint(host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : Resolve(text, host), port);
    }

    /// <summary>Reports whether only this machine can reach an address.</summary>
    public static bool IsLoopback(IPAddress address) => IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);

    private static IPAddress Resolve(string text, string host)
    {
        if (IPAddress.TryParse(host, out var address))
        {
            return address;
        }

        try
        {
            return Dns.GetHostAddresses(host) is [var first, ..] ? first : throw Invalid(text, $"'{host}' has no address");
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw Invalid(text, $"'{host}' cannot be resolved: {exception.Message}");
        }
    }

    private static MetricServerException Invalid(string text, string reason) =>
        new(MetricServerFault.InvalidAddress, $"'{text}' is not an address to listen on: {reason}.", Remedy);
}

/// <summary>A token that scrapers must send. Stores only a digest of it.</summary>
internal sealed class BearerToken
{
    private const string Scheme = "Bearer ";

    private readonly byte[] _digest;

    /// <summary>Validates a token and stores its digest.</summary>
    /// <exception cref="MetricServerException">The token is empty, or has characters that a header field cannot contain.</exception>
    public BearerToken(string token)
    {
        if (token.Length == 0 || token.Any(static c => c is <= ' ' or > '~'))
        {
            throw new MetricServerException(
                MetricServerFault.InvalidToken,
                token.Length == 0 ? "The token is empty." : "The token has a character that is not printable ASCII.",
                "Give a token of letters, digits and punctuation, without spaces or a newline at its end.");
        }

        _digest = Digest(token);
    }

    /// <summary>Reports whether a field <c>Authorization</c> has the token. Takes the same time for all wrong tokens of one length.</summary>
    /// <param name="authorization">The value of the field; null if the request has none.</param>
    public bool IsIn(string? authorization) =>
        authorization is not null && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Digest(authorization[Scheme.Length..].Trim()), _digest);

    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}

/// <summary>Reads the certificate of a server.</summary>
internal static class ServerCertificate
{
    private const string Remedy = "Give a PEM file with the certificate and one with its key, or a PKCS#12 file with both.";

    /// <summary>Reads a certificate with its key and its intermediate certificates.</summary>
    /// <param name="options">The paths and the password.</param>
    /// <returns>The certificate; null if the options have no path.</returns>
    /// <exception cref="MetricServerException">The certificate or its key cannot be used.</exception>
    public static SslStreamCertificateContext? Read(MetricServerOptions options)
    {
        if (options.CertificatePath is not { } path)
        {
            return options.KeyPath is null
                ? null
                : throw new MetricServerException(MetricServerFault.InvalidCertificate, $"The key '{options.KeyPath}' was given without a certificate.", Remedy);
        }

        try
        {
            var bytes = RegularFile.ReadAllBytes(path);
            return bytes.AsSpan().IndexOf("-----BEGIN "u8) >= 0
                ? ReadPem(Encoding.UTF8.GetString(bytes), options)
                : ReadPkcs12(bytes, options.CertificatePassword);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            var reason = exception is ArgumentException ? "the key belongs to another certificate." : exception.Message;
            throw new MetricServerException(MetricServerFault.InvalidCertificate, $"The certificate '{path}' cannot be used: {reason}", Remedy, exception);
        }
    }

    private static SslStreamCertificateContext ReadPem(string text, MetricServerOptions options)
    {
        var keyText = options.KeyPath is { } keyPath ? Encoding.UTF8.GetString(RegularFile.ReadAllBytes(keyPath)) : text;
        using var pem = options.CertificatePassword is { } password && keyText.Contains("ENCRYPTED", StringComparison.Ordinal)
            ? X509Certificate2.CreateFromEncryptedPem(text, keyText, password)
            : X509Certificate2.CreateFromPem(text, keyText);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(text);
        return SslStreamCertificateContext.Create(new X509Certificate2(pem), chain, offline: true);
    }

    private static SslStreamCertificateContext ReadPkcs12(byte[] bytes, string? password)
    {
        var all = new X509Certificate2Collection();
        all.Import(bytes, password, X509KeyStorageFlags.EphemeralKeySet);
        var own = all.FirstOrDefault(static certificate => certificate.HasPrivateKey) ?? throw new CryptographicException("it has no private key.");
        return SslStreamCertificateContext.Create(own, all, offline: true);
    }
}
