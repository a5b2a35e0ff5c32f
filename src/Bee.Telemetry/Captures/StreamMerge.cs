using System.Runtime.InteropServices;
using Bee.Ebpf.Records;

namespace Bee.Telemetry.Captures;

/// <summary>
/// Merges the events of several sources by time, within a window. An event passes when each source has promised to send nothing earlier, or when it has waited for the window's length. So a silent source
/// delays the others by the window at most. An event that comes after a later one has passed is marked as late, and passes at once. The memory is bounded: <see cref="Add"/> waits while a source is full.
/// </summary>
/// <param name="window">The longest time that an event waits for earlier ones.</param>
/// <param name="clock">The clock; null for the system's.</param>
internal sealed class StreamMerge(TimeSpan window, TimeProvider? clock = null)
{
    private readonly object _gate = new();
    private readonly TimeProvider _clock = clock ?? TimeProvider.System;
    private readonly List<Source> _sources = [];
    private readonly PriorityQueue<Item, Rank> _items = new();
    private readonly Queue<(long Arrived, long Latest)> _arrivals = new();
    private long _horizon = long.MinValue;
    private long _passed = long.MinValue;
    private long _next;
    private bool _isClosed;

    /// <summary>The number of events of a source that wait, at most, before <see cref="Add"/> waits.</summary>
    public int MostEvents { get; init; } = 8192;

    /// <summary>The size of a source's events that wait, at most, in bytes before they were unpacked.</summary>
    public long MostBytes { get; init; } = 4 << 20;

    /// <summary>The number of events that wait.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _items.Count;
            }
        }
    }

    /// <summary>Whether <see cref="Close"/> was called.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _isClosed;
            }
        }
    }

    /// <summary>Adds a source, which delays the events of others until its first promise or the window's end. Any thread.</summary>
    public Source Open()
    {
        var source = new Source();
        lock (_gate)
        {
            _sources.Add(source);
        }

        return source;
    }

    /// <summary>Adds events of a source. Waits while the source is full. Any thread, but one thread for each source.</summary>
    /// <param name="source">The source.</param>
    /// <param name="events">The events with their times, in ticks of one common clock. Cleared on return.</param>
    /// <param name="bytes">The size of the events in bytes.</param>
    /// <returns>False if the merge was closed. The events are dropped.</returns>
    public bool Add(Source source, List<(long Time, BpfEvent Event)> events, long bytes)
    {
        if (events.Count == 0)
        {
            return true;
        }

        lock (_gate)
        {
            while (!_isClosed && source.Events > 0 && (source.Events + events.Count > MostEvents || source.Bytes + bytes > MostBytes))
            {
                source.IsFull = true;
                Monitor.Wait(_gate);
            }

            source.IsFull = false;
            long share = Math.Max(1, bytes / events.Count);
            long latest = long.MinValue;
            foreach ((long time, BpfEvent item) in _isClosed ? [] : events)
            {
                _items.Enqueue(new Item(source, item, share), new Rank(time, _next++));
                latest = Math.Max(latest, time);
            }

            source.Events += events.Count;
            source.Bytes += share * events.Count;
            _arrivals.Enqueue((_clock.GetTimestamp(), latest));
            Monitor.PulseAll(_gate);
            events.Clear();
            return !_isClosed;
        }
    }

    /// <summary>Records that a source will send nothing earlier than a time.</summary>
    public void Promise(Source source, long time)
    {
        lock (_gate)
        {
            if (time > source.Promised)
            {
                source.Promised = time;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Records that a source has ended. Its events stay.</summary>
    public void End(Source source)
    {
        lock (_gate)
        {
            _sources.Remove(source);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Wakes a thread that waits in <see cref="Take"/>.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Drops all events, and makes <see cref="Add"/> return.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            _items.Clear();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Takes the events that may pass, in order. Waits for the first one, or until it is woken.</summary>
    /// <param name="into">Receives the events.</param>
    /// <param name="most">The number of events to take at most.</param>
    /// <param name="wait">How long to wait for the first one.</param>
    /// <returns>False if all sources have ended and no event is left.</returns>
    public bool Take(List<Merged> into, int most, TimeSpan wait)
    {
        lock (_gate)
        {
            if (!TakeDue(into, most))
            {
                if (_items.Count == 0 && _sources.Count == 0)
                {
                    return false;
                }

                Monitor.Wait(_gate, Delay(wait));
                TakeDue(into, most);
            }

            return true;
        }
    }

    // The caller holds the gate.
    private int Delay(TimeSpan wait)
    {
        TimeSpan left = wait;
        if (_arrivals.TryPeek(out (long Arrived, long Latest) oldest) && window - _clock.GetElapsedTime(oldest.Arrived) is var due && due < left)
        {
            left = due;
        }

        return Math.Max(1, (int)Math.Ceiling(left.TotalMilliseconds));
    }

    // The caller holds the gate.
    private bool TakeDue(List<Merged> into, int most)
    {
        long horizon = Horizon();
        bool hasRoom = false;
        int before = into.Count;
        while (into.Count - before < most && _items.TryPeek(out _, out Rank rank) && rank.Time <= horizon)
        {
            Item item = _items.Dequeue();
            into.Add(new Merged(item.Source, item.Event, rank.Time < _passed));
            _passed = Math.Max(_passed, rank.Time);
            item.Source.Events--;
            item.Source.Bytes -= item.Bytes;
            hasRoom |= item.Source.IsFull && (item.Source.Events <= MostEvents / 2 || item.Source.Events == 0);
        }

        if (hasRoom)
        {
            Monitor.PulseAll(_gate);
        }

        return into.Count > before;
    }

    // Events up to this time may pass.
    private long Horizon()
    {
        while (_arrivals.TryPeek(out (long Arrived, long Latest) oldest) && _clock.GetElapsedTime(oldest.Arrived) >= window)
        {
            _horizon = Math.Max(_horizon, oldest.Latest);
            _arrivals.Dequeue();
        }

        long promised = long.MaxValue;
        foreach (Source source in _sources)
        {
            promised = Math.Min(promised, source.Promised);
        }

        // Without a source, nothing earlier can come.
        return Math.Max(Math.Max(_horizon, _passed), promised);
    }

    /// <summary>A source of events.</summary>
    public sealed class Source
    {
        /// <summary>An object of the caller.</summary>
        public object? Tag { get; set; }

        internal int Events { get; set; }

        internal long Bytes { get; set; }

        internal long Promised { get; set; } = long.MinValue;

        internal bool IsFull { get; set; }
    }

    private readonly record struct Item(Source Source, BpfEvent Event, long Bytes);

    // Events of one time keep their order.
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Rank(long Time, long Number) : IComparable<Rank>
    {
        public int CompareTo(Rank other) => Time != other.Time ? Time.CompareTo(other.Time) : Number.CompareTo(other.Number);
    }
}

/// <summary>An event that has passed the merge.</summary>
/// <param name="Source">Its source.</param>
/// <param name="Event">The event.</param>
/// <param name="IsLate">Whether a later event passed before.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Merged(StreamMerge.Source Source, BpfEvent Event, bool IsLate);
