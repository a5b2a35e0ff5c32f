using System.Globalization;
using System.Net;

namespace Bee.Telemetry.Otlp;

/// <summary>
/// The settings of a user, which override OpenTelemetry's environment variables (specification/protocol/exporter.md) and their defaults.
/// Not a record, whose generated ToString would show headers.
/// </summary>
internal sealed class OtlpSettings
{
    /// <summary>The endpoint that stands for the one in the environment.</summary>
    public const string FromEnvironment = "auto";

    private const string Prefix = "OTEL_EXPORTER_OTLP_";
    private const string DefaultBase = "http://localhost:4318";

    /// <summary>
    /// The endpoint. An address without a path, such as <c>http://collector:4318</c>, gets the path of the signal (<c>/v1/metrics</c>); others stay unchanged.
    /// <see cref="FromEnvironment"/> uses the endpoint of the variables, or <c>http://localhost:4318</c>.
    /// </summary>
    public required string Endpoint { get; init; }

    /// <summary>Headers, which replace those of the environment; null to use those.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Headers { get; init; }

    /// <summary>The encoding; null for the environment's, or else protobuf.</summary>
    public OtlpProtocol? Protocol { get; init; }

    /// <summary>The temporality; null for the environment's, or else cumulative.</summary>
    public OtlpTemporality? Temporality { get; init; }

    /// <summary>The time between two exports of metrics; null for the environment's, or else one minute.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>Parses headers of the form <c>name=value,name=value</c> with percent-encoded values.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The headers; null if the text is not valid.</returns>
    public static IReadOnlyList<KeyValuePair<string, string>>? ReadHeaders(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Pairs(text);
    }

    /// <summary>Combines these settings with the environment.</summary>
    /// <param name="signal">The signal.</param>
    /// <param name="environment">Returns the value of an environment variable; null if it is not set.</param>
    /// <exception cref="OtlpException">A setting or a variable is not valid.</exception>
    public OtlpOptions Resolve(OtlpSignal signal, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var variables = new Variables(signal, environment);
        var warnings = new List<string>();
        var fromEnvironment = variables.Endpoint();
        var endpoint = string.Equals(Endpoint, FromEnvironment, StringComparison.OrdinalIgnoreCase) ? fromEnvironment ?? Variables.Address(DefaultBase, signal, isBase: true, "") : Given(signal);
        var headers = Headers ?? HeadersFor(endpoint, fromEnvironment, variables, warnings);
        foreach (var header in headers)
        {
            Check(header);
        }

        if (headers.Count > 0 && endpoint.Scheme == Uri.UriSchemeHttp && !IsLoopback(endpoint))
        {
            warnings.Add($"The OTLP headers go to {endpoint.Authority} over plain http, so every machine on the way can read them.");
        }

        return new OtlpOptions
        {
            Endpoint = endpoint,
            Headers = headers,
            Protocol = variables.Protocol(Protocol),
            IsCompressed = variables.Choice("COMPRESSION", ("gzip", true), ("none", false)) ?? true,
            Timeout = variables.Milliseconds(Prefix + variables.Name + "_TIMEOUT") ?? variables.Milliseconds(Prefix + "TIMEOUT") ?? TimeSpan.FromSeconds(10),
            CertificatePath = variables.Find("CERTIFICATE"),
            ClientCertificatePath = variables.Find("CLIENT_CERTIFICATE"),
            ClientKeyPath = variables.Find("CLIENT_KEY"),
            Temporality = Temporality ?? variables.Of(Prefix + "METRICS_TEMPORALITY_PREFERENCE", ("cumulative", OtlpTemporality.Cumulative), ("delta", OtlpTemporality.Delta),
                // Bee reads its counters when it exports them. The specification makes such counters cumulative for "lowmemory".
                ("lowmemory", OtlpTemporality.Cumulative)) ?? OtlpTemporality.Cumulative,
            ExponentialHistograms = variables.Of(Prefix + "METRICS_DEFAULT_HISTOGRAM_AGGREGATION", ("explicit_bucket_histogram", false), ("base2_exponential_bucket_histogram", true)) ?? false,
            Interval = Interval ?? variables.Milliseconds("OTEL_METRIC_EXPORT_INTERVAL") ?? TimeSpan.FromSeconds(60),
            Resource = Resource(environment, warnings),
            Warnings = warnings,
        };
    }

