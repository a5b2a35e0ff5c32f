using System.Globalization;
using System.Text;
using Bee.Posix;

namespace Bee.Terminal.Screens;

/// <summary>Encodes the difference between two frames as terminal output. Only changed cells are written.</summary>
/// <remarks>
/// All output passes through this class, which replaces control characters in any text.
/// Each frame is one synchronized update (mode 2026), which other terminals ignore.
/// </remarks>
internal sealed class FrameWriter
{
    // Writing a few unchanged cells again takes fewer bytes than moving the cursor over them.
    private const int Gap = 4;

    private readonly bool _plain;
    private readonly StringBuilder _text = new();
    private StyledCell[,] _shown = new StyledCell[0, 0];
    private CellStyle _style;

    /// <param name="plain">Whether to omit colors (NO_COLOR). Bold, faint, underlined and reversed text stays.</param>
    public FrameWriter(bool plain) => _plain = plain;

    /// <summary>Marks the screen as unknown, so that the next frame is written completely.</summary>
    public void Reset() => _shown = new StyledCell[0, 0];

    /// <summary>Returns the bytes for a frame; empty if nothing changed.</summary>
    /// <param name="lines">The lines from the top. The rest of the screen is blank.</param>
    /// <param name="width">The screen's width.</param>
    /// <param name="height">The screen's height.</param>
    public byte[] Write(IReadOnlyList<IReadOnlyList<StyledCell>> lines, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(lines);
        _text.Clear();
        bool isWhole = _shown.GetLength(0) != height || _shown.GetLength(1) != width;
        if (isWhole)
        {
            _shown = new StyledCell[height, width];
            _text.Append("\e[0m\e[2J");
            _style = CellStyle.Plain;
            Fill(StyledCell.Blank);
        }

        for (int row = 0; row < height; row++)
        {
            WriteLine(row, row < lines.Count ? lines[row] : [], width);
        }

        if (_text.Length == 0)
        {
            return [];
        }

        if (_style != CellStyle.Plain)
        {
            _text.Append("\e[0m");
            _style = CellStyle.Plain;
        }

        return Encoding.UTF8.GetBytes($"\e[?2026h{_text}\e[?2026l");
    }

    private void Fill(StyledCell cell)
    {
        for (int row = 0; row < _shown.GetLength(0); row++)
        {
            for (int column = 0; column < _shown.GetLength(1); column++)
            {
                _shown[row, column] = cell;
            }
        }
    }

    private void WriteLine(int row, IReadOnlyList<StyledCell> line, int width)
    {
        // The position of the cursor; -1 if the terminal may disagree about the width of a character.
        int cursor = -1;
        for (int column = 0; column < width; column++)
        {
            StyledCell cell = Cell(line, column, width);
            if (cell == _shown[row, column])
            {
                continue;
            }

            if (cell.Text.Length == 0)
            {
                _shown[row, column] = cell;
                continue;
            }

            if (cursor >= 0 && column - cursor is > 0 and <= Gap && CanRepeat(row, cursor, column))
            {
                for (; cursor < column; cursor++)
                {
                    Put(_shown[row, cursor]);
                }
            }

            if (cursor != column)
            {
                _text.Append(CultureInfo.InvariantCulture, $"\e[{row + 1};{column + 1}H");
            }

            Put(cell);
            _shown[row, column] = cell;
            cursor = IsSure(cell) ? column + 1 : -1;
        }
    }

    private static StyledCell Cell(IReadOnlyList<StyledCell> line, int column, int width)
    {
        StyledCell cell = column < line.Count ? line[column] : StyledCell.Blank;
        // A wide character does not fit into the last column.
        bool isCut = column == width - 1 && column + 1 < line.Count && line[column + 1].Text.Length == 0;
        return isCut || cell.Text is null ? StyledCell.Blank : TerminalText.IsUnsafe(cell.Text) ? cell with { Text = TerminalText.Show(cell.Text) is { Length: > 0 } shown ? shown[..1] : " " } : cell;
    }

    private bool CanRepeat(int row, int from, int to)
    {
        for (int column = from; column < to; column++)
        {
            if (!IsSure(_shown[row, column]))
            {
                return false;
            }
        }

        return true;
    }

    // ASCII, box drawing and block elements have the width 1 in every terminal.
    private static bool IsSure(StyledCell cell) => cell.Text.Length == 1 && cell.Text[0] is < '\x7f' or (>= '\u2500' and < '\u25a0');

    private void Put(StyledCell cell)
    {
        CellStyle style = _plain ? new CellStyle(Look: cell.Style.Look) : cell.Style;
        if (style != _style)
        {
            Change(style);
            _style = style;
        }

        _text.Append(cell.Text);
    }

    private void Change(CellStyle style)
    {
        _text.Append("\e[0");
        Append(CellLook.Bold, 1);
        Append(CellLook.Dim, 2);
        Append(CellLook.Underline, 4);
        Append(CellLook.Reverse, 7);
        if (style.Foreground is { } foreground)
        {
            Color(foreground, 30);
        }

        if (style.Background is { } background)
        {
            Color(background, 40);
        }

        _text.Append('m');

        void Append(CellLook look, int code)
        {
            if (style.Look.HasFlag(look))
            {
                _text.Append(CultureInfo.InvariantCulture, $";{code}");
            }
        }

        // The first 16 colors use the user's palette.
        void Color(byte number, int first)
        {
            int code = number < 8 ? first + number : number < 16 ? first + 60 + number - 8 : first + 8;
            _text.Append(CultureInfo.InvariantCulture, $";{code}");
            if (number >= 16)
            {
                _text.Append(CultureInfo.InvariantCulture, $";5;{number}");
            }
        }
    }
}
