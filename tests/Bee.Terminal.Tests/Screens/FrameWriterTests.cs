using System.Text;
using Bee.Terminal.Screens;
using Bee.Terminal.Tests.Support;

namespace Bee.Terminal.Tests.Screens;

public sealed class FrameWriterTests
{
    [Fact]
    public void Successive_differences_produce_the_last_frame()
    {
        var random = new Random(9);
        var writer = new FrameWriter(plain: false);
        var screen = new VirtualScreen(30, 6);
        StyledCell[][] picture = [.. Enumerable.Range(0, 6).Select(_ => Enumerable.Repeat(StyledCell.Blank, 30).ToArray())];
        for (int frame = 0; frame < 400; frame++)
        {
            for (int change = random.Next(12); change >= 0; change--)
            {
                StyledCell[] line = picture[random.Next(6)];
                int at = random.Next(28);
                if (line[at].Text.Length == 0 || line[at + 1].Text.Length == 0 || line[at + 2].Text.Length == 0)
                {
                    continue;
                }

                var style = new CellStyle((byte)random.Next(20), random.Next(2) == 0 ? null : (byte)random.Next(256), (CellLook)random.Next(16));
                bool isWide = random.Next(8) == 0;
                line[at] = new StyledCell(isWide ? "\u6f22" : ((char)('a' + random.Next(26))).ToString(), style);
                line[at + 1] = isWide ? new StyledCell("", style) : line[at + 1];
            }

            screen.Write(writer.Write(picture, 30, 6));
            Assert.Equal(picture.Select(line => string.Concat(line.Select(cell => cell.Text)).TrimEnd()), screen.Lines);
        }
    }

    [Fact]
    public void A_picture_that_does_not_differ_writes_nothing()
    {
        var writer = new FrameWriter(plain: false);
        Assert.NotEmpty(writer.Write([Line("abc")], 10, 2));
        Assert.Empty(writer.Write([Line("abc")], 10, 2));
        writer.Reset();
        Assert.NotEmpty(writer.Write([Line("abc")], 10, 2));
    }

    [Fact]
    public void One_changed_cell_is_written_alone()
    {
        var writer = new FrameWriter(plain: false);
        writer.Write([Line(new string('a', 200))], 200, 50);
        string text = Encoding.UTF8.GetString(writer.Write([Line(new string('a', 100) + "b" + new string('a', 99))], 200, 50));
        Assert.Equal("\e[?2026h\e[1;101Hb\e[?2026l", text);
    }

    [Theory]
    [InlineData("\e")]
    [InlineData("\n")]
    [InlineData("\x07")]
    [InlineData("\u009b")]
    [InlineData("\u202e")]
    [InlineData("\u2066")]
    [InlineData("\u200b")]
    [InlineData("\U000e0041")]
    public void Characters_that_a_terminal_obeys_do_not_pass(string letter)
    {
        string text = Encoding.UTF8.GetString(new FrameWriter(plain: true).Write([[new StyledCell(letter, CellStyle.Plain)]], 4, 1));
        Assert.DoesNotContain(letter, text.Replace("\e[", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_colors_looks_stay()
    {
        var style = new CellStyle(1, 200, CellLook.Bold | CellLook.Reverse);
        string plain = Encoding.UTF8.GetString(new FrameWriter(plain: true).Write([[new StyledCell("x", style)]], 4, 1));
        Assert.Contains("\e[0;1;7mx", plain, StringComparison.Ordinal);
        Assert.DoesNotContain(";31", plain, StringComparison.Ordinal);
        Assert.DoesNotContain(";48;", plain, StringComparison.Ordinal);
        Assert.Contains("\e[0;1;7;31;48;5;200mx", Encoding.UTF8.GetString(new FrameWriter(plain: false).Write([[new StyledCell("x", style)]], 4, 1)), StringComparison.Ordinal);
    }

    private static StyledCell[] Line(string text) => [.. text.Select(letter => new StyledCell(letter.ToString(), CellStyle.Plain))];
}
