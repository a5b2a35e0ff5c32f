using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Bee.Ebpf.Records;
using Bee.Posix;
using Bee.Telemetry.Logs;

namespace Bee.Telemetry.Delivery;

/// <summary>
/// Delivers events to one receiver. A thread takes events from a bounded queue, converts them to log records and sends these in batches. Each batch is retried until the receiver accepts or rejects
/// it. Missing events are counted, and a loss record takes their place in the stream. All members are safe from any thread.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The thread disposes of the token and the transport when it ends.")]
internal sealed class DeliveryQueue : IDisposable
{
    private static readonly TimeSpan s_lastFlush = TimeSpan.FromSeconds(2);

    // The time that a canceled transport may take to return, before it is abandoned.
    private static readonly TimeSpan s_farewell = TimeSpan.FromMilliseconds(500);

    private readonly object _gate = new();
    private readonly ILogTransport _transport;
    private readonly DeliveryOptions _options;
    private readonly Thread _thread;
    private readonly CancellationTokenSource _stop = new();

    // Events and gaps in the order of the stream. _before has the gaps before the first event, and _after those after the last one.
    private readonly Queue<Entry> _entries = new();
    private readonly LossLedger _before = new();
    private readonly LossLedger _after = new();
    private int _events;
    private int _inFlight;
    private long _sequence;
    private long _given, _delivered, _dropped, _refused, _undelivered;
    private bool _isEnding;
    private bool _hasEnded;
    private bool _isAbandoned;
    private volatile bool _isDown;
    private volatile string? _fault;

