using System.Globalization;
using Bee.Terminal.Frames;
using Bee.Terminal.Keys;
using Bee.Terminal.Screens;

namespace Bee.Terminal.Models;

/// <summary>A tab with a table that has a selected row, a sort order and a visible part.</summary>
internal abstract class TableTab : LiveTab
{
    private Anchor _anchor;
    private long _selected;
    private int _at;
    private int _top;
    private int _page = 10;
    private bool _movedAway;

    private protected TableTab(LiveSchema schema, bool scrolls) : base(schema.Name)
    {
        Schema = schema;
        Scrolls = scrolls;
        _anchor = scrolls ? Anchor.Tail : Anchor.Head;
    }

    private enum Anchor
    {
        Head,
        Tail,
        Row,
    }

    private protected LiveSchema Schema { get; }

    // Whether the newest rows are at the end unless the user sorts.
    private bool Scrolls { get; }

    private protected RowFilter CurrentFilter { get; private set; } = RowFilter.None;

    /// <summary>The index of the column to sort by; negative for the order of arrival.</summary>
    private protected int SortColumn { get; private set; } = -1;

    private protected bool IsDescending { get; private set; }

    /// <summary>The rows that match the filter, in the order of arrival.</summary>
    private protected abstract IReadOnlyList<LiveRow> Filtered { get; }

    /// <summary>The number of all rows, including those that do not match the filter.</summary>
    private protected abstract int Total { get; }

    private protected virtual string Note => string.Empty;

    internal sealed override bool WantsPause => Scrolls && _movedAway;

    internal override LiveRow? Selected => Visible() is { Count: > 0 } rows ? rows[Locate(rows)] : null;

    internal override string Summary
    {
        get
        {
            string rows = string.Create(CultureInfo.InvariantCulture, $"{(CurrentFilter.IsEmpty ? Total : Filtered.Count):n0}{(CurrentFilter.IsEmpty ? string.Empty : $" of {Total:n0}")} {(Total == 1 ? "row" : "rows")}");
            string sort = SortColumn < 0 ? string.Empty : $" by {Schema.Columns[SortColumn].Name} {(IsDescending ? "\u25bc" : "\u25b2")}";
            return rows + sort + Note;
        }
    }

    internal override void Follow()
    {
        _anchor = Scrolls && SortColumn < 0 ? Anchor.Tail : Anchor.Head;
        _movedAway = false;
    }

    internal override void Filter(RowFilter filter)
    {
        CurrentFilter = filter;
        if (!_movedAway)
        {
            Follow();
        }
    }

    internal override string Details(LiveRow row) => Schema.Details(row.Item);

    internal override bool Handle(Key key)
    {
        _movedAway = false;
        switch (key)
        {
            case { Name: KeyName.Up } or { Name: KeyName.Character, Character.Value: 'k' }:
                Move(-1);
                return true;
            case { Name: KeyName.Down } or { Name: KeyName.Character, Character.Value: 'j' }:
                Move(1);
                return true;
            case { Name: KeyName.PageUp } or { Name: KeyName.Control, Character.Value: 'b' }:
                Move(-_page);
                return true;
            case { Name: KeyName.PageDown } or { Name: KeyName.Control, Character.Value: 'f' }:
                Move(_page);
                return true;
            case { Name: KeyName.Home } or { Name: KeyName.Character, Character.Value: 'g' }:
                Move(-Visible().Count);
                return true;
            case { Name: KeyName.End } or { Name: KeyName.Character, Character.Value: 'G' }:
                _anchor = Anchor.Tail;
                return true;
            case { Name: KeyName.Character, Character.Value: 's' or '>' }:
                Sort(SortColumn + 1);
                return true;
            case { Name: KeyName.Character, Character.Value: '<' }:
                Sort(SortColumn - 1);
                return true;
            case { Name: KeyName.Character, Character.Value: 'r' }:
                IsDescending = !IsDescending;
                Resort();
                return true;
            default:
                return false;
        }
    }

