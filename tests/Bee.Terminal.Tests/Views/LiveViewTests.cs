using Bee.Terminal.Devices;
using Bee.Terminal.Frames;
using Bee.Terminal.Models;
using Bee.Terminal.Tests.Support;
using Bee.Toolchain.Isolation;

namespace Bee.Terminal.Tests.Views;

public sealed class LiveViewTests : IDisposable
{
    private readonly FakeTerminal _terminal = new();
    private readonly LiveModel _model = new("tool", () => new LiveStatus(0, 0, null, null, null, false, false));
    private readonly EventTab _tab = new(Viewer.Numbers);
    private readonly LiveView _view;

    public LiveViewTests()
    {
        _model.Add(_tab);
        _view = new LiveView(_model, _terminal, Isolated.Create<ILiveRenderer>(), plain: false);
    }

    public void Dispose() => _view.Dispose();

    [Fact]
    public void A_key_ends_the_view_and_the_terminal_is_left_before_the_owner_knows()
    {
        _view.Start();
        Assert.True(_terminal.IsEntered);
        _terminal.Type("q");
        _view.Wait(CancellationToken.None);
        Assert.False(_terminal.IsEntered);
        Assert.Null(_view.Fault);
    }

    [Fact]
    public void Frames_come_ten_times_a_second_at_most()
    {
        _view.Start();
        for (int number = 0; _terminal.Writes.Count < 12; number++)
        {
            _tab.Add(number);
        }

        _terminal.Type("q");
        _view.Wait(CancellationToken.None);
        long[] writes = [.. _terminal.Writes];
        // The clock counts in steps of some milliseconds.
        Assert.InRange(writes.Length, 12, ((writes[^1] - writes[0]) / 95) + 2);
    }

    [Fact]
    public void A_screen_at_rest_is_not_written_again()
    {
        _tab.Add(1);
        _view.Start();
        _terminal.WaitFor("number 1 of many");
        int writes = _terminal.Writes.Count;
        Assert.True(_view.Frames <= writes + 1);
        Thread.Sleep(500);
        Assert.Equal(writes, _terminal.Writes.Count);
    }

    [Fact]
    public void An_escape_alone_is_a_key()
    {
        _tab.Add(1);
        _view.Start();
        _terminal.Type("?");
        _terminal.WaitFor("Keys");
        _terminal.Type("\e");
        _terminal.WaitFor("number 1 of many");
    }

    [Fact]
    public void A_new_size_is_followed()
    {
        _tab.Add(1);
        _view.Start();
        _terminal.WaitFor("number 1 of many");
        _terminal.Resize(120, 40);
        _terminal.WaitFor("m mark  Tab next");
        _terminal.WaitFor("number 1 of many");
    }

    [Fact]
    public void Suspending_restores_the_terminal_and_continuing_enters_it_again()
    {
        _tab.Add(1);
        _view.Start();
        _terminal.Type("\x1a");
        _terminal.Type("?");
        _terminal.WaitFor("Keys");
        Assert.Equal((1, 2, true), (_terminal.Suspended, _terminal.Entered, _terminal.IsEntered));
    }

    [Fact]
    public void A_terminal_that_is_gone_ends_the_view()
    {
        _view.Start();
        _terminal.IsGone = true;
        _view.Wait(CancellationToken.None);
        Assert.True(_model.IsClosed);
    }

    [Fact]
    public void A_fault_of_the_renderer_ends_the_view_and_is_kept()
    {
        var terminal = new FakeTerminal();
        using var view = new LiveView(_model, terminal, new Broken(), plain: false);
        view.Start();
        view.Wait(CancellationToken.None);
        Assert.IsType<InvalidOperationException>(view.Fault);
        Assert.False(terminal.IsEntered);
    }

    [Theory]
    [InlineData(false, "xterm", true, "not a terminal")]
    [InlineData(true, null, true, "TERM is not set")]
    [InlineData(true, "", true, "TERM is not set")]
    [InlineData(true, "dumb", true, "TERM is dumb")]
    [InlineData(true, "xterm", false, "no controlling terminal")]
    public void WhyNot_reports_why_a_view_cannot_be_shown(bool isTerminal, string? term, bool hasControl, string why) =>
        Assert.Contains(why, TerminalSupport.WhyNot(isTerminal, term, hasControl), StringComparison.Ordinal);

    [Fact]
    public void A_terminal_that_moves_its_cursor_is_good_enough() => Assert.Null(TerminalSupport.WhyNot(true, "tmux-256color", true));

    private sealed class Broken : ILiveRenderer
    {
        public IReadOnlyList<IReadOnlyList<Bee.Terminal.Screens.StyledCell>> Render(LiveFrame frame) => throw new InvalidOperationException("broken");
    }
}
