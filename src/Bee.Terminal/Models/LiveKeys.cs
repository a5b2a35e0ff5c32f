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
