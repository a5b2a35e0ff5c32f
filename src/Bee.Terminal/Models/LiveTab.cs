using Bee.Terminal.Frames;
using Bee.Terminal.Keys;

namespace Bee.Terminal.Models;

/// <summary>One page of a view. Items are added from any thread; everything else happens on the view's.</summary>
public abstract class LiveTab
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
