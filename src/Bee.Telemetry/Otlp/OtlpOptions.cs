using Bee.Posix;

namespace Bee.Telemetry.Otlp;

/// <summary>The signals of OTLP. Each has its own path and environment variables.</summary>
internal enum OtlpSignal
{
    /// <summary>Metrics, <c>/v1/metrics</c>.</summary>
    Metrics,
    /// <summary>Log records, <c>/v1/logs</c>.</summary>
    Logs,
}

/// <summary>The encodings of OTLP/HTTP.</summary>
public enum OtlpProtocol
{
    /// <summary>Protobuf, <c>http/protobuf</c>.</summary>
    Protobuf,
    /// <summary>JSON, <c>http/json</c>.</summary>
    Json,
}

/// <summary>The aggregation temporalities of counters and histograms.</summary>
public enum OtlpTemporality
{
    /// <summary>Values count from the start of the series.</summary>
    Cumulative,
    /// <summary>Values count from the previous export.</summary>
    Delta,
}

/// <summary>The receiver and the encoding of an OTLP/HTTP export.</summary>
public sealed class OtlpOptions
{
    /// <summary>Returns options for <see cref="MetricPusher"/>.</summary>
    /// <param name="endpoint">
    /// The receiver, such as <c>http://collector:4318</c>. An address without a path gets <c>/v1/metrics</c>. The default, <c>auto</c>, takes the endpoint of <c>OTEL_EXPORTER_OTLP_METRICS_ENDPOINT</c> or
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, or <c>http://localhost:4318</c>. The other variables of OpenTelemetry's specification for OTLP exporters set the other options.
    /// </param>
    /// <exception cref="OtlpException">The endpoint or a variable is not valid, or asks for gRPC.</exception>
    public static OtlpOptions ForMetrics(string endpoint = OtlpSettings.FromEnvironment) => From(OtlpSignal.Metrics, endpoint);

    /// <summary>Returns options for <see cref="EventLog.ToOtlp"/>.</summary>
    /// <param name="endpoint">As for <see cref="ForMetrics"/>, with <c>/v1/logs</c> and <c>OTEL_EXPORTER_OTLP_LOGS_ENDPOINT</c>.</param>
    /// <exception cref="OtlpException">The endpoint or a variable is not valid, or asks for gRPC.</exception>
    public static OtlpOptions ForLogs(string endpoint = OtlpSettings.FromEnvironment) => From(OtlpSignal.Logs, endpoint);

    private static OtlpOptions From(OtlpSignal signal, string endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return new OtlpSettings { Endpoint = endpoint }.Resolve(signal, Environment.GetEnvironmentVariable);
    }

    /// <summary>The URL that requests are sent to, including the path.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The encoding.</summary>
    public OtlpProtocol Protocol { get; init; }

    /// <summary>Whether requests are compressed with gzip. All receivers support it.</summary>
    public bool IsCompressed { get; init; } = true;

    /// <summary>Additional HTTP headers. They may be secrets: no message contains a value.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The time limit of one request.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The path of a PEM file with certificate authorities that replace the system's; null for the system's.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>The path of a PEM file with the client certificate; null for none.</summary>
    public string? ClientCertificatePath { get; init; }

    /// <summary>The path of a PEM file with the key of the client certificate; null if <see cref="ClientCertificatePath"/> contains the key.</summary>
    public string? ClientKeyPath { get; init; }

    /// <summary>The temporality of counters and histograms. Metrics only.</summary>
    public OtlpTemporality Temporality { get; init; }

    /// <summary>Whether histograms whose buckets are powers of two are exported as exponential histograms. Metrics only.</summary>
    public bool ExponentialHistograms { get; init; }

    /// <summary>The time between two exports. Metrics only.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The attributes of the resource that describes this process.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Resource { get; init; } = [];

    /// <summary>Warnings about these options for the user, as sentences without secrets.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The receiver, for messages: the endpoint without its query, which may be a secret.</summary>
    public string Destination => Endpoint.GetLeftPart(UriPartial.Path);
}

/// <summary>The reasons why OTLP options are not valid.</summary>
internal enum OtlpFault
{
    /// <summary>The endpoint is not an http or https URL, or contains a login.</summary>
    InvalidEndpoint,
    /// <summary>A header cannot be sent.</summary>
    InvalidHeader,
    /// <summary>An environment variable has an invalid value.</summary>
    InvalidVariable,
    /// <summary>The protocol is gRPC, which Bee does not support.</summary>
    UnsupportedProtocol,
    /// <summary>The certificate authorities, the client certificate or its key cannot be used.</summary>
    InvalidCertificate,
}

/// <summary>
/// OTLP options are not valid. The message contains no secret. <see cref="BeeException.Id"/> is <c>Otlp.InvalidEndpoint</c>, <c>Otlp.InvalidHeader</c>, <c>Otlp.InvalidVariable</c>,
/// <c>Otlp.UnsupportedProtocol</c> or <c>Otlp.InvalidCertificate</c>.
/// </summary>
public sealed class OtlpException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The reason.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do, as a sentence.</param>
    /// <param name="inner">The exception that caused this one; null if none did.</param>
    internal OtlpException(OtlpFault fault, string message, string remedy, Exception? inner = null) : base($"Otlp.{fault}", message, remedy, inner) => Fault = fault;

    /// <summary>The reason.</summary>
    internal OtlpFault Fault { get; }
}