    internal override IReadOnlyList<LiveBlock> Body(int width, int height, LiveMarks marks)
    {
        IReadOnlyList<LiveRow> rows = Visible();
        _page = Math.Max(1, height - 1);
        int at = Locate(rows);
        _top = Math.Clamp(_anchor == Anchor.Tail ? rows.Count : Math.Clamp(_top, at - _page + 1, at), 0, Math.Max(0, rows.Count - _page));
        IReadOnlyList<(int Column, int Width)> layout = ColumnLayout.Fit(Schema.Columns, width - 2, SortColumn);
        TableColumn[] columns = [new("", 1, false, false), .. layout.Select(one => Heading(one.Column, one.Width))];
        var shown = new List<TableRow>();
        for (int i = _top; i < Math.Min(rows.Count, _top + _page); i++)
        {
            LiveRow row = rows[i];
            bool isMarked = marks.Contains(this, row.Id);
            CellStyle style = new(Foreground: isMarked ? 3 : null, Look: i == at ? CellLook.Reverse : CellLook.Plain);
            shown.Add(new TableRow([new(isMarked ? "*" : " "), .. layout.Select(one => Cell(one.Column, one.Width, row))], style));
        }

        return [new TableBlock(columns, shown, height)];
    }

    /// <summary>Sorts by a column.</summary>
    private protected void SortBy(int column, bool descending)
    {
        SortColumn = column;
        IsDescending = descending;
        Resort();
    }

    /// <summary>Returns the matching rows, sorted. Equal rows keep the order of arrival.</summary>
    private protected IReadOnlyList<LiveRow> Visible()
    {
        if (SortColumn < 0 && !IsDescending)
        {
            return Filtered;
        }

        _sorted ??= Sorted();
        return _sorted;
    }

    /// <summary>Marks the sort order as outdated, because rows were added or changed.</summary>
    private protected void Resort() => _sorted = null;

    private IReadOnlyList<LiveRow>? _sorted;

    private LiveRow[] Sorted()
    {
        LiveRow[] rows = [.. Filtered];
        if (SortColumn < 0)
        {
            Array.Reverse(rows);
            return rows;
        }

        Func<object, IComparable?> value = Schema.Columns[SortColumn].Value;
        var keys = new (IComparable? Value, long Id)[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            keys[i] = (value(rows[i].Item), rows[i].Id);
        }

        int sign = IsDescending ? -1 : 1;
        Array.Sort(keys, rows, Comparer<(IComparable? Value, long Id)>.Create((a, b) => Compare(a.Value, b.Value) is var order && order != 0 ? sign * order : a.Id.CompareTo(b.Id)));
        return rows;
    }

    // Values of one column can have several types if several event types share a tab.
    private static int Compare(IComparable? a, IComparable? b) => a is null || b is null
        ? (a is null ? 0 : 1) - (b is null ? 0 : 1)
        : a is string x && b is string y ? string.CompareOrdinal(x, y)
        : a.GetType() == b.GetType() ? a.CompareTo(b)
        : string.CompareOrdinal($"{a}", $"{b}");

    private TableColumn Heading(int column, int width) => new(
        Schema.Columns[column].Name + (column == SortColumn && Schema.Columns[column].Name.Length < width ? IsDescending ? "\u25bc" : "\u25b2" : ""), width, Schema.Columns[column].AlignRight, column == SortColumn);

    private protected virtual StyledText Cell(int column, int width, LiveRow row) => new(Schema.Columns[column].Text(row.Item));

    private void Sort(int column)
    {
        SortColumn = column < -1 ? Schema.Columns.Count - 1 : column == Schema.Columns.Count ? -1 : column;
        // Numbers sort descending first, since the largest are of interest.
        IsDescending = SortColumn >= 0 && Schema.Columns[SortColumn].AlignRight;
        Resort();
        Follow();
    }

    private void Move(int by)
    {
        IReadOnlyList<LiveRow> rows = Visible();
        if (rows.Count == 0)
        {
            return;
        }

        _at = Math.Clamp(Locate(rows) + by, 0, rows.Count - 1);
        _selected = rows[_at].Id;
        _anchor = by < 0 && _at == 0 && !Scrolls ? Anchor.Head : Anchor.Row;
        _movedAway = true;
    }

    // Returns the index of the selected row, or its former index if the row is gone.
    private int Locate(IReadOnlyList<LiveRow> rows)
    {
        int last = rows.Count - 1;
        if (_anchor != Anchor.Row || last < 0)
        {
            return _at = _anchor == Anchor.Head ? 0 : Math.Max(0, last);
        }

        if (_at > last || rows[_at].Id != _selected)
        {
            int found = Find(rows);
            _at = found >= 0 ? found : Math.Clamp(_at, 0, last);
            _selected = rows[_at].Id;
        }

        return _at;
    }

