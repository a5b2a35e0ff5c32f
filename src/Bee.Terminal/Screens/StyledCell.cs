namespace Bee.Terminal.Screens;

/// <summary>One place on the screen.</summary>
/// <param name="Text">One character with what combines with it; empty for the second half of a wide one.</param>
/// <param name="Style">How it looks.</param>
public readonly record struct StyledCell(string Text, CellStyle Style)
{
    /// <summary>A blank.</summary>
    public static StyledCell Blank => new(" ", CellStyle.Plain);
}
