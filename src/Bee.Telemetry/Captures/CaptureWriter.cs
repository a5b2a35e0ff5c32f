using Bee.Ebpf.Packing;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Telemetry.Captures;

/// <summary>
/// Writes events and losses to a capture file. The caller's thread packs them into blocks. A thread of the writer compresses and writes each block when it is a mebibyte long or a second old. If the disk
/// is slower than the events, <see cref="Write"/> waits. All members are safe from any thread.
/// </summary>
public sealed class CaptureWriter : IDisposable
{
    private const int BlockSize = 1 << 20;
    private const int SmallestBlock = 64 << 10;
    private const int MostBlocks = 6;
    private static readonly TimeSpan s_delay = TimeSpan.FromSeconds(1);

    // Longer than a healthy disk needs to flush the page cache of one file.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    private readonly object _gate = new();
    private readonly CaptureOptions _options;
    private readonly CaptureNames _names;
    private readonly int _blockSize;
    private readonly Thread _thread;
    private readonly Queue<CaptureBlock> _full = new();
    private readonly Stack<CaptureBlock> _free = new();
    private readonly Queue<CapturePart> _kept = new();
    private readonly HashSet<string> _counted = [];
    private readonly CaptureFile _info;
    private readonly StreamSums _totals = new();
    private CapturePart _part = new(1);
    private CaptureAppender _file;
    private CapturePart _filePart;
    private CaptureBlock? _open;
    private int _blocks;
    private bool _isClosing;
    private bool _isComplete;
    private CaptureException? _fault;
    private long _events, _doneEvents, _bytes, _removedEvents;
    private ulong? _lost;
    private ulong _removedLost;
    private int _removed;
    private DateTime? _ended;

    private CaptureWriter(CaptureOptions options, CaptureNames names)
    {
        _options = options;
        _names = names;
        _blockSize = (int)Math.Clamp((options.MaxSize ?? long.MaxValue) / 8, SmallestBlock, BlockSize);
        _info = CaptureDocuments.Here(names.Pattern, DateTime.UtcNow);
        _filePart = _part;
        _file = CaptureAppender.Create(names.Folder, names.Of(1), 1, options.Replace);
        _bytes = _part.Written = _file.Length;
        _thread = new Thread(Run) { IsBackground = true, Name = "bee capture" };
    }

    /// <summary>The path of the file. If the capture has several files, a wildcard pattern that matches all of them.</summary>
    public string Path => _names.Pattern;

    /// <summary>The state of the capture: what was added and written so far.</summary>
    public CaptureFile Status
    {
        get
        {
            lock (_gate)
            {
                return _info with
                {
                    Events = (_fault is null ? _events : _doneEvents) - _removedEvents,
                    Lost = _lost - _removedLost,
                    Bytes = _bytes,
                    Files = _filePart.Number - _removed,
                    FilesRemoved = _removed,
                    EventsRemoved = _removedEvents,
                    IsComplete = _isComplete,
                    Ended = _ended,
                    Streams = _totals.Plus(_part.Sums),
                };
            }
        }
    }

    /// <summary>The longest time that completing the file waits for the disk.</summary>
    internal TimeSpan Patience { get; init; } = s_patience;

    /// <summary>Called by the writer's thread before it writes a block; null for no call.</summary>
    internal Action? Writing { get; init; }

    /// <summary>Why the capture does not accept more events; null while it does.</summary>
    public CaptureException? Fault
    {
        get
        {
            lock (_gate)
            {
                return _fault;
            }
        }
    }

    /// <summary>Checks that a capture can be created, before the work to capture begins. Creates and removes nothing.</summary>
    /// <exception cref="CaptureException">The file exists and may not be replaced, or cannot be created.</exception>
    public static void Check(CaptureOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var names = new CaptureNames(options);
        names.Check(options.Replace);
    }

    /// <summary>Creates the file, and removes the captures that it replaces.</summary>
    /// <exception cref="CaptureException">The file exists and may not be replaced, or cannot be created or written.</exception>
    public static CaptureWriter Create(CaptureOptions options) => Create(options, s_patience, null);

    /// <summary>Creates a capture in one file.</summary>
    /// <param name="path">The file, which must not exist. The usual extension is <c>.beecap</c>.</param>
    /// <exception cref="CaptureException">The file exists, or cannot be created or written.</exception>
    public static CaptureWriter Create(string path) => Create(new CaptureOptions(path));

