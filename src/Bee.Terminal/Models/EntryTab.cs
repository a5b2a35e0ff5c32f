using System.Globalization;
using Bee.Terminal.Frames;
using Bee.Terminal.Screens;

namespace Bee.Terminal.Models;

/// <summary>Shows the entries of a map that is polled: one row for each key, with the growth rate of its value.</summary>
internal sealed class EntryTab : TableTab
{
    /// <summary>The maximum number of keys.</summary>
    public const int Keys = 10_000;

    private static readonly CellStyle s_trend = new(Foreground: 6);

    private readonly object _gate = new();
    private readonly EntrySource _source;
    private readonly PassClock _passes;
    private readonly Dictionary<object, Entry> _entries = [];
    private readonly int _trendColumn;
    private Dictionary<object, object> _waiting = [];
    private Dictionary<object, object> _taken = [];
    private List<LiveRow> _filtered = [];
    private long _arrived;
    private long _beyond;
    private long _lastId;

    /// <param name="schema">The columns.</param>
    /// <param name="source">The source of the entries.</param>
    public EntryTab(LiveSchema schema, EntrySource source) : base(Wrap(schema, source), scrolls: false)
    {
        _source = source;
        _passes = new PassClock((long)source.Interval.TotalMilliseconds);
        _trendColumn = source.Value is null ? -1 : Schema.Columns.Count - 1;
        if (source.ValueColumn >= 0)
        {
            SortBy(source.ValueColumn, descending: true);
        }
    }

    private protected override IReadOnlyList<LiveRow> Filtered => _filtered;

    private protected override int Total => _entries.Count;

    private protected override string Note => _beyond == 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $", more keys than {Keys:n0}");

    /// <inheritdoc/>
    public override void Add(object item)
    {
        object key = _source.Key(item);
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                _arrived = Clock();
            }

            if (_waiting.Count < Keys || _waiting.ContainsKey(key))
            {
                _waiting[key] = item;
            }
            else
            {
                _beyond++;
            }
        }
    }

    internal override void Take(long now)
    {
        Dictionary<object, object> items;
        long arrived;
        lock (_gate)
        {
            (items, arrived) = (_waiting, _arrived);
            (_waiting, _taken) = (_taken, items);
        }

        bool changed = false;
        if (items.Count > 0 && _passes.Begins(arrived))
        {
            EndPass();
        }

        while (items.Count == 0 && _passes.IsOverdue(now))
        {
            EndPass();
            changed = true;
        }

        foreach ((object key, object item) in items)
        {
            Take(key, item);
        }

        if (items.Count > 0 || changed)
        {
            items.Clear();
            Select();
        }
    }

    internal override void Filter(RowFilter filter)
    {
        base.Filter(filter);
        Select();
    }

    internal override object Unwrap(LiveRow row) => ((Entry)row.Item).Item;

    private protected override StyledText Cell(int column, int width, LiveRow row) =>
        column == _trendColumn ? new(((Entry)row.Item).Trend.Draw(width), s_trend) : base.Cell(column, width, row);

    private static LiveSchema Wrap(LiveSchema schema, EntrySource source)
    {
        List<LiveColumn> columns = [.. schema.Columns.Select(column => column with { Text = row => column.Text(((Entry)row).Item), Value = row => column.Value(((Entry)row).Item) })];
        if (source.Value is not null)
        {
            columns.Add(new LiveColumn("Rate", true, 8, 9, 8, row => ShortNumber.Of(((Entry)row).Rate) + "/s", row => ((Entry)row).Rate));
            columns.Add(new LiveColumn("Trend", false, 8, 48, 3, row => string.Empty, row => ((Entry)row).Rate));
        }

        return schema with { Columns = columns, Details = row => schema.Details(((Entry)row).Item) };
    }

    private void Take(object key, object item)
    {
        double? value = _source.Value?.Invoke(item);
        if (!_entries.TryGetValue(key, out Entry? entry))
        {
            if (_entries.Count >= Keys)
            {
                _beyond++;
                return;
            }

            // The value of a key that appears later began at zero. Values in the first pass began before the view.
            _entries[key] = entry = new Entry(++_lastId, item) { Value = _passes.Number > 0 && _source.StartsAtZero ? 0 : value ?? 0 };
        }

        if (_passes.Seconds > 0 && value is { } number)
        {
            entry.Rate = (number - entry.Value) / _passes.Seconds;
        }

        if (entry.Pass != _passes.Number)
        {
            entry.Trend.Add(entry.Rate);
        }

        (entry.Item, entry.Value, entry.Pass) = (item, value ?? 0, _passes.Number);
    }

    // Entries that the last pass did not return are unchanged, or deleted if passes return all entries.
    private void EndPass()
    {
        foreach ((object key, Entry entry) in _entries)
        {
            if (entry.Pass < _passes.Number - 1)
            {
                if (_source.GivesAll)
                {
                    _entries.Remove(key);
                    continue;
                }

                entry.Rate = 0;
                entry.Trend.Add(0);
                entry.Pass = _passes.Number - 1;
            }
        }
    }

    private void Select()
    {
        _filtered = [.. _entries.Values.Where(entry => CurrentFilter.IsEmpty || CurrentFilter.Passes(Schema.Columns, entry)).Select(entry => new LiveRow(entry.Id, entry))];
        Resort();
    }

    private sealed class Entry(long id, object item)
    {
        public long Id { get; } = id;

        public object Item { get; set; } = item;

        public double Value { get; set; }

        public double Rate { get; set; }

        public int Pass { get; set; } = -1;

        public Trend Trend { get; } = new();
    }
}

/// <summary>Describes the entries of a tab.</summary>
/// <param name="Key">Returns the identity of an entry within its map. Called on the thread that adds entries.</param>
/// <param name="Value">Returns the value of an entry as a number; null if entries have none.</param>
/// <param name="ValueColumn">The index of the column with that number, which is the initial sort order; negative for none.</param>
/// <param name="Interval">The poll interval of the map.</param>
/// <param name="GivesAll">Whether each pass returns all entries, so that a missing entry has been deleted.</param>
/// <param name="StartsAtZero">Whether the value of a new key starts at zero, as a counter does.</param>
internal sealed record EntrySource(Func<object, object> Key, Func<object, double?>? Value, int ValueColumn, TimeSpan Interval, bool GivesAll, bool StartsAtZero);
