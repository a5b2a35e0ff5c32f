using System.Globalization;
using System.Text;
using Bee.Terminal.Frames;
using Bee.Terminal.Keys;
using Bee.Terminal.Screens;

namespace Bee.Terminal.Models;

/// <summary>The state of a view and its reaction to keys, without a terminal. Tabs and their items can be added on any thread. All other members belong to the view's thread.</summary>
internal sealed class LiveModel
{
    /// <summary>The minimum size of the screen.</summary>
    public const int LeastWidth = 60, LeastHeight = 15;

    // Two lines above the body and two below it.
    private const int Frame = 4;
    private const int MostTabs = 32;

    private static readonly CellStyle s_faint = new(Look: CellLook.Dim);

    private readonly object _gate = new();
    private readonly List<LiveTab> _tabs = [];
    private readonly string _title;
    private readonly Func<LiveStatus> _status;
    private readonly LiveMarks _marks = new();
    private readonly RateMeter _rate = new();
    private readonly StringBuilder _typed = new();
    private RowFilter _filter = RowFilter.None;
    private Page _page;
    private string[] _lines = [];
    private string _heading = string.Empty;
    private int _top;
    private int _active;
    private int _room = 1;
    private bool _isTyping;

    /// <param name="title">The name of the source.</param>
    /// <param name="status">Returns the state of the source. Called for each frame.</param>
    public LiveModel(string title, Func<LiveStatus> status)
    {
        _title = title;
        _status = status;
    }

    private enum Page
    {
        Tab,
        Help,
        Object,
    }

    /// <summary>Whether the user has ended the view.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Whether the display is frozen.</summary>
    public bool IsPaused { get; private set; }

    /// <summary>The marked objects, in the order in which they were marked. Read this after the view has ended.</summary>
    public IReadOnlyList<object> Marked => _marks.Items;

    /// <summary>Adds a tab. Safe from any thread.</summary>
    /// <param name="tab">The tab.</param>
    /// <returns>False if there are too many tabs.</returns>
    public bool Add(LiveTab tab)
    {
        lock (_gate)
        {
            if (_tabs.Count == MostTabs)
            {
                return false;
            }

            _tabs.Add(tab);
            return true;
        }
    }

    /// <summary>Ends the view. Safe from any thread.</summary>
    public void Close() => IsClosed = true;

    /// <summary>Handles a key.</summary>
    /// <param name="key">The key.</param>
    public void Handle(Key key)
    {
        if (key is { Name: KeyName.F10 } || key == Key.Control('c') || (!_isTyping && key == Key.Of('q')))
        {
            IsClosed = true;
            return;
        }

        if (_isTyping)
        {
            Type(key);
        }
        else if (_page == Page.Tab)
        {
            OnTab(key);
        }
        else
        {
            OnPage(key);
        }
    }

    /// <summary>Processes new items and returns the content to show.</summary>
    /// <param name="width">The screen's width.</param>
    /// <param name="height">The screen's height.</param>
    /// <param name="now">The current time in milliseconds.</param>
    public LiveFrame Look(int width, int height, long now)
    {
        LiveTab[] tabs = Tabs();
        foreach (LiveTab tab in tabs)
        {
            if (IsPaused)
            {
                tab.Skip();
            }
            else
            {
                tab.Take(now);
            }
        }

        _room = Math.Max(1, height - Frame);
        LiveTab? active = Active(tabs);
        LiveStatus status = _status();
        return new LiveFrame(width, height, Title(status), Status(status, now), TabLine(tabs, width), Body(active, width), [Line(active, tabs.Length), Hints(width)]);
    }

    private IReadOnlyList<LiveBlock> Body(LiveTab? active, int width)
    {
        if (width < LeastWidth || _room + Frame < LeastHeight)
        {
            return [new TextBlock([[new($"This screen is too small: {LeastWidth}x{LeastHeight} at least.")]], _room)];
        }

        return _page switch
        {
            Page.Help => Box("Keys", [.. LiveKeys.All.Select(key => $"{key.Keys,-19} {key.Meaning}")], width),
            Page.Object => Box(_heading, _lines, width),
            _ when active is null => [new TextBlock([[new("No data yet.", s_faint)]], _room)],
            _ => active.Body(width, _room, _marks),
        };
    }

