using Bee.Terminal.Frames;
using Bee.Terminal.Keys;

namespace Bee.Terminal.Models;

/// <summary>One page of a view. Items can be added on any thread. All other members belong to the view's thread.</summary>
internal abstract class LiveTab
{
    private protected LiveTab(string name) => Name = name;

    /// <summary>The name in the line of tabs.</summary>
    public string Name { get; }

    /// <summary>Returns the current time in milliseconds, for arriving items.</summary>
    internal Func<long> Clock { get; init; } = static () => Environment.TickCount64;

    /// <summary>Adds an item. Safe from any thread.</summary>
    /// <param name="item">The item. The tab keeps it.</param>
    public abstract void Add(object item);

    /// <summary>Processes the items that were added since the last call.</summary>
    /// <param name="now">The current time in milliseconds.</param>
    internal abstract void Take(long now);

    /// <summary>Discards the added items while the view is paused.</summary>
    internal virtual void Skip()
    {
    }

    /// <summary>Shows only rows that match a filter.</summary>
    internal virtual void Filter(RowFilter filter)
    {
    }

    /// <summary>Returns the content to show.</summary>
    /// <param name="width">The width.</param>
    /// <param name="height">The height, at least 3.</param>
    /// <param name="marks">The marked rows.</param>
    internal abstract IReadOnlyList<LiveBlock> Body(int width, int height, LiveMarks marks);

    /// <summary>Handles a key that moves the selection, sorts or changes the display.</summary>
    /// <returns>False if the tab does not use the key.</returns>
    internal abstract bool Handle(Key key);

    /// <summary>Whether the last key moved the selection away from the newest row, so that the list should stop scrolling.</summary>
    internal virtual bool WantsPause => false;

    /// <summary>The selected row; null if the tab has none.</summary>
    internal abstract LiveRow? Selected { get; }

    /// <summary>Returns all properties of a row, as lines.</summary>
    internal abstract string Details(LiveRow row);

    /// <summary>Returns the object that the user gets for a marked row.</summary>
    internal virtual object Unwrap(LiveRow row) => row.Item;

    /// <summary>The status line of the tab: the number of rows and the sort order.</summary>
    internal abstract string Summary { get; }

    /// <summary>Selects the newest row and follows it.</summary>
    internal virtual void Follow()
    {
    }
}

/// <summary>The state of a view's source.</summary>
/// <param name="Count">The number of events and entries so far.</param>
/// <param name="Lost">The number of events that a full buffer in the kernel dropped; null if they are not counted, or cannot be lost.</param>
/// <param name="Dropped">The number of events that Bee's own buffer dropped; null if the source has none.</param>
/// <param name="Fill">The last fill of the fullest buffer, from 0 to 1; null if the source has none.</param>
/// <param name="HighWater">The highest fill of a buffer so far.</param>
/// <param name="CanLose">Whether the source has a buffer that can lose events.</param>
/// <param name="HasEnded">Whether the source has ended.</param>
/// <param name="Share">The recent CPU time of the source's programs, in CPUs; null if it is not counted.</param>
internal sealed record LiveStatus(long Count, ulong? Lost, long? Dropped, double? Fill, double? HighWater, bool CanLose, bool HasEnded, double? Share = null);

/// <summary>The marked rows, in the order in which they were marked.</summary>
internal sealed class LiveMarks
{
    /// <summary>The maximum number of marked rows, since their objects stay in memory.</summary>
    public const int Most = 10_000;

    private readonly Dictionary<(LiveTab Tab, long Id), object> _marked = [];
    private readonly List<(LiveTab Tab, long Id)> _order = [];

    public int Count => _order.Count;

    /// <summary>The marked objects.</summary>
    public IReadOnlyList<object> Items => [.. _order.Select(key => _marked[key])];

    public bool Contains(LiveTab tab, long id) => _marked.ContainsKey((tab, id));

    /// <summary>Marks a row, or removes its mark.</summary>
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

/// <summary>The keys of a view, as the help screen (<c>?</c>) lists them.</summary>
internal static class LiveKeys
{
    /// <summary>All keys with their effects.</summary>
    public static IReadOnlyList<(string Keys, string Meaning)> All { get; } =
    [
        ("Up k, Down j", "one row"),
        ("PgUp ^B, PgDn ^F", "one page"),
        ("Home g", "first row"),
        ("End G", "last row, follow the newest"),
        ("Space", "pause, go on; losses go on counting"),
        ("/", "filter by words; !word leaves out"),
        ("Esc", "back; then drop the filter"),
        ("s >, <", "sort by the next, previous column"),
        ("r", "reverse the order"),
        ("Enter", "open the row"),
        ("m, u", "mark (to hand on), unmark all"),
        ("Tab, Shift-Tab, 1-9", "next, previous, this tab"),
        ("h", "histogram as bars, as heat map"),
        ("^L", "draw again"),
        ("^Z", "suspend; fg resumes"),
        ("? F1", "this list"),
        ("q ^C F10", "quit"),
    ];
}
