using System.Globalization;
using Bee.Terminal.Models;
using Bee.Terminal.Tests.Support;

namespace Bee.Terminal.Tests.Models;

public sealed class EntryTabTests
{
    private static readonly LiveSchema s_schema = new("counter",
    [
        new("Key", false, 8, 10, 5, item => ((Count)item).Key, item => ((Count)item).Key),
        new("Value", true, 8, 10, 6, item => ((Count)item).Value.ToString(CultureInfo.InvariantCulture), item => ((Count)item).Value),
    ],
    item => item.ToString()!);

    [Fact]
    public void Rates_are_those_of_the_last_interval()
    {
        (Viewer viewer, EntryTab tab) = Make(givesAll: false);
        Read(viewer, tab, 1000, new Count("a", 100), new Count("b", 50));
        Assert.Contains("0/s", Row(viewer, "a"), StringComparison.Ordinal);
        Read(viewer, tab, 2000, new Count("a", 600), new Count("c", 40));
        Assert.Contains("500/s", Row(viewer, "a"), StringComparison.Ordinal);
        // A new key has counted from zero.
        Assert.Contains("40/s", Row(viewer, "c"), StringComparison.Ordinal);
        Read(viewer, tab, 3000, new Count("c", 41));
        Assert.Contains(" 1/s", Row(viewer, "c"), StringComparison.Ordinal);
        Read(viewer, tab, 4000, new Count("c", 42));
        Assert.Contains(" 0/s", Row(viewer, "a"), StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_no_longer_change_have_no_rate_even_without_new_entries()
    {
        (Viewer viewer, EntryTab tab) = Make(givesAll: false);
        Read(viewer, tab, 1000, new Count("a", 100));
        Read(viewer, tab, 2000, new Count("a", 200));
        viewer.Now = 9000;
        viewer.Look();
        Assert.Contains(" 0/s", Row(viewer, "a"), StringComparison.Ordinal);
    }

    [Fact]
    public void Deleted_keys_disappear_if_a_pass_returns_all_entries()
    {
        (Viewer viewer, EntryTab tab) = Make(givesAll: true);
        Read(viewer, tab, 1000, new Count("gone", 1), new Count("stays", 1));
        Read(viewer, tab, 2000, new Count("stays", 2));
        Read(viewer, tab, 3000, new Count("stays", 3));
        Assert.DoesNotContain("gone", viewer.Text, StringComparison.Ordinal);
        Assert.Contains("stays", viewer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_largest_value_is_first_and_rates_can_be_sorted_by()
    {
        (Viewer viewer, EntryTab tab) = Make(givesAll: false);
        Read(viewer, tab, 1000, new Count("large", 1000), new Count("small", 1));
        Read(viewer, tab, 2000, new Count("large", 1001), new Count("small", 100));
        Assert.Contains("large", viewer.Lines[3], StringComparison.Ordinal);
        viewer.Press("s");
        Assert.Contains("by Rate", viewer.Lines[22], StringComparison.Ordinal);
        Assert.Contains("small", viewer.Lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public void A_trend_is_a_line_of_bars()
    {
        (Viewer viewer, EntryTab tab) = Make(givesAll: false);
        long value = 0;
        for (int second = 1; second <= 5; second++)
        {
            Read(viewer, tab, second * 1000, new Count("a", value += second * 10));
        }

        Assert.Contains('\u2588', Row(viewer, "a"));
        Assert.Contains('\u2584', Row(viewer, "a"));
    }

    [Fact]
    public void More_keys_than_fit_are_reported()
    {
        (Viewer viewer, EntryTab tab) = Make(givesAll: false);
        Read(viewer, tab, 1000, [.. Enumerable.Range(0, EntryTab.Keys + 5).Select(number => new Count($"key{number}", number))]);
        Assert.Contains("10,000 rows", viewer.Lines[22], StringComparison.Ordinal);
        Assert.Contains("more keys than 10,000", viewer.Lines[22], StringComparison.Ordinal);
    }

    private static (Viewer Viewer, EntryTab Tab) Make(bool givesAll)
    {
        var viewer = new Viewer(80, 24);
        var source = new EntrySource(item => ((Count)item).Key, item => ((Count)item).Value, 1, TimeSpan.FromSeconds(1), givesAll, StartsAtZero: true);
        var tab = new EntryTab(s_schema, source) { Clock = () => viewer.Now };
        viewer.Model.Add(tab);
        return (viewer, tab);
    }

    private static void Read(Viewer viewer, EntryTab tab, long now, params Count[] entries)
    {
        viewer.Now = now;
        Array.ForEach(entries, tab.Add);
        viewer.Look();
    }

    private static string Row(Viewer viewer, string key) => viewer.Lines.Skip(3).Single(line => line.StartsWith($"  {key} ", StringComparison.Ordinal));

    private sealed record Count(string Key, long Value);
}
