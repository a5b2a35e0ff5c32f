using Bee.Cmdlets.Tests;
using Bee.Terminal.Models;
using Bee.Terminal.Tests.Support;

namespace Bee.Terminal.Tests.Views;

/// <summary>Presses all keys that <c>?</c> lists, in a real terminal, while events arrive. Each size has a class, so that they run in parallel.</summary>
public abstract class KeyTests(FirehoseObject firehose, int width, int height, int burst, string quit) : IClassFixture<FirehoseObject>
{
    protected void Drive()
    {
        using var session = ViewSession.ShowFirehose(firehose, width, height, burst);
        KernelIds held = Kernel.Held(session.ProcessId);
        Tmux screen = session.Screen;
        var driven = new HashSet<string>();

        On("Space", () =>
        {
            screen.Press("Space");
            screen.WaitFor("PAUSED");
            screen.Press("Space");
            screen.WaitForEndOf("PAUSED");
        });
        // The newest rows push the first one out, until the first move pauses.
        On("Home g", () =>
        {
            foreach (string key in new[] { "Home", "g" })
            {
                screen.Press(key);
                screen.WaitFor(() => screen.SelectedLine == 3, "the first row selected");
                screen.Press("j");
                screen.WaitFor(() => screen.SelectedLine == 4, "the second row selected");
            }
        });
        On("Up k, Down j", () =>
        {
            foreach ((string key, int line) in new[] { ("k", 3), ("j", 4), ("Down", 5), ("Up", 4) })
            {
                screen.Press(key);
                screen.WaitFor(() => screen.SelectedLine == line, $"line {line} selected");
            }
        });
        On("PgUp ^B, PgDn ^F", () =>
        {
            screen.Press("g");
            screen.WaitFor(() => screen.SelectedLine == 3, "the first row selected");
            foreach ((string down, string up) in new[] { ("NPage", "PPage"), ("C-f", "C-b") })
            {
                string first = screen.Lines[3];
                screen.Press(down);
                screen.WaitFor(() => screen.Lines[3] != first, "the next page");
                screen.Press(up);
                screen.Press(up);
                screen.WaitFor(() => screen.Lines[3] == first, "the first page");
            }
        });
        On("m, u", () =>
        {
            screen.Press("m");
            screen.WaitFor("1 marked");
            screen.Press("u");
            screen.WaitForEndOf("marked");
        });
        On("Enter", () =>
        {
            screen.Press("Enter");
            screen.WaitFor("MapName : print_events");
        });
        On("Esc", () =>
        {
            screen.Press("Escape");
            screen.WaitForEndOf("MapName");
        });
        On("End G", () =>
        {
            foreach (string key in new[] { "End", "G" })
            {
                screen.Press("k");
                screen.WaitFor("PAUSED");
                screen.Press(key);
                screen.WaitForEndOf("PAUSED");
            }
        });
        On("/", () =>
        {
            screen.Press("/");
            screen.Type("99");
            screen.Press("Enter");
            screen.WaitFor(" of 10,000 rows");
            screen.Press("Escape");
            screen.WaitForEndOf(" of 10,000 rows");
        });
        On("s >, <", () =>
        {
            foreach ((string key, string text) in new[] { ("s", "by at"), (">", "by seq"), ("<", "by at") })
            {
                screen.Press(key);
                screen.WaitFor(text);
            }
        });
        On("r", () =>
        {
            bool wasDescending = screen.Text.Contains('\u25bc');
            screen.Press("r");
            screen.WaitFor(() => screen.Text.Contains(wasDescending ? '\u25b2' : '\u25bc'), "the order reversed");
            screen.Press("<");
            screen.WaitForEndOf("by at");
        });
        On("Tab, Shift-Tab, 1-9", () =>
        {
            foreach ((string key, int tab) in new[] { ("Tab", 1), ("BTab", 4), ("2", 2), ("3", 3) })
            {
                screen.Press(key);
                screen.WaitFor(() => screen.ActiveTab == tab, $"tab {tab}");
            }
        });
        On("h", () =>
        {
            screen.WaitFor("Key=");
            screen.Press("Enter");
            screen.WaitFor("bars since the start");
            screen.Press("h");
            screen.WaitFor("heat map over time");
            screen.Press("h");
            screen.WaitFor("bars since the start");
        });
        On("? F1", () =>
        {
            foreach (string key in new[] { "?", "F1" })
            {
                screen.Press(key);
                screen.WaitFor("Keys");
                screen.Press("Escape");
                screen.WaitForEndOf("Keys");
            }
        });
        On("^L", () =>
        {
            screen.Scribble("\e[8;5HSCRIBBLED");
            screen.WaitFor("SCRIBBLED");
            screen.Press("C-l");
            screen.WaitForEndOf("SCRIBBLED");
        });
        On("^Z", () =>
        {
            screen.Press("C-z");
            screen.WaitFor("Stopped");
            screen.Type("fg");
            screen.Press("Enter");
            screen.WaitFor("3 hist_latency_ns");
        });
        On("q ^C F10", () =>
        {
            Assert.NotEmpty(held.Programs);
            screen.Press(quit);
            session.AssertRestored(held);
        });

        // All listed keys must be pressed by the test.
        Assert.Equal(LiveKeys.All.Select(key => key.Keys).Order(StringComparer.Ordinal), driven.Order(StringComparer.Ordinal));

        void On(string keys, Action drive)
        {
            driven.Add(keys);
            drive();
        }
    }
}

public sealed class SmallScreenKeyTests(FirehoseObject firehose) : KeyTests(firehose, 60, 15, 1000, "q")
{
    [LongTerminalFact]
    public void Every_key_that_is_listed_works_at_60x15_under_100_000_events_a_second() => Drive();
}

public sealed class CommonScreenKeyTests(FirehoseObject firehose) : KeyTests(firehose, 80, 24, 200, "C-c")
{
    [TerminalFact]
    public void Every_key_that_is_listed_works_at_80x24_under_load() => Drive();
}

public sealed class LargeScreenKeyTests(FirehoseObject firehose) : KeyTests(firehose, 200, 50, 200, "F10")
{
    [LongTerminalFact]
    public void Every_key_that_is_listed_works_at_200x50_under_load() => Drive();
}
