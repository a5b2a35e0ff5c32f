namespace Bee.Terminal.Models;

/// <summary>A column that a table of a view can have.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="AlignRight">Whether its text stands to the right.</param>
/// <param name="Least">The width below which it is left out.</param>
/// <param name="Preferred">The width that shows most values whole.</param>
/// <param name="Interest">Of two columns that do not both fit, the one with the higher number stays.</param>
/// <param name="Text">Returns the text for an item, on one line. Called from the view's thread.</param>
/// <param name="Value">Returns what items are sorted by; null sorts first. Called from the view's thread.</param>
public sealed record LiveColumn(string Name, bool AlignRight, int Least, int Preferred, int Interest, Func<object, string> Text, Func<object, IComparable?> Value);

/// <summary>What a tab knows of its items.</summary>
/// <param name="Name">The tab's name.</param>
/// <param name="Columns">The columns in order, one at least.</param>
/// <param name="Details">Returns everything about an item, as lines.</param>
public sealed record LiveSchema(string Name, IReadOnlyList<LiveColumn> Columns, Func<object, string> Details);

/// <summary>A row: an item with a number that it keeps.</summary>
/// <param name="Id">The number. Later rows have higher ones.</param>
/// <param name="Item">The item.</param>
public readonly record struct LiveRow(long Id, object Item);
