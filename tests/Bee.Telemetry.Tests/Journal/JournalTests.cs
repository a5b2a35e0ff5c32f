using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Bee.Ebpf.Metadata;
using Bee.Telemetry.Journal;
using Bee.Telemetry.Logs;
using Bee.Telemetry.Tests.Logs;

namespace Bee.Telemetry.Tests.Journal;

public sealed class JournalTests : IDisposable
{
    private static readonly DateTime s_now = new(2026, 1, 2, 3, 4, 6, DateTimeKind.Utc);

    private readonly string _folder = Directory.CreateTempSubdirectory("bee-journal-").FullName;

    [Fact]
    public void Entry_has_the_bytes_of_the_protocol()
    {
        var record = new LogRecord
        {
            Sequence = 3,
            Time = s_now,
            Observed = s_now.AddSeconds(1),
            Severity = LogSeverity.Warning,
            EventName = "tool.events",
            Tool = "tool",
            Map = "events",
            Body = "a=1",
            Attributes = [new("a", 1L), new("text", "x\ny"), new("raw", new byte[] { 0, 10 })],
        };

        Assert.Equal(
            "MESSAGE=a=1\nPRIORITY=4\nSYSLOG_IDENTIFIER=tool\nBEE_EVENT=tool.events\nBEE_SEQ=3\nBEE_TOOL=tool\nBEE_MAP=events\n"
            + "BEE_TIME=2026-01-02T03:04:06.000000Z\nBEE_OBSERVED=2026-01-02T03:04:07.000000Z\n"
            + "A=1\nTEXT\n\u0003\0\0\0\0\0\0\0x\ny\nRAW\n\u0002\0\0\0\0\0\0\0\0\n\n",
            Encoding.UTF8.GetString(JournalEntry.Encode(record).Span));
    }

    [Fact]
    public void Entry_of_an_event_reads_back_with_every_byte_of_its_text()
    {
        var fields = Fields(JournalEntry.Encode(LogRecords.Of(new SampleEvent(), new EventOrigin("opensnoop", MapMetadata.None), 1, s_now)).ToArray());

        Assert.Equal("/tmp/a b\n\u001b[2J\"]\\=", Encoding.UTF8.GetString(fields["PATH"]));
        Assert.Equal([1, 10, 255], fields["BYTES"]);
        Assert.Equal("-1", Encoding.UTF8.GetString(fields["INNER_A"]));
        Assert.Equal("[1,2]", Encoding.UTF8.GetString(fields["INNER_LIST"]));
        Assert.Equal("""["ls","-l\n"]""", Encoding.UTF8.GetString(fields["WORDS"]));
        Assert.Equal("6", Encoding.UTF8.GetString(fields["PRIORITY"]));
        Assert.DoesNotContain("NOTHING", fields.Keys);
        Assert.DoesNotContain(fields["MESSAGE"], letter => letter is < 32 or 127);
    }

    [Fact]
    public void Entry_of_a_loss_has_its_count()
    {
        var fields = Fields(JournalEntry.Encode(LogRecords.OfLoss(LossReason.Kernel, "tool", "events", 5, 9, s_now)).ToArray());

        Assert.Equal(("4", "5", "kernel", "events", "5"), (Text("PRIORITY"), Text("BEE_LOST"), Text("REASON"), Text("MAP"), Text("COUNT")));

        string Text(string name) => Encoding.UTF8.GetString(fields[name]);
    }

    [Theory]
    [InlineData("pid", "PID")]
    [InlineData("_pid", "FIELD_PID")]
    [InlineData("__x", "FIELD_X")]
    [InlineData("9lives", "FIELD_9LIVES")]
    [InlineData("größe-x.y", "GR__E_X_Y")]
    [InlineData("message", "FIELD_MESSAGE")]
    [InlineData("priority", "FIELD_PRIORITY")]
    [InlineData("syslog_pid", "FIELD_SYSLOG_PID")]
    [InlineData("object_pid", "FIELD_OBJECT_PID")]
    [InlineData("bee_seq", "FIELD_BEE_SEQ")]
    [InlineData("errno", "FIELD_ERRNO")]
    [InlineData("", "FIELD_")]
    [InlineData("a123456789b123456789c123456789d123456789e123456789f123456789g123456789", "A123456789B123456789C123456789D123456789E123456789F123456789G123")]
    public void Field_names_are_valid_in_journald_and_not_reserved(string attribute, string name) => Assert.Equal(name, JournalEntry.Name(attribute));

    [Fact]
    public void Attributes_whose_names_become_equal_stay_separate()
    {
        var record = new LogRecord { Sequence = 1, Observed = s_now, EventName = "e", Body = "b", Attributes = [new("a_b", 1L), new("a.b", 2L), new("A_B", 3L)] };

        var fields = Fields(JournalEntry.Encode(record).ToArray());

        Assert.Equal(["1", "2", "3"], new[] { "A_B", "A_B_2", "A_B_3" }.Select(name => Encoding.UTF8.GetString(fields[name])));
    }

