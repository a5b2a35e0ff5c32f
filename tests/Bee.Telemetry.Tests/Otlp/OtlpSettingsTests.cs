using Bee.Telemetry.Otlp;

namespace Bee.Telemetry.Tests.Otlp;

public class OtlpSettingsTests
{
    [Theory]
    [InlineData("http://collector:4318", OtlpSignal.Metrics, "http://collector:4318/v1/metrics")]
    [InlineData("https://collector/", OtlpSignal.Logs, "https://collector/v1/logs")]
    [InlineData("http://collector:9090/api/v1/otlp/v1/metrics", OtlpSignal.Metrics, "http://collector:9090/api/v1/otlp/v1/metrics")]
    [InlineData("http://collector/x/", OtlpSignal.Metrics, "http://collector/x/")]
    [InlineData("http://collector?key=1", OtlpSignal.Metrics, "http://collector/v1/metrics?key=1")]
    public void Endpoint_without_a_path_gets_that_of_the_signal(string endpoint, object signal, string expected) =>
        Assert.Equal(expected, Resolve(endpoint, (OtlpSignal)signal).Endpoint.AbsoluteUri);

    [Theory]
    [InlineData(null, null, "http://localhost:4318/v1/metrics")]
    [InlineData("http://all:1", null, "http://all:1/v1/metrics")]
    [InlineData("http://all:1/base/", null, "http://all:1/base/v1/metrics")]
    [InlineData("http://all:1", "http://own:2", "http://own:2/")]
    [InlineData("", "  ", "http://localhost:4318/v1/metrics")]
    public void Auto_uses_the_endpoint_of_the_environment(string? all, string? own, string expected) =>
        Assert.Equal(expected, Resolve("auto", variables: [("OTEL_EXPORTER_OTLP_ENDPOINT", all), ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", own)]).Endpoint.AbsoluteUri);

    [Theory]
    [InlineData("collector:4318")]
    [InlineData("ftp://collector")]
    [InlineData("")]
    [InlineData("/v1/metrics")]
    [InlineData("http://ada:sesame@collector")]
    public void An_endpoint_that_cannot_be_used_is_refused_without_its_text(string endpoint)
    {
        var error = Assert.Throws<OtlpException>(() => Resolve(endpoint));
        Assert.Equal(OtlpFault.InvalidEndpoint, error.Fault);
        Assert.DoesNotContain("sesame", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Variables_of_the_signal_go_before_those_of_all_and_parameters_before_both()
    {
        (string, string?)[] variables =
        [
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=x%2Cy"), ("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "c=%20sp%20"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"), ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "2500"), ("OTEL_EXPORTER_OTLP_COMPRESSION", "none"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "30000"), ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta"),
            ("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "base2_exponential_bucket_histogram"), ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
            ("OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE", "/client.pem"), ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key.pem"),
        ];
        var metrics = Resolve("auto", variables: variables);
        Assert.Equal([new("c", " sp ")], metrics.Headers);
        Assert.Equal(
            (OtlpProtocol.Json, 2500, false, 30_000, OtlpTemporality.Delta, true, "/ca.pem", null, "/key.pem"),
            (metrics.Protocol, metrics.Timeout.TotalMilliseconds, metrics.IsCompressed, metrics.Interval.TotalMilliseconds, metrics.Temporality, metrics.ExponentialHistograms,
                metrics.CertificatePath, metrics.ClientCertificatePath, metrics.ClientKeyPath));

        var logs = Resolve("auto", OtlpSignal.Logs, variables);
        Assert.Equal([new("a", "1"), new("b", "x,y")], logs.Headers);
        Assert.Equal((1500, "/client.pem"), (logs.Timeout.TotalMilliseconds, logs.ClientCertificatePath));

        var given = new OtlpSettings { Endpoint = "auto", Headers = [], Protocol = OtlpProtocol.Protobuf, Temporality = OtlpTemporality.Cumulative, Interval = TimeSpan.FromSeconds(1) }
            .Resolve(OtlpSignal.Metrics, Environment(variables));
        Assert.Equal((OtlpProtocol.Protobuf, OtlpTemporality.Cumulative, 1), (given.Protocol, given.Temporality, given.Interval.TotalSeconds));
        Assert.Empty(given.Headers);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", OtlpFault.UnsupportedProtocol)]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "thrift", OtlpFault.InvalidVariable)]
    [InlineData("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", OtlpFault.InvalidVariable)]
    [InlineData("OTEL_METRIC_EXPORT_INTERVAL", "0", OtlpFault.InvalidVariable)]
    [InlineData("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd", OtlpFault.InvalidVariable)]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "sesame", OtlpFault.InvalidHeader)]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "a=sesame%0Ab", OtlpFault.InvalidHeader)]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "a b=sesame", OtlpFault.InvalidHeader)]
    [InlineData("OTEL_EXPORTER_OTLP_HEADERS", "content-type=sesame", OtlpFault.InvalidHeader)]
    public void A_variable_that_cannot_be_used_is_refused_without_its_value(string name, string value, object fault)
    {
        var error = Assert.Throws<OtlpException>(() => Resolve("auto", variables: [(name, value)]));
        Assert.Equal(fault, error.Fault);
        Assert.DoesNotContain("sesame", error + error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void The_headers_of_the_environment_go_to_its_endpoint_alone()
    {
        (string, string?)[] variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "https://mine:4318"), ("OTEL_EXPORTER_OTLP_HEADERS", "token=sesame")];
        Assert.Single(Resolve("https://mine:4318/other/path", variables: variables).Headers);

        var other = Resolve("https://theirs:4318", variables: variables);
        Assert.Empty(other.Headers);
        Assert.Contains("are not sent to", Assert.Single(other.Warnings), StringComparison.Ordinal);

        // Without an endpoint in the environment, its headers are for the given endpoint.
        Assert.Single(Resolve("https://theirs:4318", variables: [variables[1]]).Headers);
    }