    internal static CaptureWriter Create(CaptureOptions options, TimeSpan patience, Action? writing)
    {
        ArgumentNullException.ThrowIfNull(options);
        var names = new CaptureNames(options);
        try
        {
            names.Check(options.Replace);
            var writer = new CaptureWriter(options, names) { Patience = patience, Writing = writing };
            if (options.Replace)
            {
                names.ClearOthers();
            }

            writer._thread.Start();
            return writer;
        }
        catch
        {
            names.Dispose();
            throw;
        }
    }

    /// <summary>Appends an event.</summary>
    /// <param name="item">The event, map entry, histogram or line.</param>
    /// <param name="cancellationToken">Cancels the wait for a slow disk.</param>
    /// <exception cref="CaptureException">The file cannot be written.</exception>
    /// <exception cref="BeeException">The event has a value that a capture cannot hold. The capture continues without it.</exception>
    /// <exception cref="OperationCanceledException">The wait was canceled. The event is not captured.</exception>
    public void Write(BpfEvent item, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        lock (_gate)
        {
            CaptureBlock block = Open(cancellationToken);
            try
            {
                block.Add(item);
            }
            catch (Exception e) when (_part.IsBroken)
            {
                HandOver();
                _fault = new CaptureException(CaptureFault.CannotWrite, $"The capture '{Path}' ends early, because an event of type {item.GetType().Name} cannot be packed: {e.Message} The {Quantity.Of(_events, "event")} before can be read.", inner: e);
                Monitor.PulseAll(_gate);
                throw _fault;
            }

            _events++;
            if (block.Length >= _blockSize)
            {
                HandOver();
            }
        }
    }

    /// <summary>Appends a count of lost events. 0 marks the losses of the map as counted.</summary>
    /// <param name="map">The name of the map in the object.</param>
    /// <param name="count">The number of events lost since the last call for this map.</param>
    /// <param name="cancellationToken">Cancels the wait for a slow disk.</param>
    /// <exception cref="CaptureException">The file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The wait was canceled. The loss is not captured.</exception>
    public void WriteLost(string map, ulong count, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(map);
        count = Math.Min(count, EventPacker.MostLost);
        lock (_gate)
        {
            if (count > 0)
            {
                CaptureBlock block = Open(cancellationToken);
                _part.Packer.PackLoss(map, count, DateTime.UtcNow, block);
                block.Lost += count;
            }

            _lost = (_lost ?? 0) + count;
            _counted.Add(map);
            _part.Sums.CountLost(map, count);
        }
    }

    /// <summary>Writes the remaining events and the end of the file. Further calls return the same result.</summary>
    /// <returns>The description of the complete capture.</returns>
    /// <exception cref="CaptureException">The file cannot be written, or the disk did not answer within 30 seconds. The file then has no end, and its whole blocks can be read.</exception>
    public CaptureFile Complete()
    {
        Close();
        return _fault is { } fault ? throw fault : Status;
    }

    /// <summary>Completes the file if <see cref="Complete"/> was not called. Failures are only in <see cref="Fault"/>.</summary>
    public void Dispose() => Close();

    private void Close()
    {
        lock (_gate)
        {
            if (!_isClosing)
            {
                HandOver();
                _isClosing = true;
                Monitor.PulseAll(_gate);
            }
        }

        if (!_thread.Join(Patience))
        {
            Abandon();
        }
    }

    // The thread ends when its system call returns, and leaves the file without an end.
    private void Abandon()
    {
        lock (_gate)
        {
            if (_fault is null && !_isComplete)
            {
                Fail(new CaptureException(CaptureFault.CannotWrite, $"The capture '{_file.Path}' is incomplete: the disk has not answered for {Quantity.Of((long)Patience.TotalSeconds, "second")}.", "Check the disk, or capture to another one."));
            }
        }
    }

    // The caller holds the gate. Waits for a free block while the thread lags behind.
    private CaptureBlock Open(CancellationToken cancellationToken)
    {
        while (_open is null)
        {
            if (_fault is not null)
            {
                throw _fault;
            }

            ObjectDisposedException.ThrowIf(_isClosing, this);
            if (_free.TryPop(out CaptureBlock? block) || _blocks < MostBlocks)
            {
                _blocks += block is null ? 1 : 0;
                _open = block ?? new CaptureBlock();
                _open.Begin(_part);
                _part.Packer.StartBlock();
                // Wakes the thread, which writes the block after a second.
                Monitor.PulseAll(_gate);
            }
            else
            {
                Wait(cancellationToken);
            }
        }

        return _fault is null ? _open : throw _fault;
    }

