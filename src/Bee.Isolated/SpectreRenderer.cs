using System.Text;
using Bee.Posix;
using Bee.Terminal.Frames;
using Bee.Terminal.Screens;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Bee.Isolated;

/// <summary>Lays out frames with Spectre.Console, and converts its segments to cells. Writes nothing to a terminal.</summary>
public sealed class SpectreRenderer : ILiveRenderer
{
    private readonly Dictionary<CellStyle, Style> _styles = [];
    private readonly Dictionary<Style, CellStyle> _looks = [];
    private readonly Dictionary<int, int> _widths = [];
    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.Yes,
        ColorSystem = ColorSystemSupport.EightBit,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(TextWriter.Null),
    });

    /// <inheritdoc/>
    IReadOnlyList<IReadOnlyList<StyledCell>> ILiveRenderer.Render(LiveFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        var lines = new List<IReadOnlyList<StyledCell>>(frame.Height);
        Add(lines, Head(frame), frame.Width, 1);
        Add(lines, Line(frame.Tabs, frame.Width), frame.Width, 1);
        foreach (LiveBlock block in frame.Body)
        {
            Add(lines, Block(block, frame.Width), frame.Width, block.Height);
        }

        foreach (IReadOnlyList<StyledText> line in frame.Footer)
        {
            Add(lines, Line(line, frame.Width), frame.Width, 1);
        }

        return lines;
    }

    private Grid Head(LiveFrame frame)
    {
        int status = Math.Min(frame.Width, frame.Status.Sum(span => Width(Safe(span.Text))));
        var grid = new Grid { Expand = true, Width = frame.Width };
        grid.AddColumn(new GridColumn { NoWrap = true, Width = frame.Width - status, Padding = new Padding(0, 0, 0, 0) });
        grid.AddColumn(new GridColumn { NoWrap = true, Width = status, Padding = new Padding(0, 0, 0, 0), Alignment = Justify.Right });
        grid.AddRow(Line(frame.Title, frame.Width - status), Line(frame.Status, status));
        return grid;
    }

    private IRenderable Block(LiveBlock block, int width) => block switch
    {
        TableBlock table => Rows(table),
        BoxBlock box => new Panel(new Rows(box.Lines.Take(box.Height - 2).Select(line => Line(line, width - 4))))
        {
            Header = new PanelHeader(Markup.Escape(Safe(box.Heading))),
            Border = BoxBorder.Rounded,
            Width = width,
            Height = box.Height,
            Expand = true,
            Padding = new Padding(1, 0, 1, 0),
        },
        TextBlock text => new Rows(text.Lines.Take(text.Height).Select(line => Line(line, width))),
        _ => Text.Empty,
    };

    private Table Rows(TableBlock block)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (Bee.Terminal.Frames.TableColumn column in block.Columns)
        {
            CellStyle style = new(Look: column.IsSorted ? CellLook.Bold | CellLook.Reverse : CellLook.Bold);
            table.AddColumn(new Spectre.Console.TableColumn(Cell(new StyledText(column.Heading, style), column, style))
            {
                Width = column.Width,
                NoWrap = true,
                Alignment = column.AlignRight ? Justify.Right : Justify.Left,
                Padding = new Padding(0, 0, ReferenceEquals(column, block.Columns[^1]) ? 0 : 1, 0),
            });
        }

        foreach (Bee.Terminal.Frames.TableRow row in block.Rows)
        {
            table.AddRow(row.Cells.Select((cell, at) => Cell(cell, block.Columns[at], row.Style)));
        }

        return table;
    }

    // Applies the style of the row to the padding too, so that a selected row is one bar.
    private Text Cell(StyledText cell, Bee.Terminal.Frames.TableColumn column, CellStyle row)
    {
        string text = Safe(cell.Text);
        int width = Width(text);
        if (width > column.Width)
        {
            text = Cut(text, column.Width);
            width = Width(text);
        }

        string blanks = new(' ', Math.Max(0, column.Width - width));
        CellStyle style = cell.Style == CellStyle.Plain ? row : cell.Style with { Look = cell.Style.Look | row.Look, Background = cell.Style.Background ?? row.Background };
        return new Text(column.AlignRight ? blanks + text : text + blanks, Of(style)) { Overflow = Overflow.Crop };
    }

    private string Cut(string text, int width)
    {
        var cut = new StringBuilder();
        int used = 0;
        foreach (Rune letter in text.EnumerateRunes())
        {
            used += Width(letter);
            if (used > width - 1)
            {
                break;
            }

            cut.Append(letter.ToString());
        }

        return width > 0 ? cut.Append('\u2026').ToString() : string.Empty;
    }

    // Cut here, because Spectre's paragraphs break lines between words.
    private Paragraph Line(IEnumerable<StyledText> spans, int width)
    {
        var line = new Paragraph { Overflow = Overflow.Crop };
        int left = width;
        foreach (StyledText span in spans)
        {
            string text = Safe(span.Text);
            int used = Width(text);
            line.Append(used > left ? Cut(text, left) : text, Of(span.Style));
            left -= used;
            if (left <= 0)
            {
                break;
            }
        }

        return line;
    }

    private static string Safe(string text) => TerminalText.Show(text);

    private void Add(List<IReadOnlyList<StyledCell>> lines, IRenderable block, int width, int height)
    {
        RenderOptions options = RenderOptions.Create(_console, _console.Profile.Capabilities) with { ConsoleSize = new Size(width, height), Height = height };
        int first = lines.Count;
        foreach (SegmentLine line in Segment.SplitLines(block.Render(options, width), width, height))
        {
            lines.Add(Cells(line, width));
        }

        while (lines.Count < first + height)
        {
            lines.Add([]);
        }
    }

    private List<StyledCell> Cells(SegmentLine line, int width)
    {
        var cells = new List<StyledCell>(width);
        foreach (Segment segment in line)
        {
            CellStyle style = _looks.GetValueOrDefault(segment.Style);
            foreach (Rune letter in segment.Text.EnumerateRunes())
            {
                int count = Width(letter);
                if (count == 0 && cells.Count > 0)
                {
                    cells[^1] = cells[^1] with { Text = cells[^1].Text + letter };
                    continue;
                }

                cells.Add(new StyledCell(letter.ToString(), style));
                if (count == 2)
                {
                    cells.Add(new StyledCell(string.Empty, style));
                }
            }
        }

        return cells;
    }

    private int Width(string text)
    {
        int width = 0;
        foreach (Rune letter in text.EnumerateRunes())
        {
            width += Width(letter);
        }

        return width;
    }

    private int Width(Rune letter)
    {
        if (letter.Value < 0x300)
        {
            return 1;
        }

        if (!_widths.TryGetValue(letter.Value, out int width))
        {
            _widths[letter.Value] = width = new Segment(letter.ToString()).CellCount();
        }

        return width;
    }

    private Style Of(CellStyle look)
    {
        if (!_styles.TryGetValue(look, out Style style))
        {
            Decoration decoration = (look.Look.HasFlag(CellLook.Bold) ? Decoration.Bold : 0) | (look.Look.HasFlag(CellLook.Dim) ? Decoration.Dim : 0)
                | (look.Look.HasFlag(CellLook.Underline) ? Decoration.Underline : 0) | (look.Look.HasFlag(CellLook.Reverse) ? Decoration.Invert : 0);
            style = new Style(look.Foreground is { } front ? Color.FromInt32(front) : Color.Default, look.Background is { } back ? Color.FromInt32(back) : Color.Default, decoration);
            _styles[look] = style;
            _looks[style] = look;
        }

        return style;
    }
}
