namespace Bee.Terminal.Models;

/// <summary>The keys of a view, as <c>?</c> lists them.</summary>
public static class LiveKeys
{
    /// <summary>Keys and what they do.</summary>
    public static IReadOnlyList<(string Keys, string Meaning)> All { get; } =
    [
        ("Up k, Down j", "one row"),
        ("PgUp ^B, PgDn ^F", "one page"),
        ("Home g", "first row"),
        ("End G", "last row, and follow the newest"),
        ("Space", "pause, go on; losses go on counting"),
        ("/", "filter: words that a row has, !word: has not"),
        ("Esc", "back; without a page above, drop the filter"),
        ("s >, <", "sort by the next, previous column"),
        ("r", "reverse the order"),
        ("Enter", "open the row"),
        ("m, u", "mark the row (-PassThru gives it), unmark all"),
        ("Tab, Shift-Tab, 1-9", "next, previous, numbered tab"),
        ("h", "histogram: bars, heat map over time"),
        ("^L", "draw again"),
        ("^Z", "suspend; fg resumes"),
        ("? F1", "this list"),
        ("q ^C F10", "quit"),
    ];
}
