using Bee.Ebpf.Metadata;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Tests.Logs;

public sealed class LogRecordTests
{
    private static readonly DateTime s_now = new(2026, 1, 2, 3, 4, 6, DateTimeKind.Utc);

    [Fact]
    public void Record_of_an_event_has_its_map_time_and_typed_fields()
    {
        var record = LogRecords.Of(new SampleEvent(), new EventOrigin("opensnoop", MapMetadata.None), 7, s_now);

        Assert.Equal((7, "opensnoop.print_opens", "opensnoop", "print_opens"), (record.Sequence, record.EventName, record.Tool, record.Map));
        Assert.Equal((s_now, LogSeverity.Informational, false), (record.Observed, record.Severity, record.IsLoss));
        // The later of two times: a record may also have the start time of the process.
        Assert.Equal(new DateTime(2026, 1, 2, 3, 4, 5, 123, 456, DateTimeKind.Utc), record.Time);
        var values = record.Attributes.ToDictionary(attribute => attribute.Name, attribute => attribute.Value);
        Assert.Equal(4242L, values["Pid"]);
        Assert.Equal("/tmp/a b\n\u001b[2J\"]\\=", values["Path"]);
        Assert.Equal(true, values["Ok"]);
        Assert.Equal(1.5, values["Ratio"]);
        Assert.Equal("Friday", values["Day"]);
        Assert.Equal(77L, values["Unnamed"]);
        Assert.Equal("18446744073709551615", values["Large"]);
        Assert.Equal("1000000000000000000000000000000", values["Huge"]);
        Assert.Equal(new byte[] { 1, 10, 255 }, values["Bytes"]);
        Assert.Equal(new object[] { "ls", "-l\n" }, values["Words"]);
        var inner = Assert.IsType<LogAttribute[]>(values["Inner"]);
        Assert.Equal(("A", -1L), (inner[0].Name, inner[0].Value));
        Assert.Equal(new object[] { 1L, 2L }, inner[1].Value);
        Assert.Null(values["Nothing"]);
        Assert.DoesNotContain("MapName", values.Keys);
    }

    [Fact]
    public void Body_has_each_field_and_no_control_characters()
    {
        var metadata = new MapMetadata { Fields = new Dictionary<string, FieldMetadata> { ["Ratio"] = new() { Unit = "ms" } } };

        var body = LogRecords.Of(new SampleEvent(), new EventOrigin(null, metadata), 1, s_now).Body;

        Assert.Contains("Pid=4242 Comm=cat Path=\"/tmp/a b␊␛[2J\\\"]\\\\=\" Ok=true Ratio=1.5ms Day=Friday", body, StringComparison.Ordinal);
        Assert.Contains(" Bytes=010aff ", body, StringComparison.Ordinal);
        Assert.DoesNotContain(body, char.IsControl);
    }

    [Fact]
    public void Moment_that_lies_ahead_is_not_the_events()
    {
        var item = new SampleEvent { At = s_now.AddHours(1), Started = s_now.AddHours(-1) };

        Assert.Equal(s_now.AddHours(-1), LogRecords.Of(item, EventOrigin.Unknown, 1, s_now).Time);
        Assert.Null(LogRecords.Of(new PlainEvent(1), EventOrigin.Unknown, 1, s_now).Time);
    }

    [Fact]
    public void Event_without_a_tool_is_named_by_its_map() => Assert.Equal(("print_opens", null), (LogRecords.Of(new SampleEvent(), EventOrigin.Unknown, 1, s_now).EventName, LogRecords.Of(new SampleEvent(), EventOrigin.Unknown, 1, s_now).Tool));

    [Theory]
    [InlineData(4242, true, LogSeverity.Error)]
    [InlineData(4242, false, LogSeverity.Alert)]
    [InlineData(1, true, LogSeverity.Error)]
    [InlineData(1, null, LogSeverity.Notice)]
    public void Most_severe_value_overrides_the_map(uint pid, bool? ok, LogSeverity expected)
    {
        var fields = new Dictionary<string, FieldMetadata>
        {
            ["Pid"] = new() { Severities = new Dictionary<string, LogSeverity> { ["4242"] = LogSeverity.Debug } },
            ["Ok"] = new() { Severities = ok is null ? new() : new Dictionary<string, LogSeverity> { ["true"] = LogSeverity.Error, ["false"] = LogSeverity.Alert } },
            ["no_such"] = new() { Severities = new Dictionary<string, LogSeverity> { ["1"] = LogSeverity.Emergency } },
        };
        var origin = new EventOrigin("tool", new MapMetadata { Severity = LogSeverity.Notice, Fields = fields });

        Assert.Equal(expected, LogRecords.Of(new SampleEvent { Pid = pid, Ok = ok ?? true }, origin, 1, s_now).Severity);
    }

    [Theory]
    [InlineData(LossReason.Kernel, "kernel", "5 events of events were lost, because a buffer in the kernel was full.")]
    [InlineData(LossReason.BufferFull, "buffer_full", "5 events of events were lost, because a buffer of Bee was full.")]
    [InlineData(LossReason.Delivery, "delivery", "5 events of events were lost, because the receiver did not accept them.")]
    public void Record_of_a_loss_is_a_warning_with_reason_map_and_count(object reason, string name, string body)
    {
        var record = LogRecords.OfLoss((LossReason)reason, "tool", "events", 5, 9, s_now);

        Assert.Equal((9, 5, true, LogSeverity.Warning, "tool.lost", body), (record.Sequence, record.LostCount, record.IsLoss, record.Severity, record.EventName, record.Body));
        Assert.Equal([new("reason", name), new("map", "events"), new("count", 5L)], record.Attributes);
    }

    [Fact]
    public void Loss_without_a_map_has_no_map_attribute()
    {
        var record = LogRecords.OfLoss(LossReason.BufferFull, null, null, 1, 9, s_now);

        Assert.Equal(("lost", "1 event was lost, because a buffer of Bee was full."), (record.EventName, record.Body));
        Assert.Equal(["reason", "count"], record.Attributes.Select(attribute => attribute.Name));
    }
}