    private BoxBlock[] Box(string heading, string[] lines, int width)
    {
        string[] wrapped = [.. lines.SelectMany(line => Wrap(line, width - 4))];
        _top = Math.Clamp(_top, 0, Math.Max(0, wrapped.Length - (_room - 2)));
        string more = wrapped.Length > _room - 2 ? string.Create(CultureInfo.InvariantCulture, $" {_top + 1}-{Math.Min(wrapped.Length, _top + _room - 2)} of {wrapped.Length}") : string.Empty;
        return [new BoxBlock(heading + more, [.. wrapped.Skip(_top).Take(_room - 2).Select(line => new StyledText[] { new(line) })], _room)];
    }

    private static IEnumerable<string> Wrap(string line, int width)
    {
        for (int at = 0; at == 0 || at < line.Length; at += width)
        {
            yield return line.Substring(at, Math.Min(width, line.Length - at));
        }
    }

    private LiveTab[] Tabs()
    {
        lock (_gate)
        {
            return [.. _tabs];
        }
    }

    private LiveTab? Active(LiveTab[] tabs) => tabs.Length == 0 ? null : tabs[_active = Math.Clamp(_active, 0, tabs.Length - 1)];

    // The status is never cut; a long title is.
    private StyledText[] Title(LiveStatus status)
    {
        var title = new List<StyledText>();
        if (IsPaused)
        {
            title.Add(new(" PAUSED ", CellStyle.Reverse));
            title.Add(new(" "));
        }

        if (status.HasEnded)
        {
            title.Add(new(" ENDED ", CellStyle.Reverse));
            title.Add(new(" "));
        }

        return [.. title, new(_title, CellStyle.Bold)];
    }

