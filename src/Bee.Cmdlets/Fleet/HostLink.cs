using System.Buffers.Binary;
using System.Diagnostics;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Telemetry.Captures;

namespace Bee.Cmdlets.Fleet;

/// <summary>
/// The conversation with the agent on one host. One thread sends the request, the tool and then a sign of life four times a second; another one reads what the agent sends into a sink. If the host is silent for
/// two seconds, the connection counts as lost.
/// </summary>
internal sealed class HostLink : IDisposable
{
    private const int Portion = 64 << 10;
    private static readonly TimeSpan s_alive = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_start = TimeSpan.FromSeconds(60);

    private readonly RemoteHost _host;
    private readonly AgentRequest _request;
    private readonly ReadOnlyMemory<byte> _archive;
    private readonly ICaptureStreamSink _sink;
    private readonly Action<FleetException?> _ended;
    private readonly WatchedStream _output;
    private readonly SilenceLimit _limit = new(s_silence);
    private readonly CaptureStreamReader _reader;
    private readonly Timer _watchdog;
    private readonly Thread _readerThread;
    private readonly ManualResetEventSlim _stop = new();
    private bool _isConnected;
    private volatile bool _isStarted;
    private volatile bool _isSilent;
    private int _silentLooks;

    private HostLink(RemoteHost host, AgentRequest request, ReadOnlyMemory<byte> archive, Func<CaptureStreamReader, ICaptureStreamSink> sink, Action connected, Action<FleetException?> ended)
    {
        (_host, _request, _archive, _ended) = (host, request, archive, ended);
        _output = new WatchedStream(host.Output, waited =>
        {
            if (!_isConnected)
            {
                // The first bytes have arrived, or the stream has ended.
                _isConnected = true;
                connected();
            }

            if (_isStarted)
            {
                _limit.Add(waited);
            }
        });
        _reader = new CaptureStreamReader(host.Name, _output, new RecordSender(host.Name, Late: false));
        _sink = sink(_reader);
        _watchdog = new Timer(_ => Watch(), null, s_alive, s_alive);
        _readerThread = new Thread(Read) { IsBackground = true, Name = $"bee {host.Name}" };
        // If a thread cannot be started, nothing was reported yet.
        new Thread(Send) { IsBackground = true, Name = $"bee {host.Name} send" }.Start();
        _readerThread.Start();
    }

    /// <summary>Starts an agent on a host.</summary>
    /// <param name="host">The host.</param>
    /// <param name="options">How to reach it.</param>
    /// <param name="request">What it shall do.</param>
    /// <param name="archive">The OCI archive with the tool.</param>
    /// <param name="sink">Creates the sink for what the agent sends. It is called on a thread of its own, and may wait.</param>
    /// <param name="connected">Called once, on that thread: the login has succeeded, or will not.</param>
    /// <param name="ended">Called once, on that thread: with null if the agent completed its work, else with the reason.</param>
    /// <exception cref="FleetException">This machine has no ssh, or cannot start it.</exception>
    public static HostLink Start(HostAddress host, SshOptions options, AgentRequest request, ReadOnlyMemory<byte> archive, Func<CaptureStreamReader, ICaptureStreamSink> sink, Action connected, Action<FleetException?> ended)
    {
        var remote = RemoteHost.Start(host, options);
        try
        {
            return new HostLink(remote, request, archive, sink, connected, ended);
        }
        catch (OutOfMemoryException e)
        {
            // What .NET makes of EAGAIN, when the system refuses a thread.
            remote.Dispose();
            throw RemoteHost.NotStarted(host.Name, e);
        }
    }

    /// <summary>The host as the user gave it.</summary>
    public string Name => _host.Name;

    /// <summary>Asks the agent to end its work, and to send what is left. Any thread; does not wait.</summary>
    public void RequestEnd() => _stop.Set();

    /// <summary>Ends the connection: the agent detaches. Waits at most this long for ssh.</summary>
    public void Stop(TimeSpan patience)
    {
        _stop.Set();
        _host.Stop(patience);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Stop(TimeSpan.Zero);
        _readerThread.Join(s_silence);
        _watchdog.Dispose();
        _host.Dispose();
    }

    private void Send()
    {
        try
        {
            Stream to = _host.Input;
            AgentFrames.WritePreamble(to);
            AgentFrames.Write(to, AgentFrame.Request, _request.Encode());
            for (int at = 0; at < _archive.Length && !_stop.IsSet; at += Portion)
            {
                AgentFrames.Write(to, AgentFrame.Archive, _archive.Span.Slice(at, Math.Min(Portion, _archive.Length - at)));
            }

            AgentFrames.Write(to, AgentFrame.Begin, []);
            Span<byte> now = stackalloc byte[sizeof(long)];
            do
            {
                BinaryPrimitives.WriteInt64LittleEndian(now, MergeClock.Now);
                AgentFrames.Write(to, AgentFrame.Alive, now);
            }
            while (!_stop.Wait(s_alive));
            AgentFrames.Write(to, AgentFrame.End, []);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // ssh has ended, and the reader reports why.
        }
    }

    private void Read()
    {
        FleetException? fault = null;
        try
        {
            _isStarted = _reader.ReadHead();
            while (_isStarted && _reader.Read(_sink))
            {
            }

            if (!_reader.IsComplete)
            {
                fault = _host.Explain(_isSilent ? $"{_host.Name} was silent for {Quantity.Of((long)(_isStarted ? _limit.Current : s_start).TotalSeconds, "second")}." : "the agent ended without a result.", _isStarted);
            }
        }
        catch (CaptureException e)
        {
            fault = new FleetException(e.Fault == CaptureFault.NewerVersion ? FleetFault.OtherVersion : FleetFault.Damaged, _host.Name, e.Message, e.Remedy, e);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            fault = _host.Explain(e.Message, _isStarted);
        }
        catch (Exception e)
        {
            // An unhandled exception on a thread would end the process.
            fault = new FleetException(FleetFault.Failed, _host.Name, $"The events of {_host.Name} cannot be read: {e.Message}", "Run the tool on that host itself.", e);
        }

        _stop.Set();
        _watchdog.Dispose();
        _ended(fault);
    }

    private void Watch()
    {
        // A single late look may follow a pause of this process itself, after which the reader needs a moment.
        _silentLooks = IsSilent ? _silentLooks + 1 : 0;
        if (_silentLooks > 1)
        {
            _isSilent = true;
            _host.Kill();
        }
    }

    private bool IsSilent => _output.Waited is { } waited && waited > (_isStarted ? _limit.Current : s_start);

    // Knows since when a read waits. Time in the sink does not count: there the host waits for this machine.
    private sealed class WatchedStream(Stream inner, Action<TimeSpan> waited) : Stream
    {
        private long _since;

        public TimeSpan? Waited => Volatile.Read(ref _since) is not 0 and var since ? Stopwatch.GetElapsedTime(since) : null;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            Volatile.Write(ref _since, Stopwatch.GetTimestamp());
            try
            {
                return inner.Read(buffer);
            }
            finally
            {
                waited(Stopwatch.GetElapsedTime(_since));
                Volatile.Write(ref _since, 0);
            }
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
