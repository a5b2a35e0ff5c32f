using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Sessions;

/// <summary>
/// The buffered events of a background session. Its size is fixed: a full buffer drops the oldest event and counts it,
/// so it always contains the most recent events without gaps.
/// </summary>
internal sealed class EventBuffer
{
    private const int FirstSize = 256;

    /// <summary>An empty buffer that never receives events.</summary>
    public static readonly EventBuffer Ended = new(1) { _ended = true };

    private readonly object _gate = new();
    private readonly int _capacity;
    private (BpfEvent? Item, long Arrived)[] _events;
    private int _head;
    private int _count;
    private long _dropped;
    private bool _ended;
    private Action<BpfEvent>[] _taps = [];

    public EventBuffer(int capacity)
    {
        _capacity = capacity;
        _events = new (BpfEvent?, long)[Math.Min(capacity, FirstSize)];
    }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    public long Dropped => Interlocked.Read(ref _dropped);

    public void Add(BpfEvent item)
    {
        long now = DateTime.UtcNow.Ticks;
        lock (_gate)
        {
            foreach (Action<BpfEvent> tap in _taps)
            {
                tap(item);
            }

            if (_count == _events.Length && !TryGrow())
            {
                _events[_head] = (item, now);
                _head = Next(_head);
                _dropped++;
                return;
            }

            int tail = _head + _count;
            _events[tail >= _events.Length ? tail - _events.Length : tail] = (item, now);
            if (_count++ == 0)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Passes an event to the listeners without buffering it.</summary>
    public void Show(BpfEvent item)
    {
        if (Volatile.Read(ref _taps).Length == 0)
        {
            return;
        }

        lock (_gate)
        {
            foreach (Action<BpfEvent> tap in _taps)
            {
                tap(item);
            }
        }
    }

    /// <summary>Passes each event to a listener too, beginning with the latest buffered ones. The buffered events stay in the buffer.</summary>
    /// <param name="tap">The listener. It is called under the buffer's lock, so it must be quick.</param>
    /// <param name="most">The maximum number of buffered events to pass.</param>
    /// <returns>Removes the listener when disposed.</returns>
    public IDisposable Tap(Action<BpfEvent> tap, int most)
    {
        lock (_gate)
        {
            for (int i = Math.Max(0, _count - most); i < _count; i++)
            {
                tap(_events[(_head + i) % _events.Length].Item!);
            }

            _taps = [.. _taps, tap];
        }

        return new TapEnd(this, tap);
    }

    /// <summary>Removes and returns the oldest event.</summary>
    public bool TryTake(out BpfEvent item)
    {
        lock (_gate)
        {
            return TryTakeLocked(out item);
        }
    }

    /// <summary>Returns the oldest event and the time when it was added, in UTC, without removing it.</summary>
    public bool TryPeek(out BpfEvent item, out DateTime arrived)
    {
        lock (_gate)
        {
            (item, arrived) = _count == 0 ? (null!, default) : (_events[_head].Item!, new DateTime(_events[_head].Arrived, DateTimeKind.Utc));
            return _count > 0;
        }
    }

    /// <summary>Waits until an event arrives, the reader ends, or <see cref="Wake"/> is called.</summary>
    /// <param name="wait">The maximum time to wait.</param>
    public void WaitForEvent(TimeSpan wait)
    {
        lock (_gate)
        {
            if (_count == 0 && !_ended)
            {
                Monitor.Wait(_gate, wait);
            }
        }
    }

    /// <summary>Whether no more events will be added.</summary>
    public bool IsEnded
    {
        get
        {
            lock (_gate)
            {
                return _ended;
            }
        }
    }

    /// <summary>Marks the buffer as ended and wakes the waiting threads.</summary>
    public void End() => Signal(ended: true);

    /// <summary>Wakes the waiting threads, for instance because a pipeline is stopped.</summary>
    public void Wake() => Signal(ended: false);

    private void Signal(bool ended)
    {
        lock (_gate)
        {
            _ended |= ended;
            Monitor.PulseAll(_gate);
        }
    }

    private bool TryTakeLocked(out BpfEvent item)
    {
        if (_count == 0)
        {
            item = null!;
            return false;
        }

        item = _events[_head].Item!;
        _events[_head] = default;
        _head = Next(_head);
        _count--;
        return true;
    }

    private int Next(int index) => index + 1 == _events.Length ? 0 : index + 1;

    private bool TryGrow()
    {
        if (_events.Length == _capacity)
        {
            return false;
        }

        var larger = new (BpfEvent?, long)[(int)Math.Min(_capacity, _events.Length * 2L)];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = _events[(_head + i) % _events.Length];
        }

        _events = larger;
        _head = 0;
        return true;
    }

    private sealed class TapEnd(EventBuffer buffer, Action<BpfEvent> tap) : IDisposable
    {
        public void Dispose()
        {
            lock (buffer._gate)
            {
                buffer._taps = [.. buffer._taps.Where(other => other != tap)];
            }
        }
    }
}
