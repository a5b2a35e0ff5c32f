using Bee.Terminal.Screens;

namespace Bee.Terminal.Frames;

/// <summary>The content of a view at one moment, as plain data without positions.</summary>
/// <param name="Width">The screen's width.</param>
/// <param name="Height">The screen's height.</param>
/// <param name="Title">The left part of the first line.</param>
/// <param name="Status">The right part of the first line. It is never cut; the title is.</param>
/// <param name="Tabs">The second line.</param>
/// <param name="Body">The blocks between the second line and the footer.</param>
/// <param name="Footer">The last lines.</param>
internal sealed record LiveFrame(
    int Width, int Height, IReadOnlyList<StyledText> Title, IReadOnlyList<StyledText> Status, IReadOnlyList<StyledText> Tabs, IReadOnlyList<LiveBlock> Body,
    IReadOnlyList<IReadOnlyList<StyledText>> Footer);

/// <summary>A block of the body.</summary>
/// <param name="Height">The number of lines.</param>
internal abstract record LiveBlock(int Height);

/// <summary>Lines of text.</summary>
/// <param name="Lines">The lines. Long lines are cut.</param>
/// <param name="Height">The number of lines.</param>
internal sealed record TextBlock(IReadOnlyList<IReadOnlyList<StyledText>> Lines, int Height) : LiveBlock(Height);

/// <summary>Text in a box with a heading.</summary>
/// <param name="Heading">The heading.</param>
/// <param name="Lines">The lines. Long lines are cut.</param>
/// <param name="Height">The number of lines, including the box.</param>
internal sealed record BoxBlock(string Heading, IReadOnlyList<IReadOnlyList<StyledText>> Lines, int Height) : LiveBlock(Height);

/// <summary>A table.</summary>
/// <param name="Columns">The columns. Their widths fit the screen.</param>
/// <param name="Rows">The visible rows.</param>
/// <param name="Height">The number of lines, including the heading.</param>
internal sealed record TableBlock(IReadOnlyList<TableColumn> Columns, IReadOnlyList<TableRow> Rows, int Height) : LiveBlock(Height);

/// <summary>A column of a table.</summary>
/// <param name="Heading">The heading.</param>
/// <param name="Width">The width in characters.</param>
/// <param name="AlignRight">Whether the text is aligned to the right.</param>
/// <param name="IsSorted">Whether the table is sorted by it.</param>
internal sealed record TableColumn(string Heading, int Width, bool AlignRight, bool IsSorted);

/// <summary>A row of a table.</summary>
/// <param name="Cells">A text for each column.</param>
/// <param name="Style">The style of the whole row.</param>
internal sealed record TableRow(IReadOnlyList<StyledText> Cells, CellStyle Style);

/// <summary>Lays out frames. Called on one thread.</summary>
internal interface ILiveRenderer
{
    /// <summary>Returns the lines of a frame: at most <see cref="LiveFrame.Height"/>, with at most <see cref="LiveFrame.Width"/> cells each.</summary>
    /// <param name="frame">The frame.</param>
    IReadOnlyList<IReadOnlyList<StyledCell>> Render(LiveFrame frame);
}

/// <summary>Text in one style.</summary>
/// <param name="Text">The text, on one line.</param>
/// <param name="Style">The style.</param>
internal readonly record struct StyledText(string Text, CellStyle Style = default);
