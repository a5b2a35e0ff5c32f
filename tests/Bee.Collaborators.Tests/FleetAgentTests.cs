using System.Buffers.Binary;
using System.Collections;
using System.IO.Pipelines;
using Bee.Cmdlets.Agents;
using Bee.Cmdlets.Errors;
using Bee.Cmdlets.Fleet;
using Bee.Ebpf.Events;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Oci.Formats;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Collaborators.Tests;

/// <summary>The agent on a host, over pipes instead of ssh, and without a kernel.</summary>
public sealed class FleetAgentTests
{
    [Fact]
    public void Agent_refuses_another_version_of_the_protocol_and_names_both()
    {
        using var run = new AgentRun();
        run.Input.Write(AgentFrames.Magic);
        var version = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(version, 99);
        run.Input.Write(version);

        StreamMessage error = Assert.Single(run.Messages(), message => message.Kind == AgentMessage.Error);

        Assert.Equal("Fleet.OtherVersion", error.Id);
        Assert.Contains("version 1 ", error.Text, StringComparison.Ordinal);
        Assert.Contains("version 99", error.Text, StringComparison.Ordinal);
        Assert.NotNull(error.Remedy);
    }

    [Fact]
    public void Agent_ends_when_its_input_ends()
    {
        using var run = new AgentRun();
        AgentFrames.WritePreamble(run.Input);
        run.Send(AgentWork.Run);

        run.Input.Close();

        run.WaitForEnd();
    }

    [Fact]
    public void Agent_ends_when_the_other_side_is_silent_for_longer_than_the_lease()
    {
        using var run = new AgentRun();
        AgentFrames.WritePreamble(run.Input);
        // The archive never arrives, and the input stays open.
        AgentFrames.Write(run.Input, AgentFrame.Request, new AgentRequest { Work = AgentWork.Run, Parameters = AgentParameters.Encode(new Dictionary<string, object?>()), Lease = 100 }.Encode());

        run.WaitForEnd();
    }

    [Fact]
    public void Agent_continues_while_a_long_frame_arrives_slowly()
    {
        using var run = new AgentRun();
        AgentFrames.WritePreamble(run.Input);
        var request = new AgentRequest { Work = "paint", Parameters = AgentParameters.Encode(new Dictionary<string, object?>()), Lease = 1500 };
        AgentFrames.Write(run.Input, AgentFrame.Request, request.Encode());
        var frame = new MemoryStream();
        AgentFrames.Write(frame, AgentFrame.Archive, new byte[32]);
        foreach (byte one in frame.ToArray())
        {
            // 2 s in all, and each byte long before the lease ends.
            run.Input.WriteByte(one);
            run.Input.Flush();
            Thread.Sleep(50);
        }

        AgentFrames.Write(run.Input, AgentFrame.Begin, []);

        Assert.Equal("Fleet.OtherVersion", Assert.Single(run.Messages(), message => message.Kind == AgentMessage.Error).Id);
    }

    [Fact]
    public void A_host_whose_clock_is_set_forward_makes_no_event_of_others_late()
    {
        var merge = new StreamMerge(TimeSpan.FromMilliseconds(1));
        var events = new List<Merged>();
        foreach (TimeSpan ahead in (TimeSpan[])[TimeSpan.FromHours(1), TimeSpan.FromSeconds(10)])
        {
            StreamMerge.Source source = merge.Open();
            var feed = new HostFeed("web1", merge, source, new EventUnpacker(), []);
            long time = (DateTime.UtcNow + ahead).Ticks;
            feed.BeginBlock(time, time, 10);
            feed.Event(new IteratorLine("x"));
            feed.EndBlock();
            merge.End(source);
            // Without a source, events pass at once.
            Assert.True(merge.Take(events, 10, TimeSpan.Zero));
        }

        Assert.Equal([false, false], events.Select(one => one.IsLate));
    }

    [Fact]
    public void Agent_ends_when_its_output_fails()
    {
        using var run = new AgentRun(brokenOutput: true);

        run.WaitForEnd();
    }

