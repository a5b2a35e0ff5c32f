namespace Bee.Terminal.Models;

/// <summary>The rows that the user has marked, in the order of the marking.</summary>
internal sealed class LiveMarks
{
    /// <summary>How many rows can be marked: marked objects stay in memory.</summary>
    public const int Most = 10_000;

    private readonly Dictionary<(LiveTab Tab, long Id), object> _marked = [];
    private readonly List<(LiveTab Tab, long Id)> _order = [];

    public int Count => _order.Count;

    /// <summary>The marked objects.</summary>
    public IReadOnlyList<object> Items => [.. _order.Select(key => _marked[key])];

    public bool Contains(LiveTab tab, long id) => _marked.ContainsKey((tab, id));

    /// <summary>Marks a row, or takes its mark away.</summary>
    public void Toggle(LiveTab tab, LiveRow row)
    {
        if (_marked.Remove((tab, row.Id)))
        {
            _order.Remove((tab, row.Id));
        }
        else if (_order.Count < Most)
        {
            _marked[(tab, row.Id)] = tab.Unwrap(row);
            _order.Add((tab, row.Id));
        }
    }

    public void Clear()
    {
        _marked.Clear();
        _order.Clear();
    }
}
