using System.Globalization;
using Bee.Terminal.Frames;
using Bee.Terminal.Keys;
using Bee.Terminal.Screens;

namespace Bee.Terminal.Models;

/// <summary>A tab that is a table: a selected row, a sorted column, a part that is visible.</summary>
public abstract class TableTab : LiveTab
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

    // Newest rows at the end, unless the user sorts.
    private bool Scrolls { get; }

    private protected RowFilter CurrentFilter { get; private set; } = RowFilter.None;

    /// <summary>The column that rows are sorted by; negative for the order of arrival.</summary>
    private protected int SortColumn { get; private set; } = -1;

    private protected bool IsDescending { get; private set; }

    /// <summary>The rows that pass the filter, in the order of arrival.</summary>
    private protected abstract IReadOnlyList<LiveRow> Filtered { get; }

    /// <summary>How many rows there are, with those that do not pass.</summary>
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

    /// <summary>Sorts by a column from now on.</summary>
    private protected void SortBy(int column, bool descending)
    {
        SortColumn = column;
        IsDescending = descending;
        Resort();
    }

    /// <summary>The rows that pass, sorted. The order of arrival is the order of equals.</summary>
    private protected IReadOnlyList<LiveRow> Visible()
    {
        if (SortColumn < 0 && !IsDescending)
        {
            return Filtered;
        }

        _sorted ??= Sorted();
        return _sorted;
    }

    /// <summary>Sorts again at the next look: rows were added or have changed.</summary>
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

    // Values of one column can have several types where several types share a tab.
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
        // Of numbers the largest are of interest.
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

    // The place of the selected row; where it is gone, the place where it was.
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