    private Uri Given(OtlpSignal signal) => Variables.Address(Endpoint, signal, isBase: true, "");

    // The environment's headers are sent only to the environment's endpoint, since they may contain a token.
    private static IReadOnlyList<KeyValuePair<string, string>> HeadersFor(Uri endpoint, Uri? fromEnvironment, Variables variables, List<string> warnings)
    {
        var headers = variables.Headers();
        if (headers.Count == 0 || fromEnvironment is null || (endpoint.Scheme == fromEnvironment.Scheme && endpoint.Authority == fromEnvironment.Authority))
        {
            return headers;
        }

        warnings.Add($"The headers of {Prefix}HEADERS are for {fromEnvironment.Authority}, so they are not sent to {endpoint.Authority}.");
        return [];
    }

    private static void Check(KeyValuePair<string, string> header)
    {
        const string Token = "!#$%&'*+-.^_`|~";
        var isName = header.Key.Length > 0 && header.Key.All(static c => char.IsAsciiLetterOrDigit(c) || Token.Contains(c, StringComparison.Ordinal));
        if (!isName || header.Value.Any(static c => c is < ' ' and not '\t' or > '~'))
        {
            throw new OtlpException(
                OtlpFault.InvalidHeader,
                isName ? $"The value of the header '{header.Key}' has a character that is not printable ASCII." : "The name of a header is not valid in HTTP.",
                "Give names of letters, digits and dashes, and values without line breaks.");
        }

        if (header.Key.ToLowerInvariant() is "content-type" or "content-length" or "content-encoding" or "transfer-encoding" or "host" or "connection")
        {
            throw new OtlpException(OtlpFault.InvalidHeader, $"The header '{header.Key}' is set by the export itself.", "Leave it out.");
        }
    }

    private static List<KeyValuePair<string, string>> Resource(Func<string, string?> environment, List<string> warnings)
    {
        var attributes = new List<KeyValuePair<string, string>>();
        void Set(string name, string value)
        {
            attributes.RemoveAll(one => one.Key == name);
            attributes.Add(new(name, value));
        }

        Set("service.name", "bee");
        Set("service.instance.id", Guid.NewGuid().ToString());
        Set("host.name", Environment.MachineName);
        Set("os.type", "linux");
        if (Value(environment, "OTEL_RESOURCE_ATTRIBUTES") is { } text)
        {
            var given = Pairs(text);
            if (given is null)
            {
                warnings.Add("OTEL_RESOURCE_ATTRIBUTES is ignored: it does not have the form name=value,name=value with percent-encoded values.");
            }

            foreach (var (name, value) in given ?? [])
            {
                Set(name, value);
            }
        }

        if (Value(environment, "OTEL_SERVICE_NAME") is { } service)
        {
            Set("service.name", service);
        }

        return attributes;
    }

    // An empty variable counts as unset (configuration/sdk-environment-variables.md).
    private static string? Value(Func<string, string?> environment, string name) => environment(name)?.Trim() is { Length: > 0 } value ? value : null;

    private static List<KeyValuePair<string, string>>? Pairs(string text)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=');
            if (equals <= 0)
            {
                return null;
            }

