using Bee.Terminal.Models;
using Bee.Terminal.Tests.Support;

namespace Bee.Terminal.Tests.Models;

public sealed class EventTabTests
{
    public static TheoryData<int, int> Sizes { get; } = new() { { 60, 15 }, { 80, 24 }, { 200, 50 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_newest_rows_are_at_the_end_and_the_first_shows_at_once(int width, int height)
    {
        (Viewer viewer, EventTab tab) = Make(width, height);
        tab.Add(1);
        Assert.Contains("number 1 of many", viewer.Look().Text, StringComparison.Ordinal);
        Add(tab, 2, 1000);
        Assert.Contains("number 1000 of many", viewer.Look().Lines[height - 3], StringComparison.Ordinal);
        Assert.Equal(height - 3, viewer.SelectedLine);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Moving_up_pauses_and_the_last_row_goes_on(int width, int height)
    {
        (Viewer viewer, EventTab tab) = Make(width, height);
        Add(tab, 1, 100);
        viewer.Look().Press("k");
        Assert.Contains("PAUSED", viewer.Lines[0], StringComparison.Ordinal);
        Add(tab, 101, 200);
        viewer.Status = viewer.Status with { Lost = 77, Count = 200 };
        Assert.Contains("number 100 of many", viewer.Look().Lines[height - 3], StringComparison.Ordinal);
        Assert.Contains("lost 77", viewer.Lines[0], StringComparison.Ordinal);
        viewer.Press("G");
        Assert.DoesNotContain("PAUSED", viewer.Lines[0], StringComparison.Ordinal);
        Add(tab, 201, 300);
        Assert.Contains("number 300 of many", viewer.Look().Lines[height - 3], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\e[A", "\e[B")]
    [InlineData("k", "j")]
    public void Arrows_and_letters_move_one_row(string up, string down)
    {
        (Viewer viewer, EventTab tab) = Make(80, 24);
        Add(tab, 1, 100);
        viewer.Look().Press(up + up + down);
        Assert.Equal(20, viewer.SelectedLine);
    }

    [Theory]
    [InlineData("\e[5~", "\e[6~")]
    [InlineData("\x02", "\x06")]
    public void Pages_move_a_screen(string up, string down)
    {
        (Viewer viewer, EventTab tab) = Make(80, 24);
        Add(tab, 1, 100);
        viewer.Look().Press(up);
        Assert.Contains("number 81 of many", viewer.Lines[viewer.SelectedLine], StringComparison.Ordinal);
        viewer.Press(up);
        Assert.Contains("number 62 of many", viewer.Lines[viewer.SelectedLine], StringComparison.Ordinal);
        viewer.Press(down);
        Assert.Contains("number 81 of many", viewer.Lines[viewer.SelectedLine], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\e[H", "\e[F")]
    [InlineData("g", "G")]
    public void First_and_last_row(string first, string last)
    {
        (Viewer viewer, EventTab tab) = Make(80, 24);
        Add(tab, 1, 100);
        viewer.Look().Press(first);
        Assert.Contains("number 1 of many", viewer.Lines[3], StringComparison.Ordinal);
        Assert.Equal(3, viewer.SelectedLine);
        viewer.Press(last);
        Assert.Contains("number 100 of many", viewer.Lines[21], StringComparison.Ordinal);
    }

    [Fact]
    public void Typing_filters_at_each_letter_and_new_rows_too()
    {
        (Viewer viewer, EventTab tab) = Make(80, 24);
        Add(tab, 1, 100);
        viewer.Look().Press("/odd");
        Assert.Contains("/odd", viewer.Lines[22], StringComparison.Ordinal);
        viewer.Press("\r");
        Assert.Contains("50 of 100 rows", viewer.Lines[22], StringComparison.Ordinal);
        Add(tab, 101, 103);
        Assert.Contains("52 of 103 rows", viewer.Look().Lines[22], StringComparison.Ordinal);
        viewer.Press("/ !10\r");
        Assert.Contains("50 of 103 rows", viewer.Lines[22], StringComparison.Ordinal);
        viewer.Press("\e");
        Assert.Contains("103 rows", viewer.Lines[22], StringComparison.Ordinal);
    }

    [Fact]
    public void A_filter_is_typed_with_letters_that_are_keys_elsewhere()
    {
        (Viewer viewer, EventTab tab) = Make(80, 24);
        Add(tab, 1, 3);
        viewer.Look().Press("/q?smx\u007f1");
        Assert.False(viewer.Model.IsClosed);
        Assert.Contains("/q?sm1", viewer.Lines[22], StringComparison.Ordinal);
        viewer.Press("\u00152\r");
        Assert.Contains("1 of 3 rows", viewer.Lines[22], StringComparison.Ordinal);
        viewer.Press("/\e");
        Assert.Contains("3 rows", viewer.Lines[22], StringComparison.Ordinal);
    }

    [Fact]
    public void The_footer_uses_the_singular_for_one_row()
    {
        (Viewer viewer, EventTab tab) = Make(80, 24);
        Add(tab, 1, 1);
        Assert.Matches(@"\b1 row\b", viewer.Look().Lines[22]);
        viewer.Press("/1\r");
        Assert.Matches(@"\b1 of 1 row\b", viewer.Lines[22]);
        Add(tab, 2, 2);
        Assert.Matches(@"\bof 2 rows\b", viewer.Look().Lines[22]);
    }

    [Fact]
    public void Rows_that_came_too_fast_for_a_filter_are_counted()
    {
        (Viewer viewer, EventTab tab) = Make(80, 24);
        viewer.Press("/7\r");
        Add(tab, 1, EventTab.Waiting + 500);
        Assert.Contains("500 arrived too fast to be filtered", viewer.Look().Lines[22], StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_is_bounded_however_many_events_come()
    {
        (Viewer viewer, EventTab tab) = Make(80, 24);
        Add(tab, 1, 1_000_000);
        Assert.Contains("10,000 rows", viewer.Look().Lines[22], StringComparison.Ordinal);
        Assert.Contains("number 1000000 of many", viewer.Lines[21], StringComparison.Ordinal);
        viewer.Press("g");
        Assert.Contains("number 990001 of many", viewer.Lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_are_sorted_by_any_column_in_both_directions()
    {
        (Viewer viewer, EventTab tab) = Make(80, 24);
        foreach (int number in new[] { 5, 1, 9, 4 })
        {
            tab.Add(number);
        }

        viewer.Look().Press("s");
        Assert.Equal([9, 5, 4, 1], Column(viewer, 4));
        viewer.Press("r");
        Assert.Equal([1, 4, 5, 9], Column(viewer, 4));
        viewer.Press(">");
        Assert.Equal([4, 5, 1, 9], Column(viewer, 4));
        viewer.Press("<");
        Assert.Contains("by Number", viewer.Lines[22], StringComparison.Ordinal);
        viewer.Press("<");
        Assert.Equal([5, 1, 9, 4], Column(viewer, 4));
    }

    [Fact]
    public void Marked_objects_are_given_in_the_order_of_the_marking()
    {
        (Viewer viewer, EventTab tab) = Make(80, 24);
        Add(tab, 1, 10);
        viewer.Look().Press("m" + "kkm" + "km" + "jm");
        // The last key removed the mark of 8.
        Assert.Contains("2 marked", viewer.Lines[22], StringComparison.Ordinal);
        Assert.Equal([10, 7], viewer.Model.Marked.Cast<int>());
        viewer.Press("u");
        Assert.Empty(viewer.Model.Marked);
    }

    [Fact]
    public void Enter_opens_the_whole_object_and_Escape_goes_back()
    {
        (Viewer viewer, EventTab tab) = Make(60, 15);
        Add(tab, 1, 3);
        viewer.Look().Press("\r");
        Assert.Contains("Number : 3", viewer.Text, StringComparison.Ordinal);
        viewer.Press("\e");
        Assert.DoesNotContain("Number : 3", viewer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_that_do_not_fit_are_left_out_least_interesting_first()
    {
        (Viewer narrow, EventTab tab) = Make(60, 15, new LiveSchema("wide",
            [.. Enumerable.Range(0, 8).Select(place => new LiveColumn($"Column{place}", false, 12, 20, place, _ => $"value{place}", _ => place))], _ => string.Empty));
        tab.Add(1);
        narrow.Look();
        Assert.Contains("Column7", narrow.Lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain("Column0", narrow.Lines[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\e]0;title\a")]
    [InlineData("\u202etxt")]
    [InlineData("a\nb")]
    public void Hostile_text_does_not_reach_the_screen(string text)
    {
        (Viewer viewer, EventTab tab) = Make(80, 24, new LiveSchema(text, [new(text, false, 10, 40, 1, _ => text, _ => text)], _ => text));
        tab.Add(1);
        // The virtual screen refuses control characters.
        viewer.Look().Press("/" + "a").Press("\e").Press("\r");
        Assert.DoesNotContain('\u202e', viewer.Text);
    }

    private static (Viewer Viewer, EventTab Tab) Make(int width, int height, LiveSchema? schema = null)
    {
        var viewer = new Viewer(width, height);
        var tab = new EventTab(schema ?? Viewer.Numbers);
        viewer.Model.Add(tab);
        return (viewer, tab);
    }

    private static void Add(EventTab tab, int from, int to)
    {
        for (int number = from; number <= to; number++)
        {
            tab.Add(number);
        }
    }

    private static int[] Column(Viewer viewer, int rows) => [.. viewer.Lines.Skip(3).Take(rows).Select(line => int.Parse(line[2..].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture))];
}
