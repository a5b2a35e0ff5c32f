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

/// <summary>Where a <see cref="MetricServer"/> listens, what it serves, to whom, and within which limits.</summary>
public sealed record MetricServerOptions
{
    /// <summary>The address that is listened on without another choice.</summary>
    public const string DefaultListen = "127.0.0.1:9435";

    /// <summary>
    /// The address and port: <c>127.0.0.1:9435</c>, <c>[::]:9435</c>, <c>host:9435</c>, or a port alone for 127.0.0.1. Port 0 takes a free one.
    /// </summary>
    public string Listen { get; init; } = DefaultListen;

    /// <summary>Returns the sources to serve; called at each scrape, on any thread. Without sources of its own, a server serves the session that it was started with.</summary>
    public Func<IReadOnlyList<IMetricSource>> Sources { get; init; } = static () => [];

    /// <summary>The token that scrapers must send as <c>Authorization: Bearer</c>; null for none. Health and readiness need no token.</summary>
    public string? BearerToken { get; init; }

    /// <summary>A file with the certificate for TLS: PEM, with those of its authorities behind it, or PKCS#12; null for plain HTTP.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>A PEM file with the certificate's private key; null if <see cref="CertificatePath"/> has the key too.</summary>
    public string? KeyPath { get; init; }

    /// <summary>The password of the PKCS#12 file or of the key; null for none.</summary>
    public string? CertificatePassword { get; init; }

    /// <summary>Whether other addresses than loopback may be listened on without a token and without TLS.</summary>
    public bool AllowAnonymous { get; init; }

    /// <summary>The connections at one time. A further one ends the one that waits longest for a request, or is refused while all are being answered.</summary>
    public int MaxConnections { get; init; } = 64;

    /// <summary>The bytes that the head of a request may have.</summary>
    public int MaxHeaderBytes { get; init; } = 16 * 1024;

    /// <summary>The time for the TLS handshake and the head of a request.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time for reading all sources. Sources that are not read by then are left out.</summary>
    public TimeSpan ScrapeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The time in which a scraper must take an answer.</summary>
    public TimeSpan WriteTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The time that a connection stays open without a request.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(2);
}

/// <summary>The reasons why a <see cref="MetricServer"/> does not start.</summary>
internal enum MetricServerFault
{
    /// <summary>The address is not one, or its host is unknown.</summary>
    InvalidAddress,
    /// <summary>Another socket listens on the port.</summary>
    AddressTaken,
    /// <summary>The machine has no such address, or the kernel refuses it.</summary>
    AddressUnavailable,
    /// <summary>Other machines could read the metrics, and nothing protects them.</summary>
    Unprotected,
    /// <summary>The certificate or its key cannot be used.</summary>
    InvalidCertificate,
    /// <summary>The token is empty, or has characters that a header field cannot have.</summary>
    InvalidToken,
}

/// <summary>A <see cref="MetricServer"/> does not start.</summary>
public sealed class MetricServerException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The reason.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do, as a sentence.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    internal MetricServerException(MetricServerFault fault, string message, string remedy, Exception? inner = null) : base($"MetricServer.{fault}", message, remedy, inner) => Fault = fault;

    /// <summary>The reason.</summary>
    internal MetricServerFault Fault { get; }
}

/// <summary>An address to listen on, from its text.</summary>
internal static class ListenAddress
{
    private const string Remedy = "Give ADDRESS:PORT, such as 127.0.0.1:9435 or [::1]:9435.";

    /// <summary>Reads an address.</summary>
    /// <param name="text">As <see cref="MetricServerOptions.Listen"/> has it.</param>
    /// <exception cref="MetricServerException"><see cref="MetricServerFault.InvalidAddress"/>.</exception>
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
                $"'{text}' names no address to listen on.",
                $"Name it: 127.0.0.1:{port} for this machine alone, 0.0.0.0:{port} or [::]:{port} for all.");
        }

        if (host is ['[', .. var inner, ']'])
        {
            return IPAddress.TryParse(inner, out var six) && six.AddressFamily == AddressFamily.InterNetworkV6
                ? new IPEndPoint(six, port)
                : throw Invalid(text, $"'{inner}' is not an IPv6 address");
        }

        if (host.Contains(':'))
        {
            throw Invalid(text, "an IPv6 address stands in brackets");
        }

        return new IPEndPoint(host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : Resolve(text, host), port);
    }

    /// <summary>Whether only this machine reaches an address.</summary>
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
            throw Invalid(text, $"'{host}' is not known: {exception.Message}");
        }
    }

    private static MetricServerException Invalid(string text, string reason) =>
        new(MetricServerFault.InvalidAddress, $"'{text}' is not an address to listen on: {reason}.", Remedy);
}

/// <summary>A token that scrapers must send. Only its digest is kept.</summary>
internal sealed class BearerToken
{
    private const string Scheme = "Bearer ";

    private readonly byte[] _digest;

    /// <summary>Takes a token.</summary>
    /// <exception cref="MetricServerException"><see cref="MetricServerFault.InvalidToken"/>.</exception>
    public BearerToken(string token)
    {
        if (token.Length == 0 || token.Any(static c => c is <= ' ' or > '~'))
        {
            throw new MetricServerException(
                MetricServerFault.InvalidToken,
                token.Length == 0 ? "The token is empty." : "The token has a character other than the printable ones of ASCII.",
                "Give a token of letters, digits and punctuation, without spaces or a newline at its end.");
        }

        _digest = Digest(token);
    }

    /// <summary>Whether a field <c>Authorization</c> has the token. Takes the same time for all wrong tokens of a length.</summary>
    /// <param name="authorization">The field's value; null if the request does not have it.</param>
    public bool IsIn(string? authorization) =>
        authorization is not null && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Digest(authorization[Scheme.Length..].Trim()), _digest);

    private static byte[] Digest(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}

/// <summary>Reads the certificate of a server.</summary>
internal static class ServerCertificate
{
    private const string Remedy = "Give a PEM file with the certificate and one with its key, or a PKCS#12 file with both.";

    /// <summary>Reads a certificate with its key and those of its authorities.</summary>
    /// <param name="options">Its files.</param>
    /// <returns>The certificate; null if the options name no file.</returns>
    /// <exception cref="MetricServerException"><see cref="MetricServerFault.InvalidCertificate"/>.</exception>
    public static SslStreamCertificateContext? Read(MetricServerOptions options)
    {
        if (options.CertificatePath is not { } path)
        {
            return options.KeyPath is null
                ? null
                : throw new MetricServerException(MetricServerFault.InvalidCertificate, $"The key '{options.KeyPath}' has no certificate.", Remedy);
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