    private int Find(IReadOnlyList<LiveRow> rows)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            if (rows[i].Id == _selected)
            {
                return i;
            }
        }

        return -1;
    }
}

/// <summary>Chooses the columns that fit a width, and their widths.</summary>
internal static class ColumnLayout
{
    /// <summary>Returns the indices of the columns that fit, in order, with their widths.</summary>
    /// <param name="columns">All columns.</param>
    /// <param name="width">The total width, including one space between columns.</param>
    /// <param name="keep">The index of a column that always stays; negative for none.</param>
    public static IReadOnlyList<(int Column, int Width)> Fit(IReadOnlyList<LiveColumn> columns, int width, int keep = -1)
    {
        List<int> chosen = [.. Enumerable.Range(0, columns.Count)];
        while (chosen.Count > 1 && chosen.Sum(place => columns[place].Least) + chosen.Count - 1 > width)
        {
            int drop = chosen.Count - 1;
            for (int i = chosen.Count - 1; i >= 0; i--)
            {
                if (chosen[drop] == keep || (chosen[i] != keep && columns[chosen[i]].Interest < columns[chosen[drop]].Interest))
                {
                    drop = i;
                }
            }

            chosen.RemoveAt(drop);
        }

        int[] widths = [.. chosen.Select(place => Math.Min(columns[place].Least, Math.Max(1, width)))];
        int left = width - widths.Sum() - (chosen.Count - 1);
        for (bool grew = true; grew && left > 0;)
        {
            grew = false;
            for (int i = 0; i < widths.Length && left > 0; i++)
            {
                if (widths[i] < columns[chosen[i]].Preferred)
                {
                    (widths[i], left, grew) = (widths[i] + 1, left - 1, true);
                }
            }
        }

        return [.. chosen.Select((place, i) => (place, widths[i]))];
    }
}

/// <summary>A column of a view's table.</summary>
/// <param name="Name">The heading.</param>
/// <param name="AlignRight">Whether the text is aligned to the right.</param>
/// <param name="Least">The minimum width. The column is omitted if it does not fit.</param>
/// <param name="Preferred">The width that fits most values.</param>
/// <param name="Interest">The priority. Columns with lower numbers are omitted first.</param>
/// <param name="Text">Returns the text of an item, on one line. Called on the view's thread.</param>
/// <param name="Value">Returns the sort key of an item; null sorts first. Called on the view's thread.</param>
internal sealed record LiveColumn(string Name, bool AlignRight, int Least, int Preferred, int Interest, Func<object, string> Text, Func<object, IComparable?> Value);

/// <summary>Describes the items of a tab.</summary>
/// <param name="Name">The tab's name.</param>
/// <param name="Columns">The columns in order, at least one.</param>
/// <param name="Details">Returns all properties of an item, as lines.</param>
internal sealed record LiveSchema(string Name, IReadOnlyList<LiveColumn> Columns, Func<object, string> Details);

/// <summary>An item with its row number.</summary>
/// <param name="Id">The row number. It never changes, and later rows have higher ones.</param>
/// <param name="Item">The item.</param>
internal readonly record struct LiveRow(long Id, object Item);

/// <summary>A filter that the user has typed.</summary>
/// <remarks>Each word must occur in a column, ignoring case. A word after <c>!</c> must not occur.</remarks>
internal sealed class RowFilter
{
    public static readonly RowFilter None = new(string.Empty);

    private readonly (string Word, bool IsWanted)[] _words;

    public RowFilter(string text)
    {
        Text = text;
        _words = [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word[0] == '!' ? (word[1..], false) : (word, true)).Where(word => word.Item1.Length > 0)];
    }

    public string Text { get; }

    /// <summary>Whether the filter matches every row.</summary>
    public bool IsEmpty => _words.Length == 0;

    public bool Passes(IReadOnlyList<LiveColumn> columns, object item)
    {
        Span<bool> found = _words.Length <= 32 ? stackalloc bool[_words.Length] : new bool[_words.Length];
        found.Clear();
        foreach (LiveColumn column in columns)
        {
            string text = column.Text(item);
            for (int i = 0; i < _words.Length; i++)
            {
                found[i] |= text.Contains(_words[i].Word, StringComparison.OrdinalIgnoreCase);
            }
        }

        for (int i = 0; i < _words.Length; i++)
        {
            if (found[i] != _words[i].IsWanted)
            {
                return false;
            }
        }

        return true;
    }
}