    /// <summary>Creates the queue and starts its thread.</summary>
    /// <param name="transport">Sends the batches. The queue owns and disposes it.</param>
    /// <param name="options">The limits of the queue and its batches.</param>
    public DeliveryQueue(ILogTransport transport, DeliveryOptions options)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.QueueSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1);
        _transport = transport;
        _options = options;
        _thread = new Thread(Run) { IsBackground = true, Name = "bee delivery" };
        _thread.Start();
    }

    /// <summary>The receiver, for messages.</summary>
    public string Destination => _transport.Destination;

    /// <summary>Whether the receiver is down: too many consecutive attempts have failed.</summary>
    public bool IsDown => _isDown;

    /// <summary>Why the last failed attempt failed, as one sentence; null if none has failed.</summary>
    public string? LastFault => _fault;

    /// <summary>The numbers of events by outcome so far.</summary>
    public DeliveryCounts Counts
    {
        get
        {
            lock (_gate)
            {
                return new DeliveryCounts(_given, _delivered, _dropped, _refused, _undelivered);
            }
        }
    }

    /// <summary>Appends an event to the stream.</summary>
    /// <param name="item">The event.</param>
    /// <param name="origin">The tool and the metadata of the event.</param>
    /// <param name="cancellationToken">Cancels the wait for room.</param>
    /// <exception cref="OperationCanceledException">The wait was canceled. The event was not added.</exception>
    /// <exception cref="InvalidOperationException">The queue has ended.</exception>
    public void Add(BpfEvent item, EventOrigin origin, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(origin);
        DateTime now = DateTime.UtcNow;
        lock (_gate)
        {
            if (_events >= _options.QueueSize && _options.WhenFull == WhenFull.Block)
            {
                WaitForRoom(cancellationToken);
            }

            if (_isEnding)
            {
                throw new InvalidOperationException("The delivery has ended.");
            }

            _given++;
            long number = _sequence = Gap.Sum(_sequence, 1);
            if (_events >= _options.QueueSize)
            {
                _dropped++;
                if (_options.WhenFull != WhenFull.DropOldest)
                {
                    _after.Add(LossReason.BufferFull, origin.Tool, MapOf(item), 1, number, now);
                    return;
                }

                DropOldest(now);
            }

            Place(_after);
            _entries.Enqueue(new Entry(item, origin, null, number, now));

            // The thread waits for the first event, and for a full batch.
            if (++_events == 1 || _events == _options.BatchSize)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Appends a gap to the stream, for events that were lost before they reached this queue.</summary>
    /// <param name="reason">Why the events are missing.</param>
    /// <param name="tool">The tool of the events; null if unknown.</param>
    /// <param name="map">The map of the events; null if unknown.</param>
    /// <param name="count">The number of events.</param>
    public void AddLoss(LossReason reason, string? tool, string? map, long count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        lock (_gate)
        {
            if (!_isEnding)
            {
                _sequence = Gap.Sum(_sequence, count);
                _after.Add(reason, tool, map, count, _sequence, DateTime.UtcNow);
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Sends the queued events and ends. A receiver that is down is tried once more.</summary>
    /// <param name="within">The longest time that this takes.</param>
    /// <param name="cancellationToken">Cancels the wait. Events that are left then are not delivered.</param>
    /// <returns>The final counts.</returns>
    public DeliveryCounts Finish(TimeSpan within, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _isEnding = true;
            Monitor.PulseAll(_gate);
            // Dispose would wait for a running callback, which waits for this lock.
            CancellationTokenRegistration wake = cancellationToken.Register(Pulse);
            long start = Stopwatch.GetTimestamp();
            while (!_hasEnded && !cancellationToken.IsCancellationRequested && within - Stopwatch.GetElapsedTime(start) is var left && left > TimeSpan.Zero)
            {
                Monitor.Wait(_gate, left);
            }

            wake.Unregister();
        }

        End();
        return Counts;
    }

    /// <summary>Sends the queued events for at most two seconds and ends.</summary>
    public void Dispose() => Finish(s_lastFlush, CancellationToken.None);

    private void End()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The thread has ended.
        }

        Pulse();
        _thread.Join(s_farewell);
        lock (_gate)
        {
            // The batch of a transport that does not return counts as undelivered, even if it arrives later.
            _isAbandoned = true;
            _undelivered += _events + _inFlight;
            _entries.Clear();
            (_events, _inFlight) = (0, 0);
        }
    }

    private void Pulse()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private void WaitForRoom(CancellationToken cancellationToken)
    {
        // Dispose would wait for a running callback, which waits for this lock.
        CancellationTokenRegistration wake = cancellationToken.Register(Pulse);
        while (_events >= _options.QueueSize && !_isDown && !_isEnding && !cancellationToken.IsCancellationRequested)
        {
            Monitor.Wait(_gate);
        }

        wake.Unregister();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private void DropOldest(DateTime now)
    {
        while (_entries.TryDequeue(out Entry oldest))
        {
            if (oldest.Event is { } item)
            {
                _events--;
                _before.Add(LossReason.BufferFull, oldest.Origin.Tool, MapOf(item), 1, oldest.Sequence, now);
                return;
            }

            _before.Add(oldest.Gap!);
        }
    }

    private void Place(LossLedger ledger)
    {
        if (ledger.Count > 0)
        {
            foreach (Gap gap in ledger.Take())
            {
                _entries.Enqueue(new Entry(null, EventOrigin.Unknown, gap, gap.Last, gap.Observed));
            }
        }
    }

    private static string? MapOf(BpfEvent item) => EventShape.Of(item.GetType()).MapName(item);

    private void Run()
    {
        try
        {
            var batch = new List<Entry>();
            while (Take(batch) && Send(batch))
            {
            }
        }
        catch (OperationCanceledException)
        {
            // The time limit of the last flush has passed.
        }
        catch (Exception fault)
        {
            // An unhandled exception on a thread would end the process.
            _fault = Unexpected(fault);
        }

        _transport.Dispose();
        lock (_gate)
        {
            (_hasEnded, _isDown) = (true, true);
            Monitor.PulseAll(_gate);
        }

        _stop.Dispose();
    }

    // Waits for a batch. Returns false at the end.
    private bool Take(List<Entry> batch)
    {
        batch.Clear();
        lock (_gate)
        {
            while (_events == 0 && _entries.Count == 0 && _after.Count == 0 && !_isEnding)
            {
                Monitor.Wait(_gate);
            }

            long start = Stopwatch.GetTimestamp();
            while (_events < _options.BatchSize && !_isEnding && _options.BatchDelay - Stopwatch.GetElapsedTime(start) is var left && left > TimeSpan.Zero)
            {
                Monitor.Wait(_gate, left);
            }

            // Losses that the receiver has not accepted yet are sent with the next event, or at the end.
            foreach (Gap gap in _before.Take())
            {
                batch.Add(new Entry(null, EventOrigin.Unknown, gap, gap.Last, gap.Observed));
            }

            while (batch.Count < _options.BatchSize && _entries.TryDequeue(out Entry next))
            {
                batch.Add(next);
                if (next.Event is not null)
                {
                    _events--;
                    _inFlight++;
                }
            }

            if (_entries.Count == 0)
            {
                foreach (Gap gap in _after.Take())
                {
                    batch.Add(new Entry(null, EventOrigin.Unknown, gap, gap.Last, gap.Observed));
                }
            }

            Monitor.PulseAll(_gate);
            return batch.Count > 0;
        }
    }

    // Returns false if the queue ends and the receiver does not answer.
    private bool Send(List<Entry> batch)
    {
        var records = new LogRecord[batch.Count];
        try
        {
            for (int i = 0; i < records.Length; i++)
            {
                records[i] = batch[i].ToRecord();
            }
        }
        catch (Exception fault)
        {
            _fault = Unexpected(fault);
            Settle(batch, 0, SendResult.Rejected(records.Length, records.Length, _fault));
            return true;
        }

        var backoff = new Backoff(_options.Retries, _options.LongestPause) { LongestAsked = TimeSpan.FromMinutes(10) };
        int done = 0;
        while (true)
        {
            SendResult result = Try(new ArraySegment<LogRecord>(records, done, records.Length - done));
            if (result.Settled > 0)
            {
                Settle(batch, done, result);
                done += result.Settled;
                backoff.Reset();
                _isDown = false;
            }

            _fault = result.Reason ?? _fault;
            if (done == records.Length)
            {
                return true;
            }

            TimeSpan pause = backoff.Next(result.RetryAfter);
            if (!Rest(pause, backoff.IsOver, result.RetryAfter is not null))
            {
                return false;
            }
        }
    }

    private SendResult Try(ArraySegment<LogRecord> records)
    {
        try
        {
            return _transport.SendAsync(records, _stop.Token).GetAwaiter().GetResult();
        }
        catch (Exception fault) when (fault is not OperationCanceledException || !_stop.IsCancellationRequested)
        {
            // Not retried: it would fail again, and delay the events after it.
            return SendResult.Rejected(records.Count, records.Count, Unexpected(fault));
        }
    }

    // The message of an unexpected exception may contain secrets, so it is not shown.
    private string Unexpected(Exception fault) => $"Sending to {Destination} failed unexpectedly ({fault.GetBaseException().GetType().Name}).";

    private void Settle(List<Entry> batch, int from, SendResult result)
    {
        lock (_gate)
        {
            if (_isAbandoned)
            {
                return;
            }

            long events = 0;
            long last = 0;
            for (int i = from; i < from + result.Settled; i++)
            {
                events += batch[i].Event is null ? 0 : 1;
                last = Math.Max(last, batch[i].Sequence);
            }

            // If the receiver rejects even loss records, they are not sent again at the end.
            bool all = result.Refused == result.Settled && !(events == 0 && _isEnding);
            long refused = Math.Min(events, result.Refused);
            _inFlight -= (int)events;
            _delivered += events - refused;
            _refused += refused;
            if (all)
            {
                foreach (Entry entry in batch[from..(from + result.Settled)])
                {
                    entry.AddTo(_before, LossReason.Delivery);
                }
            }
            else if (refused > 0)
            {
                // The receiver reports the number of rejected records, but not which.
                _before.Add(LossReason.Delivery, null, null, refused, last, DateTime.UtcNow);
            }
        }
    }

    // Waits before the next attempt. Returns false if the queue ends and the receiver is down.
    private bool Rest(TimeSpan pause, bool isDown, bool isAsked)
    {
        lock (_gate)
        {
            bool wasEnding = _isEnding;
            if (wasEnding && _isDown && !isAsked)
            {
                return false;
            }

            if (isDown && !_isDown)
            {
                _isDown = true;
                Monitor.PulseAll(_gate);
            }

            // The end cuts the pause short, unless the receiver asked for it. The rest is then tried once more.
            long start = Stopwatch.GetTimestamp();
            while ((isAsked || _isEnding == wasEnding) && !_stop.IsCancellationRequested && pause - Stopwatch.GetElapsedTime(start) is var left && left > TimeSpan.Zero)
            {
                Monitor.Wait(_gate, left);
            }

            return !_stop.IsCancellationRequested;
        }
    }

    private readonly record struct Entry(BpfEvent? Event, EventOrigin Origin, Gap? Gap, long Sequence, DateTime Observed)
    {
        public LogRecord ToRecord() => Event is { } item ? LogRecords.Of(item, Origin, Sequence, Observed) : Gap!.ToRecord();

        public void AddTo(LossLedger ledger, LossReason reason)
        {
            if (Gap is { } gap)
            {
                ledger.Add(gap);
            }
            else
            {
                ledger.Add(reason, Origin.Tool, EventShape.Of(Event!.GetType()).MapName(Event), 1, Sequence, DateTime.UtcNow);
            }
        }
    }
}