            var (name, value) = (Uri.UnescapeDataString(part[..equals].Trim()), Uri.UnescapeDataString(part[(equals + 1)..].Trim()));
            pairs.RemoveAll(one => one.Key == name);
            pairs.Add(new(name, value));
        }

        return pairs;
    }

    private static bool IsLoopback(Uri address) =>
        string.Equals(address.IdnHost, "localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(address.IdnHost, out var ip) && IPAddress.IsLoopback(ip));

    /// <summary>The environment variables of a signal. A variable of the signal overrides the common one.</summary>
    private sealed class Variables(OtlpSignal signal, Func<string, string?> environment)
    {
        /// <summary>The name of the signal within the names of variables.</summary>
        public string Name { get; } = signal == OtlpSignal.Metrics ? "METRICS" : "LOGS";

        /// <summary>Parses an address.</summary>
        /// <param name="text">The address. It may contain a secret, so no message repeats it.</param>
        /// <param name="signal">The signal.</param>
        /// <param name="isBase">Whether to append the path of the signal to an address without a path.</param>
        /// <param name="variable">The variable that contains the address; empty for none.</param>
        public static Uri Address(string text, OtlpSignal signal, bool isBase, string variable)
        {
            var what = variable.Length == 0 ? "The OTLP endpoint" : $"The OTLP endpoint in {variable}";
            if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.Host.Length == 0)
            {
                throw new OtlpException(OtlpFault.InvalidEndpoint, $"{what} is not an http or https URL.", "Give an address such as http://localhost:4318.");
            }

            if (address.UserInfo.Length > 0)
            {
                throw new OtlpException(OtlpFault.InvalidEndpoint, $"{what} contains a login.", "Remove the login from the address, and send it in the header Authorization.");
            }

            return isBase && address.AbsolutePath == "/" ? new UriBuilder(address) { Path = Path(signal) }.Uri : address;
        }

        /// <summary>Returns the endpoint; null if no variable sets it.</summary>
        public Uri? Endpoint()
        {
            if (Value(environment, $"{Prefix}{Name}_ENDPOINT") is { } own)
            {
                return Address(own, signal, isBase: false, $"{Prefix}{Name}_ENDPOINT");
            }

            if (Value(environment, Prefix + "ENDPOINT") is not { } all)
            {
                return null;
            }

            // The path of a signal is appended to the common endpoint.
            var address = Address(all, signal, isBase: false, Prefix + "ENDPOINT");
            return new UriBuilder(address) { Path = address.AbsolutePath.TrimEnd('/') + Path(signal) }.Uri;
        }

        /// <summary>Returns the headers.</summary>
        public IReadOnlyList<KeyValuePair<string, string>> Headers()
        {
            var name = Value(environment, $"{Prefix}{Name}_HEADERS") is not null ? $"{Prefix}{Name}_HEADERS" : Prefix + "HEADERS";
            return Value(environment, name) is not { } text ? []
                : Pairs(text) ?? throw new OtlpException(
                    OtlpFault.InvalidHeader, $"{name} does not have the form name=value,name=value.", "Percent-encode commas, equals signs and spaces in values: %2C, %3D, %20.");
        }

        /// <summary>Returns the protocol.</summary>
        public OtlpProtocol Protocol(OtlpProtocol? given)
        {
            if (given is { } one)
            {
                return one;
            }

            if (Find("PROTOCOL") == "grpc")
            {
                throw new OtlpException(
                    OtlpFault.UnsupportedProtocol,
                    $"{Prefix}PROTOCOL asks for gRPC, which Bee does not support.",
                    $"Set {Prefix}PROTOCOL to http/protobuf, and the endpoint to the port for HTTP, which is 4318 by default.");
            }

            return Choice("PROTOCOL", ("http/protobuf", OtlpProtocol.Protobuf), ("http/json", OtlpProtocol.Json)) ?? OtlpProtocol.Protobuf;
        }

        /// <summary>Returns the value of a variable of the signal, or else of the common one; null if neither is set.</summary>
        public string? Find(string name) => Value(environment, $"{Prefix}{Name}_{name}") ?? Value(environment, Prefix + name);

        /// <summary>Returns the choice that a variable of the signal, or else the common one, makes; null if neither is set.</summary>
        public T? Choice<T>(string name, params (string Text, T Value)[] values) where T : struct =>
            Of($"{Prefix}{Name}_{name}", values) ?? Of(Prefix + name, values);

        /// <summary>Returns the choice that a variable makes; null if it is not set.</summary>
        public T? Of<T>(string name, params (string Text, T Value)[] values) where T : struct
        {
            if (Value(environment, name) is not { } text)
            {
                return null;
            }

            foreach (var (known, value) in values)
            {
                if (string.Equals(known, text, StringComparison.OrdinalIgnoreCase))
                {
                    return value;
                }
            }

            throw new OtlpException(OtlpFault.InvalidVariable, $"{name} has an unknown value.", $"Set it to {string.Join(" or ", values.Select(static one => one.Text))}, or unset it.");
        }

        /// <summary>Returns a time in milliseconds; null if the variable is not set.</summary>
        public TimeSpan? Milliseconds(string name) =>
            Value(environment, name) is not { } text ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? TimeSpan.FromMilliseconds(number)
            : throw new OtlpException(OtlpFault.InvalidVariable, $"{name} is not a number of milliseconds.", "Set it to a whole number above 0, or unset it.");

        private static string Path(OtlpSignal signal) => signal == OtlpSignal.Metrics ? "/v1/metrics" : "/v1/logs";
    }
}
