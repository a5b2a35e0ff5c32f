using Bee.Ebpf.Records;

namespace Bee.Cmdlets.Sessions;

/// <summary>
/// The events of a background program that nobody has received yet. Its size is fixed: when it is full the oldest event goes and is
/// counted, so what is left is always the most recent stretch.
/// </summary>
internal sealed class EventBuffer
{
    private const int FirstSize = 256;

    /// <summary>One that nothing will be added to.</summary>
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

    /// <summary>Shows an event to the listeners without keeping it.</summary>
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

    /// <summary>Shows each event to a listener too, beginning with the latest of those that wait. Nothing is taken out: who receives gets them all the same.</summary>
    /// <param name="tap">Called with the buffer locked, so it must be quick.</param>
    /// <param name="most">How many of the waiting events to show.</param>
    /// <returns>What ends it.</returns>
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

    /// <summary>Takes the oldest event.</summary>
    public bool TryTake(out BpfEvent item)
    {
        lock (_gate)
        {
            return TryTakeLocked(out item);
        }
    }

    /// <summary>Returns the oldest event without taking it, and when it was added, in UTC.</summary>
    public bool TryPeek(out BpfEvent item, out DateTime arrived)
    {
        lock (_gate)
        {
            (item, arrived) = _count == 0 ? (null!, default) : (_events[_head].Item!, new DateTime(_events[_head].Arrived, DateTimeKind.Utc));
            return _count > 0;
        }
    }

    /// <summary>Waits until an event arrives, the reader ends, or <see cref="Wake"/> is called.</summary>
    /// <param name="wait">How long at most.</param>
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

    /// <summary>True when no event will be added any more.</summary>
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

    /// <summary>Says that no event will be added any more, and wakes who waits.</summary>
    public void End() => Signal(ended: true);

    /// <summary>Wakes who waits, for instance because its pipeline is being stopped.</summary>
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