    [Theory]
    [InlineData("http://collector:4318", true)]
    [InlineData("https://collector:4318", false)]
    [InlineData("http://localhost:4318", false)]
    [InlineData("http://[::1]:4318", false)]
    public void Headers_over_plain_http_to_another_machine_are_warned_of(string endpoint, bool warns)
    {
        var options = new OtlpSettings { Endpoint = endpoint, Headers = [new("token", "sesame")] }.Resolve(OtlpSignal.Metrics, _ => null);
        Assert.Equal(warns ? 1 : 0, options.Warnings.Count);
        Assert.DoesNotContain(options.Warnings, warning => warning.Contains("sesame", StringComparison.Ordinal));
        Assert.Empty(Resolve(endpoint).Warnings);
    }

    [Fact]
    public void The_resource_has_the_attributes_of_the_environment()
    {
        var resource = Resolve("auto", variables: [("OTEL_RESOURCE_ATTRIBUTES", "host.name=other,team=a%2Cb,service.name=x"), ("OTEL_SERVICE_NAME", "mine")]).Resource.ToDictionary(one => one.Key, one => one.Value);
        Assert.Equal(("other", "a,b", "mine", "linux"), (resource["host.name"], resource["team"], resource["service.name"], resource["os.type"]));
        Assert.True(Guid.TryParse(resource["service.instance.id"], out _));

        var damaged = Resolve("auto", variables: [("OTEL_RESOURCE_ATTRIBUTES", "team")]);
        Assert.Contains("OTEL_RESOURCE_ATTRIBUTES", Assert.Single(damaged.Warnings), StringComparison.Ordinal);
        Assert.Contains(new("service.name", "bee"), damaged.Resource);
    }

    private static OtlpOptions Resolve(string endpoint, OtlpSignal signal = OtlpSignal.Metrics, params (string Name, string? Value)[] variables) =>
        new OtlpSettings { Endpoint = endpoint }.Resolve(signal, Environment(variables));

    private static Func<string, string?> Environment((string Name, string? Value)[] variables) => name => variables.FirstOrDefault(variable => variable.Name == name).Value;
}
