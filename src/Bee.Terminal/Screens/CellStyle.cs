namespace Bee.Terminal.Screens;

/// <summary>How a cell looks.</summary>
/// <param name="Foreground">The color of the text: a number of the 256-color palette; null for the terminal's own.</param>
/// <param name="Background">The color behind it.</param>
/// <param name="Look">What else.</param>
internal readonly record struct CellStyle(byte? Foreground = null, byte? Background = null, CellLook Look = CellLook.Plain)
{
    /// <summary>The terminal's own colors.</summary>
    public static CellStyle Plain => default;

    /// <summary>Bold text.</summary>
    public static CellStyle Bold => new(Look: CellLook.Bold);

    /// <summary>Text and background exchanged.</summary>
    public static CellStyle Reverse => new(Look: CellLook.Reverse);
}

/// <summary>Attributes of a cell.</summary>
[Flags]
internal enum CellLook : byte
{
    /// <summary>None.</summary>
    Plain = 0,

    /// <summary>Bold.</summary>
    Bold = 1,

    /// <summary>Faint.</summary>
    Dim = 2,

    /// <summary>Underlined.</summary>
    Underline = 4,

    /// <summary>Text and background exchanged.</summary>
    Reverse = 8,
}

/// <summary>One place on the screen.</summary>
/// <param name="Text">One character with what combines with it; empty for the second half of a wide one.</param>
/// <param name="Style">How it looks.</param>
internal readonly record struct StyledCell(string Text, CellStyle Style)
{
    /// <summary>A blank.</summary>
    public static StyledCell Blank => new(" ", CellStyle.Plain);
}
