using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using Bee.Cmdlets.Fleet;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Agents;

/// <summary>
/// Works for another machine: reads a request and a tool from standard input, and writes events and messages to standard output. It ends, and detaches its tool, when the other machine asks for it, closes the
/// input, is silent for longer than the lease, or does not accept output, and on SIGTERM and SIGHUP. If the work does not end by itself then, the process is killed, and the kernel detaches the tool.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The process ends with the agent, and its threads use the fields until then.")]
internal sealed class FleetAgent
{
    // Together with the lease, less than two seconds.
    private static readonly TimeSpan s_lostLimit = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan s_endLimit = TimeSpan.FromMilliseconds(1500);
    private static readonly TimeSpan s_watch = TimeSpan.FromMilliseconds(50);
    // The connection may break before the request, which states the lease.
    private static readonly TimeSpan s_requestLimit = TimeSpan.FromSeconds(30);

    private const int FewestWatches = 4;

    // While many agents start on one machine, none of them runs often. The lease protects what is attached.
    private const int PatienceBeforeLoading = 10;

    // Archives are limited where they are made.
    private const long MostBytes = 1L << 30;

    private readonly Stream _input;
    private readonly CaptureStreamWriter _output;
    private readonly Action _kill;
    private readonly CancellationTokenSource _stop = new();
    private readonly ManualResetEventSlim _begin = new();
    private readonly MemoryStream _archive = new();
    private readonly object _gate = new();
    private volatile AgentRequest? _request;
    private volatile SilenceLimit? _lease;
    private volatile bool _holdsNothing = true;
    private Exception? _refusal;
    private long _heard = Stopwatch.GetTimestamp();
    private int _silentWatches;
    private Timer? _killer;
    private volatile bool _isLost;
    private volatile bool _isOver;

    private FleetAgent(Stream input, Stream output, Action kill)
    {
        _input = new HeardStream(input, Hear);
        _kill = kill;
        _output = new CaptureStreamWriter(output, Lose);
    }

    /// <summary>Runs the agent of this process. A script calls it by its name.</summary>
    /// <returns>The exit code.</returns>
    public static int Run()
    {
        Stream output = Console.OpenStandardOutput();
        // Nothing else may write to the output.
        Console.SetOut(Console.Error);
        return Serve(Console.OpenStandardInput(), output, Process.GetCurrentProcess().Kill);
    }

