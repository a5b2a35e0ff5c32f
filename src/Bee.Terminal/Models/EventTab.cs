using System.Collections;

namespace Bee.Terminal.Models;

/// <summary>Shows the latest events as a scrolling list, the newest last.</summary>
internal sealed class EventTab : TableTab
{
    /// <summary>The maximum number of rows.</summary>
    public const int Rows = 10_000;

    /// <summary>The maximum number of events that wait for the next frame; a new event overwrites the oldest. At ten frames a second, this happens above 240,000 events a second.</summary>
    public const int Waiting = 24_000;

    private readonly object _gate = new();
    private readonly RowRing _rows = new(Rows);
    private readonly RowRing _passing = new(Rows);
    private object[] _waiting = new object[64];
    private object[] _taken = [];
    private int _count;
    private int _oldest;
    private long _overrun;
    private long _unseen;
    private long _lastId;

    /// <param name="schema">The columns.</param>
    public EventTab(LiveSchema schema) : base(schema, scrolls: true)
    {
    }

    private protected override IReadOnlyList<LiveRow> Filtered => CurrentFilter.IsEmpty ? _rows : _passing;

    private protected override int Total => _rows.Count;

    private protected override string Note => CurrentFilter.IsEmpty || _unseen == 0 ? string.Empty
        : string.Create(System.Globalization.CultureInfo.InvariantCulture, $", {_unseen:n0} arrived too fast to be filtered");

    /// <inheritdoc/>
    public override void Add(object item)
    {
        lock (_gate)
        {
            if (_count == _waiting.Length && _waiting.Length < Waiting)
            {
                Grow();
            }

            if (_count == _waiting.Length)
            {
                _waiting[_oldest] = item;
                _oldest = _oldest + 1 == _waiting.Length ? 0 : _oldest + 1;
                _overrun++;
                return;
            }

            int at = _oldest + _count++;
            _waiting[at >= _waiting.Length ? at - _waiting.Length : at] = item;
        }
    }

    internal override void Take(long now)
    {
        object[] items;
        int count;
        int oldest;
        lock (_gate)
        {
            if (_count == 0)
            {
                return;
            }

            (items, count, oldest) = (_waiting, _count, _oldest);
            _waiting = _taken.Length == items.Length ? _taken : new object[items.Length];
            (_count, _oldest) = (0, 0);
            _lastId += _overrun;
            _unseen += CurrentFilter.IsEmpty ? 0 : _overrun;
            _overrun = 0;
        }

        for (int i = 0; i < count; i++)
        {
            var row = new LiveRow(++_lastId, items[(oldest + i) % items.Length]);
            _rows.Add(row);
            if (!CurrentFilter.IsEmpty && CurrentFilter.Passes(Schema.Columns, row.Item))
            {
                _passing.Add(row);
            }
        }

        Array.Clear(items);
        _taken = items;
        Resort();
    }

    internal override void Skip()
    {
        lock (_gate)
        {
            Array.Clear(_waiting);
            (_lastId, _overrun, _count, _oldest) = (_lastId + _overrun + _count, 0, 0, 0);
        }
    }

    internal override void Filter(RowFilter filter)
    {
        base.Filter(filter);
        _unseen = 0;
        _passing.Clear();
        if (!filter.IsEmpty)
        {
            foreach (LiveRow row in _rows)
            {
                if (filter.Passes(Schema.Columns, row.Item))
                {
                    _passing.Add(row);
                }
            }
        }

        Resort();
    }

    private void Grow()
    {
        var larger = new object[Math.Min(Waiting, _waiting.Length * 4)];
        for (int i = 0; i < _count; i++)
        {
            larger[i] = _waiting[(_oldest + i) % _waiting.Length];
        }

        (_waiting, _oldest) = (larger, 0);
    }
}

/// <summary>A ring of the latest rows, of fixed capacity.</summary>
internal sealed class RowRing : IReadOnlyList<LiveRow>
{
    private readonly int _capacity;
    private LiveRow[] _rows;
    private int _head;

    public RowRing(int capacity)
    {
        _capacity = capacity;
        _rows = new LiveRow[Math.Min(capacity, 256)];
    }

    public int Count { get; private set; }

    public LiveRow this[int index] => _rows[(_head + index) % _rows.Length];

    /// <summary>Adds a row. The oldest row is removed if the ring is full.</summary>
    public void Add(LiveRow row)
    {
        if (Count == _rows.Length && _rows.Length < _capacity)
        {
            var larger = new LiveRow[Math.Min(_capacity, _rows.Length * 4)];
            for (int i = 0; i < Count; i++)
            {
                larger[i] = this[i];
            }

            (_rows, _head) = (larger, 0);
        }

        if (Count == _rows.Length)
        {
            _rows[_head] = row;
            _head = (_head + 1) % _rows.Length;
            return;
        }

        _rows[(_head + Count++) % _rows.Length] = row;
    }

    public void Clear()
    {
        Array.Clear(_rows);
        (_head, Count) = (0, 0);
    }

    public IEnumerator<LiveRow> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
