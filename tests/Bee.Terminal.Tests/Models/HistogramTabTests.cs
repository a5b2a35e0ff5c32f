using Bee.Terminal.Models;
using Bee.Terminal.Tests.Support;

namespace Bee.Terminal.Tests.Models;

public sealed class HistogramTabTests
{
    [Fact]
    public void One_histogram_is_bars_and_h_makes_it_a_heat_map()
    {
        (Viewer viewer, HistogramTab tab) = Make();
        Read(viewer, tab, 1000, Histogram("", 1, 0, 8));
        Assert.Contains("bars since the start", viewer.Lines[22], StringComparison.Ordinal);
        string full = viewer.Lines.Single(line => line.StartsWith("[4, 8)", StringComparison.Ordinal));
        string eighth = viewer.Lines.Single(line => line.StartsWith("[1, 2)", StringComparison.Ordinal));
        Assert.Equal(8, full.Count(letter => letter == '\u2588') / eighth.Count(letter => letter == '\u2588'));
        viewer.Press("h");
        Assert.Contains("heat map over time", viewer.Lines[22], StringComparison.Ordinal);
        // The first interval: nothing was counted before the view.
        Assert.EndsWith("\u2588", viewer.Lines.Single(line => line.StartsWith("[4, 8)", StringComparison.Ordinal)), StringComparison.Ordinal);
        Read(viewer, tab, 2000, Histogram("", 1, 5, 8));
        // In the second interval, only the middle bucket has grown. The largest values are on top.
        string[] rows = [.. viewer.Lines.Where(line => line.StartsWith('['))];
        Assert.StartsWith("[4, 8)", rows[0], StringComparison.Ordinal);
        Assert.Equal(80, rows[1].Length);
        Assert.Equal(79, rows[0].Length);
        viewer.Press("h");
        Assert.Contains("bars since the start", viewer.Lines[22], StringComparison.Ordinal);
    }

    [Fact]
    public void Several_histograms_are_a_table_and_Enter_opens_one()
    {
        (Viewer viewer, HistogramTab tab) = Make();
        Read(viewer, tab, 1000, Histogram("disk=sda", 1, 2, 3), Histogram("disk=sdb", 5, 5, 5));
        Assert.Contains("disk=sdb", viewer.Lines[3], StringComparison.Ordinal);
        Assert.Contains("disk=sda", viewer.Lines[4], StringComparison.Ordinal);
        viewer.Press("j\r");
        Assert.Contains("disk=sda", viewer.Lines[2], StringComparison.Ordinal);
        Assert.Contains("[4, 8)", viewer.Text, StringComparison.Ordinal);
        viewer.Press("\e");
        Assert.Contains("disk=sdb", viewer.Lines[3], StringComparison.Ordinal);
        viewer.Press("m");
        Assert.Equal("disk=sda", Assert.IsType<LiveHistogram>(Assert.Single(viewer.Model.Marked)).Labels);
    }

    [Fact]
    public void A_histogram_whose_label_changes_stays_one()
    {
        (Viewer viewer, HistogramTab tab) = Make();
        Read(viewer, tab, 1000, Histogram("container=0123456789ab", 1, 2) with { Key = "7" }, Histogram("container=db", 1) with { Key = "8" });
        Read(viewer, tab, 2000, Histogram("container=web", 1, 3) with { Key = "7" }, Histogram("container=db", 1) with { Key = "8" });

        Assert.Contains("container=web", viewer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789ab", viewer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Buckets_beyond_the_screen_are_scrolled_to()
    {
        (Viewer viewer, HistogramTab tab) = Make(60, 15);
        Read(viewer, tab, 1000, Histogram("", [.. Enumerable.Repeat(1UL, 40)]));
        Assert.DoesNotContain(viewer.Lines, line => line.StartsWith("[549755813888,", StringComparison.Ordinal));
        viewer.Press("G");
        Assert.Contains(viewer.Lines, line => line.StartsWith("[549755813888,", StringComparison.Ordinal));
        viewer.Press("g");
        Assert.Contains(viewer.Lines, line => line.StartsWith("[1, 2)", StringComparison.Ordinal));
    }

    private static (Viewer Viewer, HistogramTab Tab) Make(int width = 80, int height = 24)
    {
        var viewer = new Viewer(width, height);
        var tab = new HistogramTab("hist", item => (LiveHistogram)item, item => item.ToString()!, TimeSpan.FromSeconds(1), startsAtZero: true) { Clock = () => viewer.Now };
        viewer.Model.Add(tab);
        return (viewer, tab);
    }

    private static LiveHistogram Histogram(string labels, params ulong[] counts)
    {
        ulong sum = 0;
        Array.ForEach(counts, count => sum += count);
        return new LiveHistogram(labels, sum, $"{sum} values", [.. counts.Select((count, place) => new LiveBucket(1UL << place, $"[{1UL << place}, {2UL << place})", count))]);
    }

    private static void Read(Viewer viewer, HistogramTab tab, long now, params LiveHistogram[] histograms)
    {
        viewer.Now = now;
        Array.ForEach(histograms, tab.Add);
        viewer.Look();
    }
}