    [Fact]
    public void Agent_reports_a_work_that_it_does_not_know()
    {
        using var run = new AgentRun();
        AgentFrames.WritePreamble(run.Input);
        run.Send("paint");
        AgentFrames.Write(run.Input, AgentFrame.Begin, []);

        StreamMessage error = Assert.Single(run.Messages(), message => message.Kind == AgentMessage.Error);

        Assert.Equal("Fleet.OtherVersion", error.Id);
        Assert.Contains("'paint'", error.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Agent_reports_a_damaged_archive_with_the_id_of_its_error()
    {
        using var run = new AgentRun();
        AgentFrames.WritePreamble(run.Input);
        run.Send(AgentWork.Run);
        AgentFrames.Write(run.Input, AgentFrame.Archive, new byte[2000]);
        AgentFrames.Write(run.Input, AgentFrame.Begin, []);

        StreamMessage error = Assert.Single(run.Messages(), message => message.Kind == AgentMessage.Error);

        Assert.StartsWith("Store.", error.Id, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tool_arrives_with_its_name_digest_and_metadata()
    {
        using var bench = new Workbench();
        Oci.Store.Image image = bench.Local.Stores.Own.Add(new ImageContent { Program = Workbench.Object }, ImageReference.Parse("localhost/me/tool:v1"));
        ToolArchive archive = ToolArchive.Of(bench.Tools, bench.Local, bench.Verifier, "localhost/me/tool:v1", null, path => path)!;
        var output = new MemoryStream();
        using var writer = new CaptureStreamWriter(output);

        using var tools = new AgentTools(archive.Bytes, null, new AgentStreams(writer, default));

        Assert.Equal("tool", archive.Name);
        Assert.Equal("localhost/me/tool:v1", tools.Image.Reference);
        Assert.Equal(image.Digest, tools.Image.Digest);
        Assert.Equal(Workbench.Object, tools.Resolver.Resolve(string.Empty, tools.Image)!.File.Bytes.ToArray());
    }

    [Fact]
    public void Parameters_keep_their_types_and_nested_tables()
    {
        var given = new RunParameters { Duration = TimeSpan.FromMilliseconds(1500), MaxEvents = 7_000_000_000, MaxOverhead = 0.01, Pod = ["web*"] };
        Dictionary<string, object?> parameters = AgentParameters.Of(given);
        parameters["Parameters"] = new Hashtable { ["target_pid"] = 42, ["names"] = new object[] { "a", "b" }, ["nested"] = new Hashtable { [1] = (byte)2 }, ["none"] = null, ["address"] = System.Net.IPAddress.Loopback };

        IReadOnlyDictionary<string, object?> read = AgentParameters.Decode(AgentParameters.Encode(parameters));

        Assert.Equivalent(given, AgentParameters.To<RunParameters>(read));
        var table = Assert.IsType<Hashtable>(read["Parameters"]);
        Assert.Equal(42, table["target_pid"]);
        Assert.Equal(new object[] { "a", "b" }, table["names"]);
        Assert.Equal((byte)2, Assert.IsType<Hashtable>(table["nested"])[1]);
        Assert.True(table.ContainsKey("none"));
        Assert.Equal("127.0.0.1", table["address"]);
    }

    [Theory]
    [InlineData("web1", null, "web1", null)]
    [InlineData("root@web1", "root", "web1", null)]
    [InlineData("root@web1:2222", "root", "web1", 2222)]
    [InlineData("web1.example.com:22", null, "web1.example.com", 22)]
    [InlineData("::1", null, "::1", null)]
    [InlineData("[::1]:22", null, "::1", 22)]
    [InlineData("me@[fe80::1%eth0]", "me", "fe80::1%eth0", null)]
    [InlineData("domain\\user@host", "domain\\user", "host", null)]
    public void Address_of_a_host_is_parsed(string text, string? user, string host, int? port) =>
        Assert.Equal(new HostAddress(text, user, host, port), HostAddress.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("-oProxyCommand=touch /tmp/x")]
    [InlineData("-l@host")]
    [InlineData("user@-host")]
    [InlineData("host:")]
    [InlineData("host:0")]
    [InlineData("host:99999")]
    [InlineData("host:-1")]
    [InlineData("[::1")]
    [InlineData("[::1]22")]
    [InlineData("two words")]
    [InlineData("$(id)")]
    [InlineData("web1;id")]
    [InlineData("a`id`@web1")]
    [InlineData("web\\1")]
    [InlineData("a\nb")]
    public void Text_that_is_no_address_is_an_error(string text) =>
        Assert.Equal("BadHostName", Assert.Throws<BeeInputException>(() => HostAddress.Parse(text)).Id);

    [Fact]
    public void Arguments_of_ssh_put_the_users_options_first_and_the_host_behind_a_dash()
    {
        var options = SshOptions.From("me", 22, "/key", new Hashtable { ["ConnectTimeout"] = 3 }, null, null);

        string[] arguments = [.. options.Arguments(HostAddress.Parse("root@web1:2222"))];

        Assert.True(Array.IndexOf(arguments, "ConnectTimeout=3") < Array.IndexOf(arguments, "ConnectTimeout=10"));
        Assert.Contains("BatchMode=yes", arguments);
        Assert.Equal(["-i", "/key", "-p", "2222", "-l", "root", "--", "web1"], arguments[^8..]);
    }

    [Theory]
    [InlineData("/opt/pwsh'; touch /tmp/x; '")]
    [InlineData("$(touch /tmp/x)")]
    [InlineData("`x`")]
    [InlineData("-x")]
    public void A_path_that_a_shell_would_interpret_is_an_error(string path)
    {
        Assert.Equal("BadRemotePath", Assert.Throws<BeeInputException>(() => SshOptions.From(null, null, null, null, path, null)).Id);
        Assert.Equal("BadRemotePath", Assert.Throws<BeeInputException>(() => SshOptions.From(null, null, null, null, null, path)).Id);
    }

    // Runs an agent on a thread.
    private sealed class AgentRun : IDisposable
    {
        private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

        private readonly Pipe _input = new();
        private readonly Pipe _output = new();
        private readonly Thread _thread;

        public AgentRun(bool brokenOutput = false)
        {
            Input = _input.Writer.AsStream();
            _thread = new Thread(() => FleetAgent.Serve(_input.Reader.AsStream(), brokenOutput ? new BrokenStream() : _output.Writer.AsStream(), kill: () => { })) { IsBackground = true };
            _thread.Start();
        }

        public Stream Input { get; }

        public void Send(string work) => AgentFrames.Write(Input, AgentFrame.Request, new AgentRequest { Work = work, Parameters = AgentParameters.Encode(new Dictionary<string, object?>()), Lease = 600_000 }.Encode());

        public void WaitForEnd() => Assert.True(_thread.Join(s_patience), "The agent did not end.");

        public List<StreamMessage> Messages()
        {
            var sink = new Recorder();
            var reader = new CaptureStreamReader("agent", _output.Reader.AsStream());
            Assert.True(reader.ReadHead());
            while (reader.Read(sink))
            {
            }

            Assert.True(reader.IsComplete);
            WaitForEnd();
            return sink.Messages;
        }

        public void Dispose()
        {
            Input.Close();
            _output.Reader.Complete();
            WaitForEnd();
        }
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe");
    }

    private sealed class Recorder : ICaptureStreamSink
    {
        public List<StreamMessage> Messages { get; } = [];

        public void BeginBlock(long first, long last, int bytes)
        {
        }

        public void EndBlock()
        {
        }

        public void Beat(Heartbeat beat)
        {
        }

        public void Message(StreamMessage message) => Messages.Add(message);

        public bool Event(BpfEvent e) => true;

        public void Lost(string map, ulong count)
        {
        }
    }
}
