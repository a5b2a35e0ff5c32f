using System.IO.Pipelines;
using System.Text;
using Bee.Ebpf.Events;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Ebpf.Symbols;
using Bee.Telemetry.Captures;

namespace Bee.Telemetry.Tests.Captures;

/// <summary>Captures that one process writes to another while events come.</summary>
public sealed class CaptureStreamTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Events_losses_and_messages_keep_their_order()
    {
        var stream = new MemoryStream();
        using (var writer = new CaptureStreamWriter(stream))
        {
            writer.Write(CaptureFolder.Line(1), default);
            writer.WriteMessage(new StreamMessage("note", "after one"));
            writer.WriteLost("print_ring", 3, default);
            writer.Write(CaptureFolder.Line(2), default);
            writer.WriteMessage(new StreamMessage("error", "after two") { Id = "An.Id", Remedy = "Do it." });
            Assert.True(writer.Complete(s_patience));
        }

        (CaptureStreamReader reader, Recorder sink) = ReadAll(stream.ToArray());

        Assert.True(reader.IsComplete);
        Assert.Equal(["line 1", "note: after one", "3 lost of print_ring", "line 2", "error: after two An.Id Do it."], sink.Items);
        Assert.Equal(Environment.MachineName, reader.Info!.Host);
    }

    [Fact]
    public void A_loss_of_zero_arrives_so_that_the_reader_knows_that_losses_are_counted()
    {
        var stream = new MemoryStream();
        using (var writer = new CaptureStreamWriter(stream))
        {
            writer.WriteLost("print_ring", 0, default);
            Assert.True(writer.Complete(s_patience));
        }

        Assert.Equal(["0 lost of print_ring"], ReadAll(stream.ToArray()).Sink.Items);
    }

    [Fact]
    public void Heartbeats_continue_while_the_names_of_a_stack_are_read()
    {
        using var writer = new CaptureStreamWriter(new MemoryStream());
        bool isFree = false;
        var names = new Names(() => isFree = Task.Run(() => writer.Echo(1, 2)).Wait(s_patience));

        // The class is not that of a tool.
        Assert.Throws<PackException>(() => writer.Write(new Stacked(new StackTrace(null, default, [new StackFrame(1, names, isCaller: false)])), default));

        Assert.True(isFree);
    }

    [Fact]
    public void Text_before_the_magic_is_skipped()
    {
        byte[] greeting = [.. Encoding.UTF8.GetBytes("Welcome!\r\n\u0089BEE is not the magic\n"), 0x89, (byte)'B', (byte)'E', 0x89];
        (CaptureStreamReader reader, Recorder sink) = ReadAll([.. greeting, .. Lines(2)]);

        Assert.True(reader.IsComplete);
        Assert.Equal(["line 0", "line 1"], sink.Items);
    }

    [Fact]
    public void Text_without_an_end_is_an_error()
    {
        CaptureException error = Assert.Throws<CaptureException>(() => ReadAll(new byte[(1 << 20) + 100]));

        Assert.Equal("Capture.NotACapture", error.Id);
    }

    [Fact]
    public void A_stream_that_ends_early_is_not_complete()
    {
        byte[] whole = Lines(3);
        for (int length = 0; length < whole.Length; length += 7)
        {
            (CaptureStreamReader reader, _) = ReadAll(whole[..length]);

            Assert.False(reader.IsComplete);
        }
    }

    [Fact]
    public void A_changed_byte_is_an_error_or_an_early_end()
    {
        byte[] whole = Lines(3);
        // The head has text that a change may leave valid, and the preamble an error of its own.
        for (int at = 8; at < whole.Length; at++)
        {
            byte[] changed = [.. whole];
            changed[at] ^= 0x20;
            try
            {
                (CaptureStreamReader reader, _) = ReadAll(changed);
                // The four bytes after the version are reserved.
                Assert.True(!reader.IsComplete || at is >= 12 and < 16);
            }
            catch (CaptureException error)
            {
                Assert.Contains(error.Id, new[] { "Capture.Damaged", "Capture.NewerVersion" });
            }
        }
    }

    [Fact]
    public void Write_waits_for_a_slow_reader_and_a_token_ends_the_wait()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4096, resumeWriterThreshold: 2048));
        using var writer = new CaptureStreamWriter(pipe.Writer.AsStream());
        using var cancel = new CancellationTokenSource();
        int written = 0;
        var thread = new Thread(() =>
        {
            try
            {
                while (writer.Write(CaptureFolder.Line(1), cancel.Token))
                {
                    Interlocked.Increment(ref written);
                }
            }
            catch (OperationCanceledException)
            {
            }
        });
        thread.Start();
        int before;
        do
        {
            before = Volatile.Read(ref written);
            Thread.Sleep(50);
        }
        while (before == 0 || before != Volatile.Read(ref written));

        cancel.Cancel();

        Assert.True(thread.Join(s_patience));
        pipe.Reader.Complete();
    }

    [Fact]
    public void A_failed_write_is_reported_and_ends_the_stream()
    {
        using var failed = new ManualResetEventSlim();
        using var writer = new CaptureStreamWriter(new BrokenStream(), failed.Set);

        Assert.True(failed.Wait(s_patience));

        Assert.False(writer.Write(CaptureFolder.Line(1), default));
        Assert.IsType<IOException>(writer.Fault);
        Assert.False(writer.Complete(s_patience));
    }

    [Fact]
    public void A_heartbeat_returns_the_times_of_the_last_message()
    {
        var pipe = new Pipe();
        using var writer = new CaptureStreamWriter(pipe.Writer.AsStream());
        var reader = new CaptureStreamReader("test", pipe.Reader.AsStream());
        var sink = new Recorder();
        Assert.True(reader.ReadHead());

        writer.Echo(11, 22);
        while (sink.Beats.Count == 0 && reader.Read(sink))
        {
        }

        Assert.Equal((11, 22), (sink.Beats[0].Sent, sink.Beats[0].Received));
    }

    [Fact]
    public void Events_of_a_sender_are_marked_with_it()
    {
        byte[] bytes = Lines(1);
        var reader = new CaptureStreamReader("web1", new MemoryStream(bytes), new RecordSender("web1", Late: false));

        Assert.Equal("web1", reader.Unpacker.Sender!.ComputerName);
    }

    private static byte[] Lines(int count)
    {
        var stream = new MemoryStream();
        using var writer = new CaptureStreamWriter(stream);
        for (int i = 0; i < count; i++)
        {
            writer.Write(CaptureFolder.Line(i), default);
        }

        Assert.True(writer.Complete(s_patience));
        return stream.ToArray();
    }

    private sealed class Stacked(StackTrace stack) : BpfEvent
    {
        private protected override StackTrace[]? GetTraces() => [stack];
    }

    private sealed class Names(Action finding) : FrameSource
    {
        public override FrameName Find(ulong address, bool isCaller)
        {
            finding();
            return FrameName.Unknown;
        }
    }

    private static (CaptureStreamReader Reader, Recorder Sink) ReadAll(byte[] bytes)
    {
        var reader = new CaptureStreamReader("test", new MemoryStream(bytes));
        var sink = new Recorder();
        bool isOpen = reader.ReadHead();
        while (isOpen && reader.Read(sink))
        {
        }

        return (reader, sink);
    }

    private sealed class Recorder : ICaptureStreamSink
    {
        public List<string> Items { get; } = [];

        public List<Heartbeat> Beats { get; } = [];

        public void BeginBlock(long first, long last, int bytes) => Assert.True(first <= last && bytes > 0);

        public void EndBlock()
        {
        }

        public void Beat(Heartbeat beat) => Beats.Add(beat);

        public void Message(StreamMessage message) => Items.Add($"{message.Kind}: {message.Text} {message.Id} {message.Remedy}".TrimEnd());

        public bool Event(BpfEvent e)
        {
            Items.Add(((IteratorLine)e).Line);
            return true;
        }

        public void Lost(string map, ulong count) => Items.Add($"{count} lost of {map}");
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe");
    }
}