    [Fact]
    public async Task Entries_reach_the_socket_and_a_large_one_as_a_sealed_file()
    {
        using var journal = Listen(out var path);
        using var transport = new JournalTransport(path);
        var large = new LogRecord { Sequence = 2, Observed = s_now, EventName = "e", Body = "large", Attributes = [new("data", new string('x', 4 << 20))] };

        var result = await transport.SendAsync([Record("first"), large, Record("last")], default);

        Assert.Equal(SendResult.Delivered(3), result);
        Assert.Equal("first", Message(Receive(journal, out var file)));
        Assert.Null(file);
        Assert.Empty(Receive(journal, out file));
        using (file)
        {
            Assert.Equal(15, fcntl(file!.SafeFileHandle, 1034, 0));
            var content = new byte[file.Length];
            file.Position = 0;
            file.ReadExactly(content);
            Assert.Equal(4 << 20, Fields(content)["DATA"].Length);
        }

        Assert.Equal("last", Message(Receive(journal, out file)));
        Assert.Null(file);
    }

    [Fact]
    public async Task Journal_that_was_restarted_gets_the_rest()
    {
        var journal = Listen(out var path);
        using var transport = new JournalTransport(path);
        await transport.SendAsync([Record("first")], default);
        journal.Dispose();
        File.Delete(path);

        var gone = await transport.SendAsync([Record("second")], default);
        using var next = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        next.Bind(new UnixDomainSocketEndPoint(path));
        var again = await transport.SendAsync([Record("second")], default);

        Assert.Equal((0, 0), (gone.Settled, gone.Refused));
        Assert.Contains(path, gone.Reason, StringComparison.Ordinal);
        Assert.Equal(SendResult.Delivered(1), again);
        Assert.Equal("second", Message(Receive(next, out _)));
    }

    [Fact]
    public async Task Journal_that_does_not_read_is_tried_again_later()
    {
        using var journal = Listen(out var path);
        using var transport = new JournalTransport(path);

        // More than the queue of a datagram socket (net.unix.max_dgram_qlen).
        var result = await transport.SendAsync([.. Enumerable.Range(0, 5000).Select(n => Record($"{n}"))], default);

        Assert.InRange(result.Settled, 1, 4999);
        Assert.Contains("does not read", result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", "it does not exist")]
    [InlineData("file", "it is a regular file, not a socket")]
    [InlineData("closed", "nothing listens on it")]
    [InlineData("file/none", "it does not exist")]
    public void Socket_that_cannot_be_used_is_an_error_with_the_cause(string name, string cause)
    {
        File.WriteAllText(Path.Combine(_folder, "file"), "");
        using (var closed = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified))
        {
            closed.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder, "bound")));
            // .NET removes the name that it has bound.
            File.Move(Path.Combine(_folder, "bound"), Path.Combine(_folder, "closed"));
        }

        var fault = Assert.Throws<LogException>(() => new JournalTransport(Path.Combine(_folder, name)));

        Assert.Equal(LogFault.NoJournal, fault.Fault);
        Assert.EndsWith($": {cause}.", fault.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static LogRecord Record(string body) => new() { Sequence = 1, Observed = s_now, EventName = "e", Body = body };

    private static string Message(byte[] entry) => Encoding.UTF8.GetString(Fields(entry)["MESSAGE"]);

    // Written from the protocol's specification, independently of the encoder.
    private static Dictionary<string, byte[]> Fields(byte[] entry)
    {
        var fields = new Dictionary<string, byte[]>();
        for (var rest = entry.AsSpan(); rest.Length > 0;)
        {
            var line = rest[..rest.IndexOf((byte)'\n')];
            var equals = line.IndexOf((byte)'=');
            var name = Encoding.ASCII.GetString(equals < 0 ? line : line[..equals]);
            Assert.Matches("^[A-Z][A-Z0-9_]{0,63}$", name);
            if (equals >= 0)
            {
                fields.Add(name, line[(equals + 1)..].ToArray());
                rest = rest[(line.Length + 1)..];
            }
            else
            {
                var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(rest[(line.Length + 1)..]);
                fields.Add(name, rest.Slice(line.Length + 9, length).ToArray());
                Assert.Equal((byte)'\n', rest[line.Length + 9 + length]);
                rest = rest[(line.Length + 10 + length)..];
            }
        }

        return fields;
    }

    private Socket Listen(out string path)
    {
        path = Path.Combine(_folder, "socket");
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static unsafe byte[] Receive(Socket socket, out FileStream? file)
    {
        var buffer = new byte[1 << 16];
        var control = stackalloc byte[64];
        fixed (byte* data = buffer)
        {
            var vector = stackalloc nint[2] { (nint)data, buffer.Length };
            // struct msghdr: name, its length, vectors, their number, control, its length, flags.
            var header = stackalloc nint[7] { 0, 0, (nint)vector, 1, (nint)control, 64, 0 };
            var length = recvmsg(socket.SafeHandle, header, 0);
            Assert.True(length >= 0, Marshal.GetLastPInvokeErrorMessage());
            file = header[5] >= 20 && *(int*)(control + 12) == 1 ? new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(*(int*)(control + 16), true), FileAccess.Read, 0) : null;
            return buffer[..(int)length];
        }
    }

    [DllImport("libc", SetLastError = true)]
    private static extern unsafe nint recvmsg(SafeHandle socket, nint* message, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int fcntl(SafeHandle file, int command, int argument);
}
