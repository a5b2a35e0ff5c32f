using System.Net;
using System.Net.Sockets;
using System.Text;
using Bee.Telemetry.Delivery;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Tests.Logs;

/// <summary>The log as a library user opens it.</summary>
public class EventLogTests
{
    [Fact]
    public async Task Syslog_receives_events_and_losses()
    {
        using var receiver = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var log = EventLog.ToSyslog($"127.0.0.1:{((IPEndPoint)receiver.Client.LocalEndPoint!).Port}");

        log.Write(new SampleEvent { Pid = 42 }, "opensnoop");
        log.WriteLost(3, "events", "opensnoop");

        Assert.Equal(new DeliveryCounts(1, 1, 0, 0, 0), log.Complete(TimeSpan.FromSeconds(30)));
        Assert.Contains("Pid=42", Encoding.UTF8.GetString((await receiver.ReceiveAsync()).Buffer), StringComparison.Ordinal);
        Assert.Contains("3 events of events were lost", Encoding.UTF8.GetString((await receiver.ReceiveAsync()).Buffer), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_after_Complete_throws()
    {
        using var log = EventLog.ToSyslog("127.0.0.1:9");
        log.Complete(TimeSpan.FromSeconds(30));

        Assert.Throws<InvalidOperationException>(() => log.Write(new SampleEvent()));
    }

    [Fact]
    public void Invalid_syslog_address_throws() =>
        Assert.Equal("Log.InvalidAddress", Assert.Throws<LogException>(() => EventLog.ToSyslog("ftp://host")).Id);
}