    private StyledText[] Status(LiveStatus status, long now)
    {
        double rate = _rate.Of(status.Count, now);
        var parts = new List<StyledText> { new($" {ShortNumber.Of(rate)}/s") };
        if (status.CanLose)
        {
            parts.Add(new(" lost "));
            parts.Add(status.Lost is { } lost ? new(ShortNumber.Of(lost), lost > 0 ? new CellStyle(Foreground: 1, Look: CellLook.Bold) : CellStyle.Plain) : new("?"));
        }

        if (status.Dropped is { } dropped)
        {
            parts.Add(new(" dropped "));
            parts.Add(new(ShortNumber.Of(dropped), dropped > 0 ? new CellStyle(Foreground: 1, Look: CellLook.Bold) : CellStyle.Plain));
        }

        if (status.Fill is { } fill)
        {
            parts.Add(new(string.Create(CultureInfo.InvariantCulture, $" buffer {fill * 100:0}%")));
            if (status.HighWater is { } high)
            {
                parts.Add(new(string.Create(CultureInfo.InvariantCulture, $" max {high * 100:0}%")));
            }
        }

        if (status.Share is { } share)
        {
            parts.Add(new(string.Create(CultureInfo.InvariantCulture, $" cpu {(share < 0.1 ? $"{share * 100:0.##}" : $"{share * 100:0}")}%")));
        }

        return [.. parts];
    }

    // Shows as many tabs as fit, including the active one.
    private StyledText[] TabLine(LiveTab[] tabs, int width)
    {
        string[] labels = [.. tabs.Select((tab, place) => place < 9 ? $" {place + 1} {tab.Name} " : $" {tab.Name} ")];
        int first = 0;
        while (first < _active && labels.Skip(first).Take(_active - first + 1).Sum(label => label.Length) > width - 2)
        {
            first++;
        }

        StyledText[] shown = [.. labels.Select((label, place) => new StyledText(label, place == _active ? CellStyle.Reverse : CellStyle.Plain)).Skip(first)];
        return first > 0 ? [new("<"), .. shown] : shown;
    }

    private StyledText[] Line(LiveTab? active, int tabs)
    {
        if (_isTyping)
        {
            return [new("/", CellStyle.Bold), new(_typed.ToString()), new(" ", CellStyle.Reverse), new("  Enter keeps, Esc drops", s_faint)];
        }

        var line = new List<StyledText>();
        if (!_filter.IsEmpty)
        {
            line.Add(new($"/{_filter.Text}  ", CellStyle.Bold));
        }

        if (active is not null)
        {
            line.Add(new(active.Summary));
        }

        if (_marks.Count > 0)
        {
            line.Add(new(string.Create(CultureInfo.InvariantCulture, $", {_marks.Count:n0} marked"), new CellStyle(Foreground: 3)));
        }

        return [.. line];
    }

    private StyledText[] Hints(int width)
    {
        string hints = _page != Page.Tab ? "Esc back  j/k scroll  q quit" : "? help  q quit  Space pause  / filter  s sort  Enter open";
        return [new((hints + (_page == Page.Tab && width >= 80 ? "  m mark  Tab next" : string.Empty)), s_faint)];
    }

    private void Type(Key key)
    {
        switch (key.Name)
        {
            case KeyName.Enter:
                _isTyping = false;
                return;
            case KeyName.Escape:
                _isTyping = false;
                _typed.Clear();
                break;
            case KeyName.Backspace when _typed.Length > 0:
                _typed.Length -= char.IsLowSurrogate(_typed[^1]) ? 2 : 1;
                break;
            case KeyName.Control when key == Key.Control('u'):
                _typed.Clear();
                break;
            case KeyName.Character when _typed.Length < 200:
                _typed.Append(key.Character.ToString());
                break;
            default:
                return;
        }

        Filter(new RowFilter(_typed.ToString()));
    }

    private void Filter(RowFilter filter)
    {
        _filter = filter;
        foreach (LiveTab tab in Tabs())
        {
            tab.Filter(filter);
        }
    }

    private void OnTab(Key key)
    {
        LiveTab[] tabs = Tabs();
        LiveTab? active = Active(tabs);
        switch (key)
        {
            case { Name: KeyName.F1 } or { Name: KeyName.Character, Character.Value: '?' }:
                (_page, _top) = (Page.Help, 0);
                break;
            case { Name: KeyName.Character, Character.Value: ' ' }:
                Pause(!IsPaused, active);
                break;
            case { Name: KeyName.Character, Character.Value: '/' }:
                _isTyping = true;
                _typed.Clear().Append(_filter.Text);
                break;
            case { Name: KeyName.Escape } when active?.Handle(key) != true:
                Filter(RowFilter.None);
                break;
            case { Name: KeyName.Tab } when tabs.Length > 0:
                _active = (_active + 1) % tabs.Length;
                break;
            case { Name: KeyName.BackTab } when tabs.Length > 0:
                _active = (_active + tabs.Length - 1) % tabs.Length;
                break;
            case { Name: KeyName.Character, Character.Value: >= '1' and <= '9' } when key.Character.Value - '1' < tabs.Length:
                _active = key.Character.Value - '1';
                break;
            case { Name: KeyName.Character, Character.Value: 'm' } when active?.Selected is { } row:
                _marks.Toggle(active, row);
                break;
            case { Name: KeyName.Character, Character.Value: 'u' }:
                _marks.Clear();
                break;
            case { Name: KeyName.Enter } when active?.Handle(key) == true:
                break;
            case { Name: KeyName.Enter } when active?.Selected is { } row:
                (_page, _top, _heading, _lines) = (Page.Object, 0, active.Name, active.Details(row).Split('\n'));
                break;
            default:
                if (active?.Handle(key) == true)
                {
                    OnMoved(key, active);
                }

                break;
        }
    }

    private void OnMoved(Key key, LiveTab active)
    {
        if (active.WantsPause)
        {
            IsPaused = true;
        }
        else if (IsPaused && (key.Name == KeyName.End || key == Key.Of('G')))
        {
            Pause(false, active);
        }
    }

    private void Pause(bool isPaused, LiveTab? active)
    {
        IsPaused = isPaused;
        if (!isPaused)
        {
            active?.Follow();
        }
    }

    private void OnPage(Key key)
    {
        switch (key)
        {
            case { Name: KeyName.Escape or KeyName.Enter }:
                _page = Page.Tab;
                break;
            case { Name: KeyName.F1 } or { Name: KeyName.Character, Character.Value: '?' }:
                (_page, _top) = _page == Page.Help ? (Page.Tab, 0) : (Page.Help, 0);
                break;
            case { Name: KeyName.Up } or { Name: KeyName.Character, Character.Value: 'k' }:
                _top--;
                break;
            case { Name: KeyName.Down } or { Name: KeyName.Character, Character.Value: 'j' }:
                _top++;
                break;
            case { Name: KeyName.PageUp } or { Name: KeyName.Control, Character.Value: 'b' }:
                _top -= _room - 2;
                break;
            case { Name: KeyName.PageDown } or { Name: KeyName.Control, Character.Value: 'f' } or { Name: KeyName.Character, Character.Value: ' ' }:
                _top += _room - 2;
                break;
            case { Name: KeyName.Home } or { Name: KeyName.Character, Character.Value: 'g' }:
                _top = 0;
                break;
            case { Name: KeyName.End } or { Name: KeyName.Character, Character.Value: 'G' }:
                _top = int.MaxValue / 2;
                break;
        }
    }
}
