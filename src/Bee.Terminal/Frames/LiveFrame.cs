using Bee.Terminal.Screens;

namespace Bee.Terminal.Frames;

/// <summary>What a view shows at one moment: plain data, without positions.</summary>
/// <param name="Width">The screen's width.</param>
/// <param name="Height">The screen's height.</param>
/// <param name="Title">The first line, at the left.</param>
/// <param name="Status">The first line, at the right. It is shown whole; the title gets the rest.</param>
/// <param name="Tabs">The second line.</param>
/// <param name="Body">What stands between.</param>
/// <param name="Footer">The last lines.</param>
internal sealed record LiveFrame(
    int Width, int Height, IReadOnlyList<StyledText> Title, IReadOnlyList<StyledText> Status, IReadOnlyList<StyledText> Tabs, IReadOnlyList<LiveBlock> Body,
    IReadOnlyList<IReadOnlyList<StyledText>> Footer);

/// <summary>A part of the body, as high as it says.</summary>
/// <param name="Height">How many lines it has.</param>
internal abstract record LiveBlock(int Height);

/// <summary>Lines of text.</summary>
/// <param name="Lines">The lines; what is too long is cut.</param>
/// <param name="Height">How many lines the block has.</param>
internal sealed record TextBlock(IReadOnlyList<IReadOnlyList<StyledText>> Lines, int Height) : LiveBlock(Height);

/// <summary>Text in a box with a heading.</summary>
/// <param name="Heading">The heading.</param>
/// <param name="Lines">The lines; what is too long is cut.</param>
/// <param name="Height">How many lines the block has, the box included.</param>
internal sealed record BoxBlock(string Heading, IReadOnlyList<IReadOnlyList<StyledText>> Lines, int Height) : LiveBlock(Height);

/// <summary>A table.</summary>
/// <param name="Columns">The columns, whose widths fit the screen.</param>
/// <param name="Rows">The rows that are visible.</param>
/// <param name="Height">How many lines the block has, the heading included.</param>
internal sealed record TableBlock(IReadOnlyList<TableColumn> Columns, IReadOnlyList<TableRow> Rows, int Height) : LiveBlock(Height);

/// <summary>A column of a table.</summary>
/// <param name="Heading">Its name.</param>
/// <param name="Width">How wide it is.</param>
/// <param name="AlignRight">Whether its text stands to the right.</param>
/// <param name="IsSorted">Whether the table is sorted by it.</param>
internal sealed record TableColumn(string Heading, int Width, bool AlignRight, bool IsSorted);

/// <summary>A row of a table.</summary>
/// <param name="Cells">A text for each column.</param>
/// <param name="Style">How the whole row looks.</param>
internal sealed record TableRow(IReadOnlyList<StyledText> Cells, CellStyle Style);

/// <summary>Lays out what a view shows. Called from one thread.</summary>
internal interface ILiveRenderer
{
    /// <summary>Returns the lines of a frame, <see cref="LiveFrame.Height"/> at most, each of <see cref="LiveFrame.Width"/> cells at most.</summary>
    /// <param name="frame">What to show.</param>
    IReadOnlyList<IReadOnlyList<StyledCell>> Render(LiveFrame frame);
}

/// <summary>Text in one style.</summary>
/// <param name="Text">The text, on one line.</param>
/// <param name="Style">How it looks.</param>
internal readonly record struct StyledText(string Text, CellStyle Style = default);
