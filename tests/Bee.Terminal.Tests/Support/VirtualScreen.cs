using System.Globalization;
using System.Text;

namespace Bee.Terminal.Tests.Support;

/// <summary>A virtual terminal that interprets the sequences of a frame writer, and rejects all others.</summary>
internal sealed class VirtualScreen(int width, int height)
{
    private readonly (string Text, string Style)[,] _cells = Blank(width, height);
    private int _row;
    private int _column;
    private string _style = "0";

    public IReadOnlyList<string> Lines => [.. Enumerable.Range(0, height).Select(row => string.Concat(Enumerable.Range(0, width).Select(column => _cells[row, column].Text)).TrimEnd())];

    /// <summary>The style of a cell, as its SGR numbers.</summary>
    public string StyleOf(int row, int column) => _cells[row, column].Style;

    public void Write(byte[] bytes)
    {
        string text = Encoding.UTF8.GetString(bytes);
        for (int at = 0; at < text.Length;)
        {
            if (text[at] == '\e')
            {
                at = Control(text, at);
                continue;
            }

            var letter = Rune.GetRuneAt(text, at);
            Assert.False(Rune.IsControl(letter), $"U+{letter.Value:X4} reached the terminal.");
            at += letter.Utf16SequenceLength;
            bool isWide = letter.Value is >= 0x1100 and < 0xfe00 and not (>= 0x2000 and < 0x2e00);
            Assert.True(_column < width, "The frame writes behind the last column.");
            _cells[_row, _column] = (letter.ToString(), _style);
            if (isWide && _column + 1 < width)
            {
                _cells[_row, _column + 1] = ("", _style);
            }

            _column += isWide ? 2 : 1;
        }
    }

    private int Control(string text, int at)
    {
        Assert.Equal('[', text[at + 1]);
        int end = at + 2;
        while (text[end] is (>= '0' and <= '9') or ';' or '?')
        {
            end++;
        }

        string parameters = text[(at + 2)..end];
        switch (text[end])
        {
            case 'H':
                int[] place = [.. parameters.Split(';').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
                (_row, _column) = (place[0] - 1, place[1] - 1);
                break;
            case 'J':
                Array.Copy(Blank(width, height), _cells, _cells.Length);
                break;
            case 'm':
                _style = parameters;
                break;
            case 'h' or 'l':
                Assert.Equal("?2026", parameters);
                break;
            default:
                Assert.Fail($"An unknown sequence: {text[at..(end + 1)].Replace("\e", "ESC", StringComparison.Ordinal)}");
                break;
        }

        return end + 1;
    }

    private static (string, string)[,] Blank(int width, int height)
    {
        var cells = new (string, string)[height, width];
        for (int i = 0; i < width * height; i++)
        {
            cells[i / width, i % width] = (" ", "0");
        }

        return cells;
    }
}
