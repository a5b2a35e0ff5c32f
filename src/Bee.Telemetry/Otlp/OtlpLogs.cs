using Bee.Ebpf.Metadata;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Otlp;

/// <summary>Sends log records by OTLP/HTTP, as an ExportLogsServiceRequest (opentelemetry-proto, <c>collector/logs/v1</c> and <c>logs/v1</c>).</summary>
internal sealed class OtlpLogTransport : ILogTransport
{
    private readonly OtlpOptions _options;
    private readonly OtlpClient _client;

    /// <summary>Creates the transport. It connects at the first batch.</summary>
    /// <param name="options">The receiver and the encoding.</param>
    /// <exception cref="OtlpException">A certificate or key cannot be used.</exception>
    public OtlpLogTransport(OtlpOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _client) = (options, new OtlpClient(options, OtlpSignal.Logs));
    }

    /// <inheritdoc/>
    public string Destination => _options.Destination;

    /// <inheritdoc/>
    public async Task<SendResult> SendAsync(IReadOnlyList<LogRecord> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        byte[] body;
        using (var buffer = new ExpositionBuffer())
        {
            OtlpLogs.Write(batch, _options, buffer);
            body = OtlpRequest.Body(buffer, _options.IsCompressed);
        }

        var answer = await _client.PostAsync(body, cancellationToken).ConfigureAwait(false);
        return answer switch
        {
            { Outcome: OtlpOutcome.Retry } => SendResult.Retry(Sentence(answer.Reason!), answer.RetryAfter),
            { Outcome: OtlpOutcome.Refused } => SendResult.Rejected(batch.Count, batch.Count, Sentence(answer.Reason!)),
            { Rejected: > 0 } => SendResult.Rejected(batch.Count, (int)Math.Min(answer.Rejected, batch.Count), Sentence(answer.Reason!)),
            _ => SendResult.Delivered(batch.Count),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private string Sentence(string reason) => $"{Destination} does not accept events: {char.ToLowerInvariant(reason[0])}{reason[1..]}";
}

/// <summary>Encodes log records as a request.</summary>
internal static class OtlpLogs
{
    private static readonly OtlpField s_resourceLogs = new(1, "resourceLogs"), s_scopeLogs = new(2, "scopeLogs"), s_records = new(2, "logRecords");
    private static readonly OtlpField s_time = new(1, "timeUnixNano"), s_observed = new(11, "observedTimeUnixNano"), s_severity = new(2, "severityNumber"), s_severityText = new(3, "severityText");
    private static readonly OtlpField s_body = new(5, "body"), s_attributes = new(6, "attributes"), s_eventName = new(12, "eventName");

    /// <summary>Writes a request.</summary>
    public static void Write(IReadOnlyList<LogRecord> records, OtlpOptions options, ExpositionBuffer buffer)
    {
        var writer = OtlpRequest.Writer(options.Protocol, buffer);
        writer.BeginList(s_resourceLogs);
        writer.BeginItem(s_resourceLogs);
        OtlpRequest.Resource(writer, options.Resource);
        writer.BeginList(s_scopeLogs);
        writer.BeginItem(s_scopeLogs);
        OtlpRequest.Scope(writer);
        writer.BeginList(s_records);
        for (var i = 0; i < records.Count; i++)
        {
            writer.BeginItem(s_records);
            Write(writer, records[i]);
            writer.End();
        }

        writer.EndList();
        writer.End();
        writer.EndList();
        writer.End();
        writer.EndList();
        writer.Finish();
    }

    private static void Write(IOtlpWriter writer, LogRecord record)
    {
        if (OtlpRequest.Nanoseconds(record.Time) is > 0 and var time)
        {
            writer.Fixed(s_time, time);
        }

        writer.Fixed(s_observed, OtlpRequest.Nanoseconds(record.Observed));
        writer.Enum(s_severity, Severity(record.Severity));
        writer.Text(s_severityText, record.Severity.ToString());
        writer.Begin(s_body);
        OtlpRequest.Value(writer, record.Body);
        writer.End();
        writer.BeginList(s_attributes);
        // Field names have no dots, so these names cannot clash with them.
        OtlpRequest.Attribute(writer, s_attributes, "bee.sequence", record.Sequence);
        if (record.Tool is { } tool)
        {
            OtlpRequest.Attribute(writer, s_attributes, "bee.tool", tool);
        }

        if (record.Map is { } map)
        {
            OtlpRequest.Attribute(writer, s_attributes, "bee.map", map);
        }

        if (record.IsLoss)
        {
            OtlpRequest.Attribute(writer, s_attributes, "bee.lost", record.LostCount);
        }

        foreach (var attribute in record.Attributes)
        {
            OtlpRequest.Attribute(writer, s_attributes, attribute.Name, attribute.Value);
        }

        writer.EndList();
        writer.Text(s_eventName, record.EventName);
    }

    // The mapping of syslog severities: opentelemetry-specification, logs/data-model-appendix.md, "Appendix B".
    private static int Severity(LogSeverity severity) => severity switch
    {
        LogSeverity.Emergency => 21,
        LogSeverity.Alert => 19,
        LogSeverity.Critical => 18,
        LogSeverity.Error => 17,
        LogSeverity.Warning => 13,
        LogSeverity.Notice => 10,
        LogSeverity.Debug => 5,
        _ => 9,
    };
}
