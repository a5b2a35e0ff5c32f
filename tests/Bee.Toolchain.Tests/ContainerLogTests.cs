using System.Text;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Telemetry.Exposition;
using Bee.Telemetry.Journal;
using Bee.Telemetry.Logs;
using Bee.Telemetry.Otlp;
using Bee.Telemetry.Syslog;

namespace Bee.Toolchain.Tests;

/// <summary>Names of containers and hosts as attributes of log records.</summary>
public sealed class ContainerLogTests
{
    private const string Source = """
        #include "bee.h"
        BEE_LICENSE("GPL");
        struct open { u32 pid; u32 Node; };
        BEE_RING(print_opens, struct open, 4096);
        SEC("tracepoint/syscalls/sys_enter_getpgid") int on(void *ctx) { return 0; }
        """;

    private static readonly Lazy<ObjectFile> s_file = new(() => Sources.Compile(Source));
    private static readonly DateTime s_now = new(2026, 1, 2, 3, 4, 6, DateTimeKind.Utc);

    private static ContainerNames Web { get; } = new() { Id = "0123", Container = "web", Image = "docker.io/shop/web:1", Pod = "web-1", Namespace = "shop", Node = "n1" };

    [Fact]
    public void Attributes_have_the_names_of_the_container_and_the_line_those_that_tables_show()
    {
        var record = Of(Web);

        Assert.Equal(
            [new("pid", 42L), new("Node", 3L), new("container", "web"), new("image", "docker.io/shop/web:1"), new("pod", "web-1"), new LogAttribute("namespace", "shop")],
            record.Attributes);
        Assert.Equal("pid=42 Node=3 container=web pod=web-1 namespace=shop", record.Body);
    }

    [Fact]
    public void Event_of_the_host_has_no_attributes_of_containers()
    {
        var record = Of(null);

        Assert.Equal([new("pid", 42L), new LogAttribute("Node", 3L)], record.Attributes);
        Assert.Equal("pid=42 Node=3", record.Body);
    }

    [Fact]
    public void Event_of_another_host_names_it_and_is_marked_only_if_it_is_late()
    {
        Assert.Equal("PSComputerName=node7 pid=42 Node=3 container=web pod=web-1 namespace=shop", Of(Web, new RecordSender("node7", false)).Body);
        Assert.Contains(new LogAttribute("PSComputerName", "node7"), Of(null, new RecordSender("node7", false)).Attributes);
        Assert.DoesNotContain("Late", Of(null, new RecordSender("node7", false)).Attributes.Select(attribute => attribute.Name));
        Assert.Contains(new LogAttribute("Late", true), Of(null, new RecordSender("node7", true)).Attributes);
    }

    [Fact]
    public void Each_transport_writes_the_names()
    {
        var record = Of(Web);
        using var otlp = new ExpositionBuffer();
        OtlpLogs.Write([record], new OtlpOptions { Endpoint = new Uri("http://127.0.0.1"), Protocol = OtlpProtocol.Json }, otlp);
        var journal = Encoding.UTF8.GetString(JournalEntry.Encode(record).Span);
        var syslog = Encoding.UTF8.GetString(new SyslogMessage("h", 1, 2048).Encode(record));

        Assert.Contains("""{"key":"container","value":{"stringValue":"web"}},{"key":"image","value":{"stringValue":"docker.io/shop/web:1"}},{"key":"pod","value":{"stringValue":"web-1"}}""", Encoding.UTF8.GetString(otlp.Written.Span), StringComparison.Ordinal);
        Assert.Contains("\nCONTAINER=web\nIMAGE=docker.io/shop/web:1\nPOD=web-1\nNAMESPACE=shop\n", journal, StringComparison.Ordinal);
        Assert.Contains(" container=\"web\" image=\"docker.io/shop/web:1\" pod=\"web-1\" namespace=\"shop\"]", syslog, StringComparison.Ordinal);
    }

    private static LogRecord Of(ContainerNames? names, RecordSender? sender = null)
    {
        var type = RecordType.ForEvent(s_file.Value.Maps.Single(map => map.Name == "print_opens"), RecordExtras.Container | (sender is null ? RecordExtras.None : RecordExtras.Sender));
        BpfEvent item = type.Decode([.. BitConverter.GetBytes(42), .. BitConverter.GetBytes(3)]);
        item.Place(names);
        item.Mark(sender);
        return LogRecords.Of(item, new EventOrigin("opensnoop", MapMetadata.None), 1, s_now);
    }
}
