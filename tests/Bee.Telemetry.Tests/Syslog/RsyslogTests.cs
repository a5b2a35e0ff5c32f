using System.Text.Json;
using Bee.Ebpf.Metadata;
using Bee.Registries;
using Bee.Telemetry.Logs;
using Bee.Telemetry.Syslog;
using Bee.Telemetry.Tests.Logs;

namespace Bee.Telemetry.Tests.Syslog;

public sealed class RsyslogTests
{
    [RsyslogFact]
    public async Task Rsyslog_parses_messages_correctly()
    {
        using var receiver = new Rsyslog();
        var now = new DateTime(2026, 1, 2, 3, 4, 6, DateTimeKind.Utc);
        LogRecord[] records =
        [
            LogRecords.Of(new SampleEvent(), new EventOrigin("opensnoop", new MapMetadata { Severity = LogSeverity.Error }), 1, now),
            LogRecords.OfLoss(LossReason.Kernel, "opensnoop", "print_opens", 5, 6, now),
        ];
        foreach (var scheme in new[] { "tcp", "udp" })
        {
            using var transport = new SyslogTransport(SyslogAddress.Parse($"{scheme}://127.0.0.1:{receiver.Port}"));
            Assert.Equal(SendResult.Delivered(2), await transport.SendAsync(records, default));
        }

        var received = receiver.Received(4);

        Assert.Equal(4, received.Count);
        foreach (var first in received.Where(message => Text(message, "msgid") == "print_opens"))
        {
            Assert.Equal(("1", "3", "opensnoop", "1"), (Text(first, "syslogfacility"), Text(first, "syslogseverity"), Text(first, "app-name"), Text(first, "protocol-version")));
            Assert.EndsWith(records[0].Body, Text(first, "msg"), StringComparison.Ordinal);
            Assert.Equal(records[0].Time, DateTimeOffset.Parse(Text(first, "timereported"), System.Globalization.CultureInfo.InvariantCulture).UtcDateTime);
            var data = first.GetProperty("$!").GetProperty("rfc5424-sd");
            Assert.Equal("1", Text(data.GetProperty("meta"), "sequenceid"));
            // rsyslog converts names to lower case, and keeps escapes in values.
            Assert.Equal(("4242", "-1", "opensnoop.print_opens"), (Text(data.GetProperty("bee@32473"), "pid"), Text(data.GetProperty("bee@32473"), "inner.a"), Text(data.GetProperty("bee@32473"), "event")));
        }

        Assert.Equal(2, received.Count(message => Text(message, "msgid") == "lost" && Text(message, "syslogseverity") == "4"
            && Text(message.GetProperty("$!").GetProperty("rfc5424-sd").GetProperty("bee@32473"), "reason") == "kernel"));
    }

    private static string Text(JsonElement message, string name) => message.GetProperty(name).GetString()!;

    /// <summary>rsyslog is unpacked only in a full run.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class RsyslogFactAttribute : FactAttribute
    {
        public RsyslogFactAttribute() => Skip = FullRun.IsOn ? Rsyslog.Obstacle : "it takes long: ./build.sh test -Full";
    }
}
