using Bee.Terminal.Frames;
using Bee.Terminal.Keys;

namespace Bee.Terminal.Models;

/// <summary>One page of a view. Items are added from any thread; everything else happens on the view's.</summary>
internal abstract class LiveTab
{
    private protected LiveTab(string name) => Name = name;

    /// <summary>The name at the top.</summary>
    public string Name { get; }

    /// <summary>The time in milliseconds, for what arrives.</summary>
    internal Func<long> Clock { get; init; } = static () => Environment.TickCount64;

    /// <summary>Adds an item. Safe from any thread.</summary>
    /// <param name="item">The item; it is the tab's to keep.</param>
    public abstract void Add(object item);

    /// <summary>Takes what was added since the last call into what is shown.</summary>
    /// <param name="now">The time, in milliseconds.</param>
    internal abstract void Take(long now);

    /// <summary>Lets go of what was added, while the view is paused.</summary>
    internal virtual void Skip()
    {
    }

    /// <summary>Shows only rows that pass.</summary>
    internal virtual void Filter(RowFilter filter)
    {
    }

    /// <summary>Returns what is to be seen.</summary>
    /// <param name="width">The width.</param>
    /// <param name="height">The height, 3 at least.</param>
    /// <param name="marks">The ids of marked rows.</param>
    internal abstract IReadOnlyList<LiveBlock> Body(int width, int height, LiveMarks marks);

    /// <summary>Handles a key that moves, sorts or changes what is shown.</summary>
    /// <returns>Whether the key had a meaning here.</returns>
    internal abstract bool Handle(Key key);

    /// <summary>Whether the last key moved away from the newest row of a list that scrolls, which is then to stand still.</summary>
    internal virtual bool WantsPause => false;

    /// <summary>The selected row; null if the tab has none.</summary>
    internal abstract LiveRow? Selected { get; }

    /// <summary>Everything about a row, as lines.</summary>
    internal abstract string Details(LiveRow row);

    /// <summary>The object of a row that the user gets when the row is marked.</summary>
    internal virtual object Unwrap(LiveRow row) => row.Item;

    /// <summary>What the last line but one says of the tab: how many rows, sorted by what.</summary>
    internal abstract string Summary { get; }

    /// <summary>Goes back to the newest row.</summary>
    internal virtual void Follow()
    {
    }
}

/// <summary>How a view's source is doing.</summary>
/// <param name="Count">Events and entries so far.</param>
/// <param name="Lost">Events lost so far because a buffer of the kernel was full; null if they are not counted, or cannot be lost.</param>
/// <param name="Dropped">Events that Bee's own buffer dropped; null where the source has none.</param>
/// <param name="Fill">How full the fullest buffer was found last, from 0 to 1; null where the source has none.</param>
/// <param name="HighWater">The fullest that one was ever found.</param>
/// <param name="CanLose">Whether the source has a buffer that can lose events.</param>
/// <param name="HasEnded">Whether nothing more will come.</param>
/// <param name="Share">The share of one CPU that the source's programs ran for lately, 1 for a whole one; null where that is not counted.</param>
internal sealed record LiveStatus(long Count, ulong? Lost, long? Dropped, double? Fill, double? HighWater, bool CanLose, bool HasEnded, double? Share = null);

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

/// <summary>The keys of a view, as <c>?</c> lists them.</summary>
internal static class LiveKeys
{
    /// <summary>Keys and what they do.</summary>
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
