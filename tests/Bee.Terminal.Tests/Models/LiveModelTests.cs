using Bee.Terminal.Models;
using Bee.Terminal.Tests.Support;

namespace Bee.Terminal.Tests.Models;

public sealed class LiveModelTests
{
    [Theory]
    [InlineData("q")]
    [InlineData("\x03")]
    [InlineData("\e[21~")]
    public void Keys_that_end_the_view(string key)
    {
        var viewer = new Viewer(80, 24);
        viewer.Look().Press(key);
        Assert.True(viewer.Model.IsClosed);
    }

    [Theory]
    [InlineData(60, 15)]
    [InlineData(80, 24)]
    [InlineData(200, 50)]
    public void Help_lists_every_key_on_every_screen(int width, int height)
    {
        var viewer = new Viewer(width, height);
        viewer.Look().Press("?");
        var seen = new HashSet<string>();
        for (int page = 0; page < LiveKeys.All.Count; page++)
        {
            foreach ((string keys, string meaning) in LiveKeys.All)
            {
                if (viewer.Lines.Any(line => line.Contains(keys, StringComparison.Ordinal) && line.Contains(meaning, StringComparison.Ordinal)))
                {
                    seen.Add(keys);
                }
            }

            viewer.Press("j");
        }

        Assert.Equal(LiveKeys.All.Select(key => key.Keys).Order(), seen.Order());
        viewer.Press("\e");
        Assert.DoesNotContain("quit  Space", viewer.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Tabs_are_chosen_by_number_and_in_turn()
    {
        var viewer = new Viewer(80, 24);
        for (int number = 1; number <= 3; number++)
        {
            var tab = new EventTab(Viewer.Numbers with { Name = $"tab{number}" });
            tab.Add(number * 11);
            viewer.Model.Add(tab);
        }

        Assert.Contains("number 11", viewer.Look().Text, StringComparison.Ordinal);
        Assert.Contains("number 22", viewer.Press("\t").Text, StringComparison.Ordinal);
        Assert.Contains("number 33", viewer.Press("3").Text, StringComparison.Ordinal);
        Assert.Contains("number 11", viewer.Press("\t").Text, StringComparison.Ordinal);
        Assert.Contains("number 33", viewer.Press("\e[Z").Text, StringComparison.Ordinal);
        Assert.Contains("number 33", viewer.Press("9").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_active_tab_is_visible_among_many()
    {
        var viewer = new Viewer(60, 15);
        for (int number = 1; number <= 20; number++)
        {
            viewer.Model.Add(new EventTab(Viewer.Numbers with { Name = $"a_long_name_{number}" }));
        }

        viewer.Look().Press("\e[Z");
        Assert.Contains("a_long_name_20", viewer.Lines[1], StringComparison.Ordinal);
        viewer.Press("1");
        Assert.Contains("a_long_name_1 ", viewer.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_screen_that_is_too_small_shows_a_message()
    {
        var viewer = new Viewer(50, 10);
        Assert.Contains("60x15", viewer.Look().Text, StringComparison.Ordinal);
        viewer.Press("q");
        Assert.True(viewer.Model.IsClosed);
    }

    [Theory]
    [InlineData(0.00842, " cpu 0.84%")]
    [InlineData(0.5, " cpu 50%")]
    [InlineData(1.7, " cpu 170%")]
    [InlineData(0.0, " cpu 0%")]
    [InlineData(null, null)]
    public void The_header_shows_the_cpu_share_if_it_is_counted(double? share, string? text)
    {
        var viewer = new Viewer(80, 24) { Status = new(1000, 3, 12, 0.25, 0.5, true, false, share) };
        viewer.Look();

        if (text is null)
        {
            Assert.DoesNotContain("cpu", viewer.Lines[0], StringComparison.Ordinal);
        }
        else
        {
            Assert.EndsWith(text, viewer.Lines[0].TrimEnd(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(null, "lost ?")]
    [InlineData(0UL, "lost 0")]
    [InlineData(123_456UL, "lost 123k")]
    public void The_header_shows_losses_and_the_fill_of_buffers(ulong? lost, string text)
    {
        var viewer = new Viewer(80, 24) { Status = new(1000, lost, 12, 0.25, 0.5, true, true) };
        viewer.Look();
        Assert.Contains(text, viewer.Lines[0], StringComparison.Ordinal);
        Assert.Contains("dropped 12", viewer.Lines[0], StringComparison.Ordinal);
        Assert.Contains("buffer 25% max 50%", viewer.Lines[0], StringComparison.Ordinal);
        Assert.Contains("ENDED", viewer.Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void The_header_shows_the_event_rate()
    {
        var viewer = new Viewer(80, 24);
        viewer.Look();
        viewer.Now = 1000;
        viewer.Status = viewer.Status with { Count = 100_000 };
        Assert.Contains(" 100k/s", viewer.Look().Lines[0], StringComparison.Ordinal);
    }
}
