using System.Collections;

namespace Bee.Terminal.Models;

/// <summary>The latest rows, a fixed number at most.</summary>
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

    /// <summary>Adds a row; the oldest goes when there are too many.</summary>
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
