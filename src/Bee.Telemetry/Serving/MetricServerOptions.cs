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

    /// <summary>Returns what is served; asked at each scrape, from any thread.</summary>
    public required Func<IReadOnlyList<IMetricSource>> Sources { get; init; }

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
