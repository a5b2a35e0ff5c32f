using Bee.Posix;

namespace Bee.Telemetry.Otlp;

/// <summary>What is exported: each signal has a path and environment variables of its own.</summary>
internal enum OtlpSignal
{
    /// <summary>Metrics, <c>/v1/metrics</c>.</summary>
    Metrics,
    /// <summary>Log records, <c>/v1/logs</c>.</summary>
    Logs,
}

/// <summary>How OTLP/HTTP encodes requests.</summary>
public enum OtlpProtocol
{
    /// <summary>Protobuf, <c>http/protobuf</c>.</summary>
    Protobuf,
    /// <summary>JSON, <c>http/json</c>.</summary>
    Json,
}

/// <summary>What the numbers of counters and histograms are counted from.</summary>
public enum OtlpTemporality
{
    /// <summary>From the start of the count.</summary>
    Cumulative,
    /// <summary>From the export before.</summary>
    Delta,
}

/// <summary>Where telemetry is exported to by OTLP/HTTP, and how.</summary>
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

    /// <summary>The address that requests go to, with its path.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>The encoding.</summary>
    public OtlpProtocol Protocol { get; init; }

    /// <summary>Whether requests are compressed with gzip, which each receiver has to take.</summary>
    public bool IsCompressed { get; init; } = true;

    /// <summary>Further headers, by name. They may be secrets: no message contains a value.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>How long one try may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A PEM file with the authorities whose certificates are trusted in place of the system's; null for the system's.</summary>
    public string? CertificatePath { get; init; }

    /// <summary>A PEM file with the certificate that Bee shows to the receiver; null for none.</summary>
    public string? ClientCertificatePath { get; init; }

    /// <summary>A PEM file with the key of the client's certificate; null if that file has it too.</summary>
    public string? ClientKeyPath { get; init; }

    /// <summary>What counters and histograms are counted from. Metrics only.</summary>
    public OtlpTemporality Temporality { get; init; }

    /// <summary>Whether histograms whose buckets are powers of two are exported as exponential histograms. Metrics only.</summary>
    public bool ExponentialHistograms { get; init; }

    /// <summary>The time between two exports. Metrics only.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The attributes of the resource, which is this process.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Resource { get; init; } = [];

    /// <summary>What the user should know of these options, as sentences without secrets.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The receiver, for messages: the address without query, which may be a secret.</summary>
    public string Destination => Endpoint.GetLeftPart(UriPartial.Path);
}

/// <summary>The reasons why OTLP cannot be exported as asked.</summary>
internal enum OtlpFault
{
    /// <summary>The endpoint is not an address with http or https, or has a login in it.</summary>
    InvalidEndpoint,
    /// <summary>A header cannot be sent.</summary>
    InvalidHeader,
    /// <summary>An environment variable has a value that OTLP does not know.</summary>
    InvalidVariable,
    /// <summary>The protocol is one that Bee does not speak: gRPC.</summary>
    UnsupportedProtocol,
    /// <summary>The file of authorities, of the client's certificate or of its key cannot be used.</summary>
    InvalidCertificate,
}

/// <summary>OTLP cannot be exported as asked. Holds no secret.</summary>
public sealed class OtlpException : BeeException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="fault">The reason.</param>
    /// <param name="message">What happened, as a sentence.</param>
    /// <param name="remedy">What to do, as a sentence.</param>
    /// <param name="inner">The cause, if another exception was.</param>
    internal OtlpException(OtlpFault fault, string message, string remedy, Exception? inner = null) : base($"Otlp.{fault}", message, remedy, inner) => Fault = fault;

    /// <summary>The reason.</summary>
    internal OtlpFault Fault { get; }
}
