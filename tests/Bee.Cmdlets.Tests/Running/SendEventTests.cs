using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Bee.Cmdlets.Tests;

[Collection("Bee")]
public sealed class SendEventTests(Programs programs) : IDisposable
{
    private const string Manifest = """
        name: flood
        maps:
          print_flood:
            severity: notice
            fields:
              number:
                severity: { 0: error }
        """;

    private readonly Shell _shell = new();
    private readonly Load _load = new();
    private readonly TempFolder _folder = new();

    [KernelFact]
    public void Losses_and_severities_of_an_image_reach_the_journal_through_other_commands()
    {
        _folder.Write("flood/flood.bpf.c", Sources.Flood);
        _folder.Write("flood/bee.yaml", Manifest);
        using Journal journal = Listen();
        _shell.Objects(
            "$null = Invoke-BeeBuild $source -Tag flood:v1 -Store $store; $null = Start-BeeProgram flood:v1 -Store $store -Name lossy -Parameter @{ target_pid = $id }",
            ("source", _folder["flood"]), ("store", _folder["store"]), ("id", _load.Id));
        _load.Do(": < /etc/hostname");
        Wait.Until(() => _shell.Objects("(Get-BeeProgram lossy).Lost")[0].BaseObject is > 0ul);

        ShellResult sent = _shell.Run("Stop-BeeProgram lossy -PassThru | Receive-BeeEvent | Where-Object number -ge 0 | Send-BeeEvent -JournalSocket $socket", ("socket", _folder["socket"]));

        Assert.Empty(sent.Errors);
        Assert.Contains("The kernel lost", Assert.Single(sent.Warnings));
        List<Dictionary<string, string>> entries = journal.Read();
        Dictionary<string, string> loss = Assert.Single(entries, entry => entry.ContainsKey("BEE_LOST"));
        Assert.Equal(("4", "flood.lost", "kernel", "print_flood"), (loss["PRIORITY"], loss["BEE_EVENT"], loss["REASON"], loss["MAP"]));
        // Each event has a number, so received and lost events add up to all of them.
        Assert.Equal(100, entries.Count - 1 + long.Parse(loss["BEE_LOST"], CultureInfo.InvariantCulture));
        Assert.Equal("100", entries[^1]["BEE_SEQ"]);
        Assert.Equal(("3", "flood.print_flood", "0"), (entries[0]["PRIORITY"], entries[0]["BEE_EVENT"], entries[0]["NUMBER"]));
        Assert.All(entries.Where(entry => entry.GetValueOrDefault("NUMBER") is not (null or "0")), entry => Assert.Equal("5", entry["PRIORITY"]));
    }

    [KernelFact]
    public void Dropped_events_are_reported_before_the_buffered_ones()
    {
        using Journal journal = Listen();
        _shell.Objects("$null = Start-BeeProgram $object -Name small -BufferSize 3 -Parameter @{ target_pid = $id } -Map print_*", ("object", programs.Calls), ("id", _load.Id));
        _load.Do("i=0; while [ $i -lt 10 ]; do : < /etc/hostname; i=$((i + 1)); done");
        Wait.Until(() => _shell.Objects("(Get-BeeProgram small).Dropped")[0].BaseObject is 7L);

        _shell.Run("Stop-BeeProgram small -PassThru | Receive-BeeEvent | Send-BeeEvent -JournalSocket $socket", ("socket", _folder["socket"]));

        Assert.Equal(["7", null, null, null], journal.Read().Select(entry => entry.GetValueOrDefault("BEE_LOST")));
    }

    [KernelFact]
    public void Event_is_sent_and_passed_on_if_the_pipeline_ends_early()
    {
        using Journal journal = Listen();
        _load.Repeat(": < /etc/hostname");

        Assert.Single(_shell.Objects(
            "Invoke-BeeProgram $program -Parameter @{ target_pid = $id } | Send-BeeEvent -JournalSocket $socket -PassThru | Select-Object -First 1",
            ("program", programs.Opensnoop), ("id", _load.Id), ("socket", _folder["socket"])));

        Assert.Equal("opensnoop.print_opens", journal.Read()[0]["BEE_EVENT"]);
    }

    [Theory]
    [InlineData("1 | Send-BeeEvent", "NoReceiver,")]
    [InlineData("1 | Send-BeeEvent -Syslog http://x", "Log.InvalidAddress,")]
    [InlineData("1 | Send-BeeEvent -JournalSocket /no/such/socket", "Log.NoJournal,")]
    [InlineData("1 | Send-BeeEvent -Syslog 127.0.0.1:9", "NotAnEvent,")]
    [InlineData("$null | Send-BeeEvent -Syslog 127.0.0.1:9", "NotAnEvent,")]
    public void Object_that_cannot_be_sent_is_an_error(string script, string id)
    {
        System.Management.Automation.ErrorRecord error = _shell.Error(script);

        Assert.StartsWith(id, error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
    }

    public void Dispose()
    {
        _load.Dispose();
        _shell.Dispose();
        _folder.Dispose();
    }

    private Journal Listen() => new(_folder["socket"]);

    /// <summary>A stand-in for journald. It reads continuously, because the queue of a datagram socket is short.</summary>
    private sealed class Journal : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        private readonly Task<List<Dictionary<string, string>>> _reading;

        public Journal(string path)
        {
            _socket.Bind(new UnixDomainSocketEndPoint(path));
            _reading = Task.Run(() =>
            {
                var entries = new List<Dictionary<string, string>>();
                var buffer = new byte[1 << 16];
                for (int length; (length = _socket.Receive(buffer)) > 0;)
                {
                    // The values in these tests contain no line feed.
                    entries.Add(Encoding.UTF8.GetString(buffer, 0, length).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                        .ToDictionary(line => line[..line.IndexOf('=', StringComparison.Ordinal)], line => line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]));
                }

                return entries;
            });
        }

        /// <summary>Returns exactly the entries that were sent so far.</summary>
        public List<Dictionary<string, string>> Read()
        {
            using var end = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            end.SendTo([], _socket.LocalEndPoint!);
            return _reading.GetAwaiter().GetResult();
        }

        public void Dispose() => _socket.Dispose();
    }
}
