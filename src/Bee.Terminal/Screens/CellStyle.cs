namespace Bee.Terminal.Screens;

/// <summary>The style of a cell.</summary>
/// <param name="Foreground">The color of the text, as an index of the 256-color palette; null for the terminal's default.</param>
/// <param name="Background">The color of the background; null for the terminal's default.</param>
/// <param name="Look">The attributes of the text.</param>
internal readonly record struct CellStyle(byte? Foreground = null, byte? Background = null, CellLook Look = CellLook.Plain)
{
    /// <summary>The default colors without attributes.</summary>
    public static CellStyle Plain => default;

    /// <summary>Bold text.</summary>
    public static CellStyle Bold => new(Look: CellLook.Bold);

    /// <summary>Swapped foreground and background.</summary>
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

    /// <summary>Swapped foreground and background.</summary>
    Reverse = 8,
}

/// <summary>One cell of the screen.</summary>
/// <param name="Text">One character with its combining characters; empty for the second half of a wide character.</param>
/// <param name="Style">The style.</param>
internal readonly record struct StyledCell(string Text, CellStyle Style)
{
    /// <summary>A space.</summary>
    public static StyledCell Blank => new(" ", CellStyle.Plain);
}
