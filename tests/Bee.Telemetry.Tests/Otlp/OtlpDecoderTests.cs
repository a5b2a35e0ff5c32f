using System.Text.Json;
using Bee.Registries;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Otlp;
using Bee.Telemetry.Tests.Exposition;

namespace Bee.Telemetry.Tests.Otlp;

/// <summary>Decodes requests in both encodings with the messages that OpenTelemetry generates for JavaScript.</summary>
public sealed class OtlpDecoderTests
{
    private static readonly string s_sources = Path.Combine(AppContext.BaseDirectory, "npm-otlp");
    private static readonly Npm s_npm = new("otlp", s_sources);

    [DecoderFact]
    public void Log_records_are_read_as_they_were()
    {
        var request = Decode("logs", (options, buffer) => OtlpLogs.Write(OtlpLogsTests.Records, options, buffer));
        var records = request.GetProperty("resourceLogs")[0].GetProperty("scopeLogs")[0].GetProperty("logRecords");
        Assert.Equal(
            """{"timeUnixNano":"1796032800250000000","severityNumber":17,"severityText":"Error","body":{"stringValue":"bash opens /etc/passwd"},"attributes":[{"key":"bee.sequence","value":{"intValue":"7"}},{"key":"bee.tool","value":{"stringValue":"opensnoop"}},{"key":"bee.map","value":{"stringValue":"events"}},{"key":"pid","value":{"intValue":"42"}},{"key":"delta","value":{"intValue":"-9223372036854775808"}},{"key":"comm","value":{"stringValue":"ba\u001B\uFFFDsh"}},{"key":"share","value":{"doubleValue":0.5}},{"key":"ok","value":{"boolValue":true}},{"key":"data","value":{"bytesValue":"AP8="}},{"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"two"},{}]}}},{"key":"address","value":{"kvlistValue":{"values":[{"key":"port","value":{"intValue":"443"}}]}}},{"key":"nothing","value":{}}],"observedTimeUnixNano":"1796032801250000000","eventName":"opensnoop.events"}""",
            JsonSerializer.Serialize(records[0], OtlpLogsTests.Plain));
        Assert.Equal(2, records.GetArrayLength());
    }

    [DecoderFact]
    public void Metrics_are_read_as_they_were()
    {
        foreach (var exponential in (bool[])[false, true])
        {
            var request = Decode("metrics", (options, buffer) => OtlpMetrics.Write(MergedFamilies.Merge(Sample.Everything()).Families, options, options.Resource, Sample.Created.AddSeconds(1), buffer), exponential);
            var metrics = request.GetProperty("resourceMetrics")[0].GetProperty("scopeMetrics")[0].GetProperty("metrics").EnumerateArray().ToDictionary(metric => metric.GetProperty("name").GetString()!);
            Assert.Equal([3, 4, 7, 11], metrics["bee_test_opens_total"].GetProperty("sum").GetProperty("dataPoints").EnumerateArray().Select(point => point.GetProperty("asDouble").GetDouble()).Order());
            Assert.True(metrics["bee_test_opens_total"].GetProperty("sum").GetProperty("isMonotonic").GetBoolean());
            var size = metrics["bee_test_size"].GetProperty(exponential ? "exponentialHistogram" : "histogram").GetProperty("dataPoints")[0];
            Assert.Equal(("10", 51), (size.GetProperty("count").GetString(), size.GetProperty("sum").GetDouble()));
            Assert.Equal(
                exponential ? ["1", "3", "0", "4"] : ["2", "1", "3", "0", "4", "0", "0"],
                (exponential ? size.GetProperty("positive") : size).GetProperty("bucketCounts").EnumerateArray().Select(count => count.GetString()!));
        }
    }

    private static JsonElement Decode(string signal, Action<OtlpOptions, ExpositionBuffer> write, bool exponential = false)
    {
        var folder = Directory.CreateTempSubdirectory("bee-otlp-");
        try
        {
            foreach (var protocol in Enum.GetValues<OtlpProtocol>())
            {
                using var buffer = new ExpositionBuffer();
                write(
                    new OtlpOptions
                    {
                        Endpoint = new Uri("http://localhost/"),
                        Protocol = protocol,
                        ExponentialHistograms = exponential,
                        Resource = [new("service.name", "tests")],
                    },
                    buffer);
                File.WriteAllBytes(Path.Combine(folder.FullName, $"{protocol}"), buffer.Written.ToArray());
            }

            return JsonDocument.Parse(Npm.Run(Path.Combine(s_sources, "decode.cjs"), s_npm.Modules, signal, $"{folder}/Protobuf", $"{folder}/Json").Success).RootElement;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed class DecoderFactAttribute : FactAttribute
    {
        public DecoderFactAttribute() => Skip = FullRun.IsOn ? s_npm.Obstacle : "it takes long: ./build.sh test -Full";
    }
}