    /// <summary>Runs an agent.</summary>
    /// <param name="input">The frames of the other machine.</param>
    /// <param name="output">Receives a stream of events and messages.</param>
    /// <param name="kill">Ends the process at once, if the work does not end.</param>
    /// <returns>The exit code.</returns>
    public static int Serve(Stream input, Stream output, Action kill)
    {
        var agent = new FleetAgent(input, output, kill);
        using var hup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, agent.OnSignal);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, agent.OnSignal);
        new Thread(agent.Listen) { IsBackground = true, Name = "bee agent" }.Start();
        using var watch = new Timer(_ => agent.Watch(), null, s_watch, s_watch);
        return agent.Work();
    }

    private int Work()
    {
        var streams = new AgentStreams(_output, _stop.Token) { Loading = BeginLoading };
        bool isDone = false;
        try
        {
            _begin.Wait(_stop.Token);
            if (_refusal is { } refusal)
            {
                throw refusal;
            }

            AgentTask task = _request!.Work switch
            {
                AgentWork.Run => RunTask.Run,
                AgentWork.Check => CheckTask.Run,
                _ => throw new FleetException(FleetFault.OtherVersion, Environment.MachineName, $"The agent's release {_request.Version} of Bee cannot do the work '{_request.Work}'.", "Install the same release of the module on both machines."),
            };
            task(AgentParameters.Decode(_request.Parameters), _archive.GetBuffer().AsMemory(0, (int)_archive.Length), _output, streams);
            isDone = true;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            isDone = !_isLost;
        }
        catch (Exception e)
        {
            // The other machine reports it. Defects of Bee too: here they would stay unseen.
            streams.WriteError(e, null);
        }

        // The tool is detached. What it has sent waits for a slow reader, unless the other machine ends the work.
        _output.Complete(_stop.IsCancellationRequested ? (_isLost ? TimeSpan.Zero : s_endLimit) : Timeout.InfiniteTimeSpan);
        _isOver = true;
        _killer?.Dispose();
        return isDone ? 0 : 1;
    }

    private void Listen()
    {
        try
        {
            int? version = AgentFrames.ReadPreamble(_input);
            if (version != AgentRequest.Protocol)
            {
                _refusal = new FleetException(FleetFault.OtherVersion, Environment.MachineName, $"The module there speaks version {AgentRequest.Protocol} of the protocol, and the request has version {version}.", "Install the same release of the module on both machines.");
                _begin.Set();
                return;
            }

            while (AgentFrames.Read(_input) is var (kind, content))
            {
                switch (kind)
                {
                    case AgentFrame.Request:
                        _request = AgentRequest.Decode(content);
                        _lease = new SilenceLimit(TimeSpan.FromMilliseconds(_request.Lease));
                        break;
                    case AgentFrame.Archive when _archive.Length + content.Length <= MostBytes:
                        _archive.Write(content);
                        break;
                    case AgentFrame.Begin when _request is not null:
                        _begin.Set();
                        break;
                    case AgentFrame.Alive when content.Length == sizeof(long):
                        _output.Echo(BinaryPrimitives.ReadInt64LittleEndian(content), DateTime.UtcNow.Ticks);
                        break;
                    case AgentFrame.End:
                        End(s_endLimit);
                        break;
                }
            }
        }
        catch (Exception e) when (e is IOException or System.Text.Json.JsonException)
        {
            // As if the input had ended.
        }

        Lose();
    }

    private void Hear()
    {
        _lease?.Add(Stopwatch.GetElapsedTime(Volatile.Read(ref _heard)));
        Volatile.Write(ref _heard, Stopwatch.GetTimestamp());
        Volatile.Write(ref _silentWatches, 0);
    }

    private void Watch()
    {
        TimeSpan lease = _lease?.Current * (_holdsNothing ? PatienceBeforeLoading : 1) ?? s_requestLimit;
        // After a pause of this process itself, the listener gets time to read what has arrived meanwhile.
        if (Interlocked.Increment(ref _silentWatches) >= FewestWatches && Stopwatch.GetElapsedTime(Volatile.Read(ref _heard)) > lease)
        {
            Lose($"heard nothing from this machine for {Stopwatch.GetElapsedTime(Volatile.Read(ref _heard)).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} seconds.");
        }
    }

    // From here on, a lost connection must detach the tool.
    private void BeginLoading()
    {
        Volatile.Write(ref _silentWatches, 0);
        _holdsNothing = false;
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        End(s_endLimit);
    }

    // The other machine no longer reads the output.
    private void Lose() => Lose(null);

    private void Lose(string? why)
    {
        _isLost = true;
        End(s_lostLimit, why);
    }

    private void End(TimeSpan limit, string? why = null)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return;
            }

            if (_killer is null)
            {
                _killer = new Timer(_ => Kill(), null, limit, Timeout.InfiniteTimeSpan);
            }
            else if (_isLost && limit == s_lostLimit && !_stop.IsCancellationRequested)
            {
                _killer.Change(limit, Timeout.InfiniteTimeSpan);
            }
        }

        if (why is not null && !_stop.IsCancellationRequested)
        {
            // The connection may only be slow. The killer runs already, in case that this waits.
            Console.Error.WriteLine($"\n{AgentScript.Mark}{FleetFault.ConnectionLost} {why}");
        }

        _stop.Cancel();
    }

    private void Kill()
    {
        if (!_isOver)
        {
            _kill();
        }
    }

    // Reports each part of a frame: over a slow connection, a part of the archive takes longer than the lease.
    private sealed class HeardStream(Stream inner, Action heard) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            int count = inner.Read(buffer);
            if (count > 0)
            {
                heard();
            }

            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

/// <summary>One kind of work.</summary>
/// <param name="parameters">The parameters.</param>
/// <param name="archive">The OCI archive with the tool.</param>
/// <param name="output">Receives events.</param>
/// <param name="streams">Receives messages. Its token is cancelled when the work shall end.</param>
internal delegate void AgentTask(IReadOnlyDictionary<string, object?> parameters, ReadOnlyMemory<byte> archive, CaptureStreamWriter output, AgentStreams streams);
