using System.Globalization;
using Bee.Terminal.Frames;
using Bee.Terminal.Keys;
using Bee.Terminal.Screens;

namespace Bee.Terminal.Models;

/// <summary>Shows the histograms of a map as a table, and each as bars or as a heat map over time. A single histogram is shown without the table.</summary>
internal sealed class HistogramTab : TableTab
{
    /// <summary>The maximum number of histograms.</summary>
    public const int Most = 1_000;

    private readonly object _gate = new();
    private readonly Func<object, LiveHistogram> _read;
    private readonly PassClock _passes;
    private readonly bool _startsAtZero;
    private readonly Dictionary<string, Series> _series = [];
    private List<object> _waiting = [];
    private List<LiveRow> _filtered = [];
    private long _arrived;
    private long _beyond;
    private bool _isOpen;
    private bool _isHeat;
    private int _top;
    private int _room = 1;

    /// <param name="name">The name of the tab.</param>
    /// <param name="read">Converts an item to a histogram. Called on the view's thread.</param>
    /// <param name="details">Returns all properties of an item, as lines.</param>
    /// <param name="interval">The poll interval of the map.</param>
    /// <param name="startsAtZero">Whether all counts started with the view.</param>
    public HistogramTab(string name, Func<object, LiveHistogram> read, Func<object, string> details, TimeSpan interval, bool startsAtZero)
        : base(new LiveSchema(name, Columns, row => details(((Series)row).Item)), scrolls: false)
    {
        _read = read;
        _startsAtZero = startsAtZero;
        _passes = new PassClock((long)interval.TotalMilliseconds);
        SortBy(1, descending: true);
    }

    private static IReadOnlyList<LiveColumn> Columns { get; } =
    [
        new("Labels", false, 16, 60, 6, row => ((Series)row).Latest.Labels, row => ((Series)row).Latest.Labels),
        new("Count", true, 8, 12, 7, row => ((Series)row).Latest.Count.ToString(CultureInfo.InvariantCulture), row => ((Series)row).Latest.Count),
        new("Rate", true, 8, 9, 5, row => ShortNumber.Of(((Series)row).Rate) + "/s", row => ((Series)row).Rate),
        new("Values", false, 20, 80, 4, row => ((Series)row).Latest.Summary, row => ((Series)row).Latest.Count),
    ];

    private protected override IReadOnlyList<LiveRow> Filtered => _filtered;

    private protected override int Total => _series.Count;

