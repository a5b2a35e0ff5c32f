using System.Diagnostics;
using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using StackFrame = Bee.Ebpf.Symbols.StackFrame;
using StackTrace = Bee.Ebpf.Symbols.StackTrace;

namespace Bee.Telemetry.Captures;

/// <summary>
/// Writes events, losses and messages to a stream while they come: a capture for another process. The caller's thread packs events into blocks; a thread of the writer sends each block when it is full or
/// old, and a heartbeat when nothing else was sent. If the other side is slow, <see cref="Write"/> waits. All members are safe from any thread.
/// </summary>
internal sealed class CaptureStreamWriter : IDisposable
{
    private const int BlockSize = 32 << 10;
    private const int MostBlocks = 4;

    private const int PromptEchoes = 4;
    // The longest time that an event waits for others, to be sent together.
    private static readonly TimeSpan s_delay = TimeSpan.FromMilliseconds(40);
    // The time after the last chunk when a heartbeat is sent.
    private static readonly TimeSpan s_beat = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_resample = TimeSpan.FromSeconds(5);

    // A message is small, and rare: more of them mean that the other side does not read.
    private const int MostMessages = 1000;

    private readonly object _gate = new();
    private readonly Stream _output;
    private readonly CapturePart _part = new(1);
    // Blocks, and encoded messages.
    private readonly Queue<object> _full = new();
    private readonly Stack<CaptureBlock> _free = new();
    private readonly Action? _failed;
    private readonly Thread _thread;
    private readonly MemoryStream _chunk = new();
    private CaptureBlock? _open;
    private long _openedAt;
    private int _blocks;
    private bool _isClosing;
    private (long Sent, long Received) _echo;
    private int _echoes;
    private bool _isBeatDue;
    private long _lastBeat;
    private Exception? _fault;

    /// <summary>Starts the writer's thread, which writes the head.</summary>
    /// <param name="output">Receives the bytes. Each chunk is written by one call.</param>
    /// <param name="failed">Called once, on the writer's thread, if a write fails.</param>
    public CaptureStreamWriter(Stream output, Action? failed = null)
    {
        (_output, _failed) = (output, failed);
        _thread = new Thread(Run) { IsBackground = true, Name = "bee stream" };
        _thread.Start();
    }

    /// <summary>Why nothing more can be written; null as long as it can.</summary>
    public Exception? Fault
    {
        get
        {
            lock (_gate)
            {
                return _fault;
            }
        }
    }

