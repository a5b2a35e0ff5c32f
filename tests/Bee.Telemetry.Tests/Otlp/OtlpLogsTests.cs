using System.Text.Encodings.Web;
using System.Text.Json;
using Bee.Ebpf.Metadata;
using Bee.Registries;
using Bee.Telemetry.Logs;
using Bee.Telemetry.Otlp;
using Bee.Telemetry.Tests.Exposition;

namespace Bee.Telemetry.Tests.Otlp;

public class OtlpLogsTests
{
    internal static JsonSerializerOptions Plain { get; } = new() { Encoder = JavaScriptEncoder.Default };

    /// <summary>An event with values of every kind, and a loss.</summary>
    internal static LogRecord[] Records { get; } =
    [
        new()
        {
            Sequence = 7,
            Time = Sample.Created,
            Observed = Sample.Created.AddSeconds(1),
            Severity = LogSeverity.Error,
            EventName = "opensnoop.events",
            Tool = "opensnoop",
            Map = "events",
            Body = "bash opens /etc/passwd",
            Attributes =
            [
                new("pid", 42L), new("delta", long.MinValue), new("comm", "ba\u001b\ud800sh"), new("share", 0.5), new("ok", true), new("data", new byte[] { 0, 255 }),
                new("list", new object?[] { 1L, "two", null }), new("address", new LogAttribute[] { new("port", 443L) }), new("nothing", null),
            ],
        },
        LogRecords.OfLoss(LossReason.Kernel, "opensnoop", "events", 3, 10, Sample.Created.AddSeconds(2)),
    ];

    [Fact]
    public async Task Records_have_times_severity_body_and_typed_attributes()
    {
        using var receiver = new Receiver();
        using var transport = new OtlpLogTransport(receiver.Options());
        Assert.Equal(SendResult.Delivered(2), await transport.SendAsync(Records, CancellationToken.None));

        var request = Assert.Single(receiver.Requests);
        var logs = request.Json.GetProperty("resourceLogs")[0];
        Assert.Equal("""{"attributes":[{"key":"service.name","value":{"stringValue":"tests"}}]}""", logs.GetProperty("resource").GetRawText());
        var records = logs.GetProperty("scopeLogs")[0].GetProperty("logRecords");
        Assert.Equal(
            """{"timeUnixNano":"1796032800250000000","observedTimeUnixNano":"1796032801250000000","severityNumber":17,"severityText":"Error","body":{"stringValue":"bash opens /etc/passwd"},"attributes":[{"key":"bee.sequence","value":{"intValue":"7"}},{"key":"bee.tool","value":{"stringValue":"opensnoop"}},{"key":"bee.map","value":{"stringValue":"events"}},{"key":"pid","value":{"intValue":"42"}},{"key":"delta","value":{"intValue":"-9223372036854775808"}},{"key":"comm","value":{"stringValue":"ba\u001B\uFFFDsh"}},{"key":"share","value":{"doubleValue":0.5}},{"key":"ok","value":{"boolValue":true}},{"key":"data","value":{"bytesValue":"AP8="}},{"key":"list","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"two"},{}]}}},{"key":"address","value":{"kvlistValue":{"values":[{"key":"port","value":{"intValue":"443"}}]}}},{"key":"nothing","value":{}}],"eventName":"opensnoop.events"}""",
            JsonSerializer.Serialize(records[0], Plain));

        var loss = records[1];
        Assert.False(loss.TryGetProperty("timeUnixNano", out _));
        Assert.Equal((13, "3 events of events were lost, because a buffer in the kernel was full."), (loss.GetProperty("severityNumber").GetInt32(), loss.GetProperty("body").GetProperty("stringValue").GetString()));
        var attributes = loss.GetProperty("attributes").EnumerateArray().ToDictionary(one => one.GetProperty("key").GetString()!, one => one.GetProperty("value").EnumerateObject().Single().Value.GetString());
        Assert.Equal(("10", "3", "kernel"), (attributes["bee.sequence"], attributes["bee.lost"], attributes["reason"]));
    }

    [Theory]
    [InlineData(LogSeverity.Emergency, 21)]
    [InlineData(LogSeverity.Alert, 19)]
    [InlineData(LogSeverity.Critical, 18)]
    [InlineData(LogSeverity.Error, 17)]
    [InlineData(LogSeverity.Warning, 13)]
    [InlineData(LogSeverity.Notice, 10)]
    [InlineData(LogSeverity.Informational, 9)]
    [InlineData(LogSeverity.Debug, 5)]
    public async Task Severities_have_the_numbers_of_the_specification(LogSeverity severity, int number)
    {
        using var receiver = new Receiver();
        using var transport = new OtlpLogTransport(receiver.Options());
        await transport.SendAsync([Records[0] with { Severity = severity }], CancellationToken.None);
        Assert.Equal(number, receiver.Requests[0].Json.GetProperty("resourceLogs")[0].GetProperty("scopeLogs")[0].GetProperty("logRecords")[0].GetProperty("severityNumber").GetInt32());
    }

    [Fact]
    public async Task Retried_refused_and_partly_accepted_batches_are_reported()
    {
        using var receiver = Receiver.Answering(
            new HttpAnswer(503).With("Retry-After", "120"),
            HttpAnswer.Json(400, """{"message":"no such tenant"}"""),
            HttpAnswer.Json(200, """{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too old"}}"""));
        using var transport = new OtlpLogTransport(receiver.Options());
        var to = transport.Destination;
        Assert.Equal(SendResult.Retry($"{to} does not accept events: it answered 503 (ServiceUnavailable).", TimeSpan.FromSeconds(120)), await transport.SendAsync(Records, CancellationToken.None));
        Assert.Equal(SendResult.Rejected(2, 2, $"{to} does not accept events: it answered 400 (BadRequest): no such tenant."), await transport.SendAsync(Records, CancellationToken.None));
        Assert.Equal(SendResult.Rejected(2, 1, $"{to} does not accept events: it rejected a part: too old."), await transport.SendAsync(Records, CancellationToken.None));
    }
}