    private protected override string Note => _beyond == 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $", more histograms than {Most:n0}");

    internal override string Summary => IsChart ? (_isHeat ? "heat map over time, h: bars" : "bars since the start, h: heat map") : base.Summary;

    private bool IsChart => _isOpen || _series.Count == 1;

    /// <inheritdoc/>
    public override void Add(object item)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                _arrived = Clock();
            }

            // Several passes arrive only while the view is paused. The last one of each histogram is used.
            if (_waiting.Count >= 4 * Most)
            {
                _waiting.RemoveRange(0, Most);
            }

            _waiting.Add(item);
        }
    }

    internal override void Take(long now)
    {
        List<object> items;
        long arrived;
        lock (_gate)
        {
            (items, arrived) = (_waiting, _arrived);
            _waiting = items.Count == 0 ? items : [];
        }

        if (items.Count > 0 ? _passes.Begins(arrived) : _passes.IsOverdue(now))
        {
            foreach (Series series in _series.Values)
            {
                series.Begin();
            }
        }

        foreach (object item in items)
        {
            LiveHistogram read = _read(item);
            if (!_series.TryGetValue(read.Key, out Series? series))
            {
                if (_series.Count == Most)
                {
                    _beyond++;
                    continue;
                }

                // The counts in a histogram's first pass were made before the view, so its rates start from them.
                _series[read.Key] = series = new Series(_series.Count + 1, item, read, _passes.Number == 0 && !_startsAtZero ? read : null);
                series.History.Add();
            }

            series.Update(item, read, _passes.Seconds);
        }

        if (items.Count > 0)
        {
            Select();
        }
    }

    internal override void Filter(RowFilter filter)
    {
        base.Filter(filter);
        Select();
    }

    internal override object Unwrap(LiveRow row) => ((Series)row.Item).Item;

    internal override bool Handle(Key key)
    {
        switch (key)
        {
            case { Name: KeyName.Character, Character.Value: 'h' }:
                (_isHeat, _top) = (!_isHeat, 0);
                return true;
            case { Name: KeyName.Enter } when !IsChart:
                (_isOpen, _top) = (true, 0);
                return true;
            case { Name: KeyName.Escape } when _isOpen:
                _isOpen = false;
                return true;
        }

        return IsChart ? Scroll(key) : base.Handle(key);
    }

    internal override IReadOnlyList<LiveBlock> Body(int width, int height, LiveMarks marks)
    {
        _room = height;
        if (!IsChart || Selected is not { Item: Series series } row)
        {
            return base.Body(width, height, marks);
        }

        string mark = marks.Contains(this, row.Id) ? "* " : string.Empty;
        StyledText[] heading = [new(mark + (series.Latest.Labels.Length > 0 ? series.Latest.Labels + "  " : string.Empty), CellStyle.Bold), new(series.Latest.Summary)];
        IReadOnlyList<LiveBlock> chart = _isHeat ? [HeatMap.Draw(series.Latest, series.History, width, height - 1, ref _top)] : [Bars(series.Latest, width, height - 1)];
        return [new TextBlock([heading], 1), .. chart];
    }

    private bool Scroll(Key key)
    {
        int? by = key switch
        {
            { Name: KeyName.Up } or { Name: KeyName.Character, Character.Value: 'k' } => -1,
            { Name: KeyName.Down } or { Name: KeyName.Character, Character.Value: 'j' } => 1,
            { Name: KeyName.PageUp } or { Name: KeyName.Control, Character.Value: 'b' } => -_room,
            { Name: KeyName.PageDown } or { Name: KeyName.Control, Character.Value: 'f' } => _room,
            { Name: KeyName.Home } or { Name: KeyName.Character, Character.Value: 'g' } => -10_000,
            { Name: KeyName.End } or { Name: KeyName.Character, Character.Value: 'G' } => 10_000,
            _ => null,
        };
        _top = Math.Clamp(_top + (by ?? 0), 0, 10_000);
        return by is not null;
    }

    private TableBlock Bars(LiveHistogram histogram, int width, int height)
    {
        int rows = height - 1;
        _top = Math.Clamp(_top, 0, Math.Max(0, histogram.Buckets.Count - rows));
        ulong most = Math.Max(1, histogram.Buckets.Count == 0 ? 1 : histogram.Buckets.Max(bucket => bucket.Count));
        int range = Math.Min(width / 2, histogram.Buckets.Count == 0 ? 5 : histogram.Buckets.Max(bucket => bucket.Range.Length));
        int count = Math.Max(5, most.ToString(CultureInfo.InvariantCulture).Length);
        int bar = Math.Max(1, width - range - count - 2);
        TableRow[] lines = [.. histogram.Buckets.Skip(_top).Take(rows).Select(bucket => new TableRow(
            [new(bucket.Range), new(bucket.Count.ToString(CultureInfo.InvariantCulture)), new(Bar(bucket.Count, most, bar), new CellStyle(Foreground: 6))], CellStyle.Plain))];
        return new TableBlock([new("Range", range, false, false), new("Count", count, true, false), new("", bar, false, false)], lines, height);
    }

    // Measured in eighths of a character. A bucket that is not empty always shows something.
    private static string Bar(ulong count, ulong most, int width)
    {
        int eighths = count == 0 ? 0 : Math.Max(1, (int)Math.Round((double)count / most * width * 8));
        return new string('\u2588', eighths / 8) + (eighths % 8 == 0 ? string.Empty : (char)('\u2590' - eighths % 8));
    }

    private void Select()
    {
        _filtered = [.. _series.Values.Where(series => CurrentFilter.IsEmpty || CurrentFilter.Passes(Schema.Columns, series)).Select(series => new LiveRow(series.Id, series))];
        Resort();
    }

    private sealed class Series(long id, object item, LiveHistogram first, LiveHistogram? before)
    {
        // The histogram at the start of the interval; null if it was empty.
        private LiveHistogram? _before = before;

        public long Id { get; } = id;

        public object Item { get; private set; } = item;

        public LiveHistogram Latest { get; private set; } = first;

        public double Rate { get; private set; }

        public HeatHistory History { get; } = new();

        public void Begin()
        {
            Rate = 0;
            _before = Latest;
            History.Add();
        }

        public void Update(object item, LiveHistogram read, double seconds)
        {
            ulong earlier = _before?.Count ?? 0;
            History.Set(read, _before);
            Rate = seconds > 0 && read.Count > earlier ? (read.Count - earlier) / seconds : 0;
            (Item, Latest) = (item, read);
        }
    }
}

/// <summary>A histogram for the view, with counts since the start.</summary>
/// <param name="Labels">The labels; empty if it is the only one.</param>
/// <param name="Count">The number of values.</param>
/// <param name="Summary">The statistics of all values, on one line.</param>
/// <param name="Buckets">The buckets in ascending order.</param>
internal sealed record LiveHistogram(string Labels, ulong Count, string Summary, IReadOnlyList<LiveBucket> Buckets)
{
    /// <summary>Identifies the histogram within its map. By default its labels, unless they may change, as the name of a container does when it becomes known.</summary>
    public string Key { get; init; } = Labels;
}

/// <summary>A bucket of a histogram.</summary>
/// <param name="From">The lower limit; null if it has none.</param>
/// <param name="Range">The limits as text.</param>
/// <param name="Count">The number of values.</param>
internal readonly record struct LiveBucket(double? From, string Range, ulong Count);