    // The caller holds the gate.
    private void Wait(CancellationToken cancellationToken)
    {
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
        if (_open is not { Length: > 0 } block)
        {
            return;
        }

        _open = null;
        block.Last = DateTime.UtcNow.Ticks;
        _part.Pending += block.Length;
        _full.Enqueue(block);
        // Assumes the compression ratio of what was written so far.
        double ratio = _part.Packed == 0 ? 1 : (double)_part.Written / _part.Packed;
        if (_options.MaxSize is { } most && _part.Written + (_part.Pending + _blockSize) * ratio > most)
        {
            _totals.Add(_part.Sums);
            _part = new CapturePart(_part.Number + 1);
            foreach (string stream in _counted)
            {
                _part.Sums.CountLost(stream, 0);
            }
        }

        Monitor.PulseAll(_gate);
    }

    private void Run()
    {
        try
        {
            while (Next() is { } block)
            {
                WriteBlock(block);
            }

            if (Fault is null)
            {
                Finish();
                lock (_gate)
                {
                    _isComplete = _fault is null;
                }
            }
        }
        catch (CaptureException e)
        {
            Fail(e);
        }
        catch (Exception e)
        {
            // An unhandled exception on a thread would end the process.
            Fail(new CaptureException(CaptureFault.CannotWrite, $"The capture '{_file.Path}' cannot be written: {e.Message}", inner: e));
        }
        finally
        {
            _file.Dispose();
            _names.Dispose();
        }
    }

    private CaptureBlock? Next()
    {
        lock (_gate)
        {
            while (true)
            {
                if (_full.TryDequeue(out CaptureBlock? block))
                {
                    return block;
                }

                if (_isClosing || _fault is not null)
                {
                    return null;
                }

                if (_open is not { Length: > 0 })
                {
                    Monitor.Wait(_gate);
                    continue;
                }

                TimeSpan left = s_delay - TimeSpan.FromTicks(DateTime.UtcNow.Ticks - _open.First);
                // The wall clock may have been changed.
                if (left <= TimeSpan.Zero || left > s_delay)
                {
                    HandOver();
                }
                else
                {
                    Monitor.Wait(_gate, left);
                }
            }
        }
    }

    private void WriteBlock(CaptureBlock block)
    {
        Writing?.Invoke();
        CapturePart part = block.Part!;
        if (part != _filePart)
        {
            Finish();
            _file.Dispose();
            _file = CaptureAppender.Create(_names.Folder, _names.Of(part.Number), part.Number);
            lock (_gate)
            {
                _kept.Enqueue(_filePart);
                _filePart = part;
                part.Written = _file.Length;
                _bytes += _file.Length;
            }

            RemoveOldest();
        }

        long before = _file.Length;
        _file.Append(new ChunkHeader { Kind = ChunkKind.Data, Events = block.Events, Lost = block.Lost, First = block.First, Last = block.Last }, block.Content);
        lock (_gate)
        {
            part.Pending -= block.Length;
            part.Packed += block.Length;
            part.Written += _file.Length - before;
            part.Events += block.Events;
            _doneEvents += block.Events;
            _bytes += _file.Length - before;
            _ended = new DateTime(block.Last, DateTimeKind.Utc).ToLocalTime();
            _free.Push(block);
            Monitor.PulseAll(_gate);
        }
    }

    // No other thread changes the totals now: packing continues in another file, or has ended.
    private void Finish()
    {
        long before = _file.Length;
        long now = DateTime.UtcNow.Ticks;
        _file.Append(new ChunkHeader { Kind = ChunkKind.Done, First = now, Last = now }, CaptureDocuments.Done(_filePart.Sums.Streams));
        _file.Synchronize();
        lock (_gate)
        {
            _filePart.Written += _file.Length - before;
            _bytes += _file.Length - before;
        }
    }

    private void RemoveOldest()
    {
        while (_options.MaxFiles is { } most && _kept.Count >= Math.Max(1, most))
        {
            CapturePart oldest = _kept.Dequeue();
            string name = _names.Of(oldest.Number);
            if (!_names.Folder.Delete(name) && _names.Folder.StatusOf(name) is not null)
            {
                throw new CaptureException(CaptureFault.CannotWrite, $"The oldest file of the capture, '{_names.PathOf(name)}', cannot be removed.", "Check the permissions of its folder.");
            }

            lock (_gate)
            {
                _removed++;
                _removedEvents += oldest.Events;
                _removedLost += oldest.Sums.Lost;
                _totals.Subtract(oldest.Sums);
                _bytes -= oldest.Written;
            }
        }
    }

    private void Fail(CaptureException e)
    {
        lock (_gate)
        {
            _fault ??= new CaptureException(e.Fault, $"{e.Message} The {Quantity.Of(_doneEvents, "event")} written before can be read.", e.Remedy, e.InnerException);
            _full.Clear();
            Monitor.PulseAll(_gate);
        }
    }
}