    /// <summary>Writes the definitions of types before their first objects.</summary>
    /// <param name="types">Classes of events, entries and histograms.</param>
    /// <param name="cancellationToken">Cancels the wait for the other side.</param>
    /// <exception cref="OperationCanceledException">The wait was canceled.</exception>
    public void Define(IEnumerable<Type> types, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (Open(cancellationToken) is { } block)
            {
                foreach (Type type in types)
                {
                    _part.Packer.DefineAhead(type, block);
                }

                HandOver();
            }
        }
    }

    /// <summary>Appends an event.</summary>
    /// <param name="item">The event, map entry, histogram or line.</param>
    /// <param name="cancellationToken">Cancels the wait for the other side.</param>
    /// <returns>False if the stream has failed. The event is not written.</returns>
    /// <exception cref="PackException">The event has a value that a capture cannot hold. The stream continues without it.</exception>
    /// <exception cref="OperationCanceledException">The wait was canceled. The event is not written.</exception>
    public bool Write(BpfEvent item, CancellationToken cancellationToken)
    {
        ResolveNames(item);
        lock (_gate)
        {
            if (Open(cancellationToken) is not { } block)
            {
                return false;
            }

            try
            {
                block.Add(item);
            }
            catch (Exception e) when (_part.IsBroken)
            {
                _fault = e;
                throw;
            }

            if (block.Length >= BlockSize)
            {
                HandOver();
            }
        }

        return true;
    }

    /// <summary>Appends a count of lost events.</summary>
    /// <param name="map">The name of the map in the object.</param>
    /// <param name="count">The number of events lost since the last call for this map; 0 marks the losses of the map as counted.</param>
    /// <param name="cancellationToken">Cancels the wait for the other side.</param>
    /// <exception cref="OperationCanceledException">The wait was canceled. The loss is not written.</exception>
    public void WriteLost(string map, ulong count, CancellationToken cancellationToken)
    {
        count = Math.Min(count, EventPacker.MostLost);
        lock (_gate)
        {
            _part.Sums.CountLost(map, count);
            // Also a count of 0: the other side's capture then reports 0 and not "unknown".
            if (Open(cancellationToken) is { } block)
            {
                _part.Packer.PackLoss(map, count, DateTime.UtcNow, block);
                block.Lost += count;
            }
        }
    }

    /// <summary>Writes a message after the events so far. Does not wait for the other side.</summary>
    public void WriteMessage(StreamMessage message)
    {
        byte[] bytes = message.Encode();
        lock (_gate)
        {
            HandOver();
            if (_full.Count < MostMessages)
            {
                _full.Enqueue(bytes);
            }

            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>
    /// Records the time of a message from the other side, which the next heartbeat returns. The first ones, and later one every few seconds, are returned at once, so that the other side knows the distance
    /// of the clocks before it has events.
    /// </summary>
    /// <param name="sent">When it was sent, on the other side's clock, in UTC ticks.</param>
    /// <param name="received">When it was received, on this machine's clock, in UTC ticks.</param>
    public void Echo(long sent, long received)
    {
        lock (_gate)
        {
            _echo = (sent, received);
            if (++_echoes <= PromptEchoes || Stopwatch.GetElapsedTime(_lastBeat) > s_resample)
            {
                _isBeatDue = true;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Writes the remaining events and the end of the stream.</summary>
    /// <param name="patience">How long to wait for the other side.</param>
    /// <returns>Whether everything was written.</returns>
    public bool Complete(TimeSpan patience)
    {
        Close();
        return _thread.Join(patience) && Fault is null;
    }

    /// <summary>Ends the stream if <see cref="Complete"/> was not called. A thread that waits for the other side is left behind, as a background thread.</summary>
    public void Dispose() => Close();

    private void Close()
    {
        lock (_gate)
        {
            HandOver();
            _isClosing = true;
            Monitor.PulseAll(_gate);
        }
    }

    // The packer needs the names of functions, and to read the symbols of the kernel and of files takes seconds on a busy machine. Heartbeats continue meanwhile.
    private static void ResolveNames(BpfEvent item)
    {
        foreach (StackTrace stack in item.Traces ?? [])
        {
            foreach (StackFrame frame in stack)
            {
                _ = frame.Name;
            }
        }
    }

    // The caller holds the gate. Waits for a free block while the other side lags behind; null after a fault.
    private CaptureBlock? Open(CancellationToken cancellationToken)
    {
        while (_open is null && _fault is null)
        {
            ObjectDisposedException.ThrowIf(_isClosing, this);
            if (_free.TryPop(out CaptureBlock? block) || _blocks < MostBlocks)
            {
                _blocks += block is null ? 1 : 0;
                _open = block ?? new CaptureBlock();
                _open.Begin(_part);
                _openedAt = Stopwatch.GetTimestamp();
                _part.Packer.StartBlock();
                Monitor.PulseAll(_gate);
                continue;
            }

            cancellationToken.ThrowIfCancellationRequested();
            CancellationTokenRegistration wake = cancellationToken.Register(Wake);
            try
            {
                if (!cancellationToken.IsCancellationRequested)
                {
                    Monitor.Wait(_gate);
                }
            }
            finally
            {
                // Dispose would wait for a running callback, which waits for the gate.
                wake.Unregister();
            }
        }

        return _fault is null ? _open : null;
    }

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    // The caller holds the gate.
    private void HandOver()
    {
        if (_open is { Length: > 0 } block)
        {
            _open = null;
            block.Last = DateTime.UtcNow.Ticks;
            _full.Enqueue(block);
            Monitor.PulseAll(_gate);
        }
    }

    private void Run()
    {
        try
        {
            DateTime now = DateTime.UtcNow;
            Span<byte> preamble = stackalloc byte[CaptureFormat.PreambleSize];
            CaptureFormat.WritePreamble(preamble);
            _output.Write(preamble);
            Send(new ChunkHeader { Kind = ChunkKind.Head, First = now.Ticks, Last = now.Ticks }, CaptureDocuments.Head(CaptureDocuments.Here(string.Empty, now), 1));
            while (Next(out object? next))
            {
                if (next is CaptureBlock block)
                {
                    Send(new ChunkHeader { Kind = ChunkKind.Data, Events = block.Events, Lost = block.Lost, First = block.First, Last = block.Last }, block.Content);
                    lock (_gate)
                    {
                        _free.Push(block);
                        Monitor.PulseAll(_gate);
                    }
                }
                else if (next is byte[] message)
                {
                    Send(new ChunkHeader { Kind = ChunkKind.Text }, message);
                }
                else
                {
                    SendBeat();
                }
            }

            Send(new ChunkHeader { Kind = ChunkKind.Done, First = DateTime.UtcNow.Ticks, Last = DateTime.UtcNow.Ticks }, CaptureDocuments.Done(_part.Sums.Streams));
        }
        catch (Exception e)
        {
            // An unhandled exception on a thread would end the process.
            lock (_gate)
            {
                _fault ??= e;
                _full.Clear();
                Monitor.PulseAll(_gate);
            }

            _failed?.Invoke();
        }
    }

    // Waits for a block, a message, or the time of a heartbeat (null). False at the end.
    private bool Next(out object? next)
    {
        long since = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            while (true)
            {
                if (_full.TryDequeue(out next))
                {
                    return true;
                }

                if (_isClosing || _fault is not null)
                {
                    return _fault is null ? false : throw _fault;
                }

                TimeSpan left = s_beat - Stopwatch.GetElapsedTime(since);
                if (_open is { Length: > 0 })
                {
                    TimeSpan young = s_delay - Stopwatch.GetElapsedTime(_openedAt);
                    if (young <= TimeSpan.Zero)
                    {
                        HandOver();
                        continue;
                    }

                    left = left < young ? left : young;
                }

                if (left <= TimeSpan.Zero || _isBeatDue)
                {
                    _isBeatDue = false;
                    _lastBeat = Stopwatch.GetTimestamp();
                    return true;
                }

                // Monitor rounds down, and would spin in the last millisecond.
                Monitor.Wait(_gate, (int)left.TotalMilliseconds + 1);
            }
        }
    }

    private void SendBeat()
    {
        (long sent, long received) echo;
        lock (_gate)
        {
            echo = _echo;
        }

        long now = DateTime.UtcNow.Ticks;
        Span<byte> content = stackalloc byte[Heartbeat.Size];
        new Heartbeat(echo.sent, echo.received, now).Write(content);
        Send(new ChunkHeader { Kind = ChunkKind.Beat, First = now, Last = now }, content);
    }

    private void Send(ChunkHeader header, ReadOnlySpan<byte> content)
    {
        _chunk.SetLength(ChunkHeader.Size);
        _chunk.Position = ChunkHeader.Size;
        _chunk.Write(content);
        Span<byte> bytes = _chunk.GetBuffer().AsSpan(0, (int)_chunk.Length);
        new ChunkHeader
        {
            Kind = header.Kind,
            Encoding = ChunkEncoding.Plain,
            Stored = (uint)content.Length,
            Length = (uint)content.Length,
            Events = header.Events,
            Lost = header.Lost,
            First = header.First,
            Last = header.Last,
        }.Write(bytes);
        _output.Write(bytes);
        _output.Flush();
    }
}
