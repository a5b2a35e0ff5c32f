namespace Bee.Telemetry.Collection;

/// <summary>
/// Turns the entries that each pass finds in a map into series that follow Prometheus' rules: a total never falls within one start time, although entries wrap around, are deleted and
/// reappear.
/// </summary>
/// <remarks>
/// <para>Each entry adds its growth since the last pass to its series. A smaller number has either wrapped around or started over. If the number has fewer than 64 bits and a wrap means growth by less
/// than half of its range, it counts as wrapped. Otherwise the entry counts as deleted and recreated, and its whole number is added.</para>
/// <para>A series with a single key starts over with the key, under a new start time. A series that several keys add to continues, and keeps what deleted keys have added.</para>
/// <para>A series whose last entry is deleted keeps its last value for a time, except a gauge. Keys beyond the limit are added up in one overflow series, and a key stays in that series for as long as it
/// exists. The series keeps what deleted keys have added.</para>
/// <para>Not thread-safe.</para>
/// </remarks>
internal sealed class SeriesStore
{
    private readonly Dictionary<string[], Series> _byLabels = new(LabelComparer.Instance);
    private readonly Cell[] _cells;
    private readonly int _cpus;
    private readonly int _totals;
    private readonly bool _isGauge;
    private readonly int _limit;
    private readonly TimeSpan _keep;
    private readonly EntryTable _entries;
    private Series? _overflow;
    private DateTime _before;
    private DateTime _now;
    private int _pass;

    /// <param name="keySize">The size of a key in bytes.</param>
    /// <param name="cells">The numbers of an entry.</param>
    /// <param name="cpus">The number of values of each number: 1, or the number of CPUs.</param>
    /// <param name="totals">The number of totals of a series.</param>
    /// <param name="isGauge">Whether the numbers are gauges rather than counters.</param>
    /// <param name="options">The limit, and the time for which deleted keys are kept.</param>
    public SeriesStore(int keySize, Cell[] cells, int cpus, int totals, bool isGauge, SessionMetricsOptions options)
    {
        _cells = cells;
        _cpus = cpus;
        _totals = totals;
        _isGauge = isGauge;
        _limit = Math.Max(1, options.SeriesLimit);
        _keep = options.KeepDeleted;
        _before = options.Started;
        _entries = new EntryTable(keySize, isGauge ? 0 : cells.Length * cpus);
    }

    /// <summary>Reads the labels of a new entry.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <returns>The label values; null if the entry belongs to the overflow series.</returns>
    public delegate string[]? LabelReader(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    /// <summary>All series, including the overflow series.</summary>
    public IEnumerable<Series> All => _overflow is null ? _byLabels.Values : _byLabels.Values.Append(_overflow);

    /// <summary>The number of series.</summary>
    public int Count => _byLabels.Count + (_overflow is null ? 0 : 1);

    /// <summary>Whether the overflow series exists.</summary>
    public bool HasOverflow => _overflow is not null;

    /// <summary>The number of entries in the last pass.</summary>
    public int Entries => _entries.Count;

    /// <summary>The number of entries that fit into the allocated memory.</summary>
    public int Room => _entries.Room;

    /// <summary>Reports whether the last pass found an entry with a key.</summary>
    public bool Knows(ReadOnlySpan<byte> key) => _entries.Find(key, EntryTable.Hash(key)) >= 0;

    /// <summary>Begins a pass over the map.</summary>
    /// <param name="now">The current time, in UTC.</param>
    public void Begin(DateTime now)
    {
        _pass++;
        // If the clock was set back, a key that reappears must not get its old start time again.
        _now = now > _before ? now : _before.AddTicks(1);
        if (_isGauge)
        {
            foreach (var series in All)
            {
                Array.Clear(series.Levels);
            }
        }
    }

    /// <summary>Processes an entry. An entry that a pass returns twice counts once.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, for the labels.</param>
    /// <param name="numbers">The numbers, with the values of one cell for all CPUs next to each other.</param>
    /// <param name="bucket">The offset to the targets of the cells if the bucket is part of the key; otherwise -1.</param>
    /// <param name="labels">Reads the labels of a new key.</param>
    public void Entry(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ReadOnlySpan<ulong> numbers, int bucket, LabelReader labels)
    {
        var hash = EntryTable.Hash(key);
        var entry = _entries.Find(key, hash);
        var isNew = entry < 0;
        if (isNew)
        {
            var series = Join(labels(key, value), bucket < 0 ? hash : 0);
            entry = _entries.Add(key, hash, series, _pass);
        }
        else if (_isGauge && _entries.Pass(entry) == _pass)
        {
            return;
        }

        _entries.Pass(entry) = _pass;
        if (_isGauge)
        {
            Set(_entries.Of(entry), numbers);
        }
        else
        {
            Grow(_entries.Of(entry), _entries.Last(entry), numbers, Math.Max(0, bucket), isNew);
        }
    }

    /// <summary>Ends a complete pass. Entries that the pass did not see are deleted.</summary>
    public void End()
    {
        _entries.Sweep(_pass, Leave);
        List<Series>? ended = null;
        foreach (var series in _byLabels.Values)
        {
            if (series.Died is { } died && (_isGauge || _now - died >= _keep))
            {
                (ended ??= []).Add(series);
            }
        }

        ended?.ForEach(series => _byLabels.Remove(series.Labels));
        if (_isGauge && _overflow is { Living: 0 })
        {
            _overflow = null;
        }

        _before = _now;
    }

    private void Leave(Series series)
    {
        if (--series.Living == 0 && !series.IsOverflow)
        {
            series.Died = _now;
        }
    }

    private Series Join(string[]? labels, int hash)
    {
        if (labels is null || (!_byLabels.TryGetValue(labels, out var series) && _byLabels.Count >= _limit))
        {
            series = _overflow ??= new Series([], _totals) { Created = _before, IsOverflow = true, IsShared = true };
        }
        else if (series is null)
        {
            series = new Series(labels, _totals) { Created = _before, FirstKey = hash };
            _byLabels.Add(labels, series);
        }
        else
        {
            series.IsShared |= series.FirstKey != hash;
            if (series.Living == 0 && !series.IsShared)
            {
                Restart(series);
            }
        }

        series.Living++;
        series.Died = null;
        return series;
    }

    private void Restart(Series series)
    {
        Array.Clear(series.Totals);
        series.Created = _before;
    }

    private void Set(Series series, ReadOnlySpan<ulong> numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            var cell = _cells[i / _cpus];
            series.Levels[cell.Target] += cell.IsSigned ? (Int128)(long)numbers[i] : numbers[i];
        }
    }

    private void Grow(Series series, Span<ulong> last, ReadOnlySpan<ulong> numbers, int offset, bool isNew)
    {
        var isReset = !isNew && IsReset(last, numbers);
        if (isReset && !series.IsShared && series.Living == 1)
        {
            Restart(series);
        }

        for (var i = 0; i < numbers.Length; i++)
        {
            var cell = _cells[i / _cpus];
            var isFirst = isNew || isReset;
            var number = cell.Count(numbers[i]);
            // A counter that is negative in its first pass is ignored. One that overflows later continues.
            var counted = isFirst && cell.IsNegative(numbers[i]) && !cell.IsSum ? 0 : number;
            series.Totals[cell.Target + offset] += (counted - (isFirst ? 0 : last[i])) & (cell.IsSum ? ulong.MaxValue : cell.Mask);
            last[i] = number;
        }
    }

    private bool IsReset(ReadOnlySpan<ulong> last, ReadOnlySpan<ulong> numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            var cell = _cells[i / _cpus];
            var number = cell.Count(numbers[i]);
            if (!cell.IsSum && number < last[i] && (cell.Width == 64 || ((number - last[i]) & cell.Mask) > cell.Mask / 2))
            {
                return true;
            }
        }

        return false;
    }

    private sealed class LabelComparer : IEqualityComparer<string[]>
    {
        public static LabelComparer Instance { get; } = new();

        public bool Equals(string[]? x, string[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(string[] labels)
        {
            var hash = new HashCode();
            foreach (var label in labels)
            {
                hash.Add(label, StringComparer.Ordinal);
            }

            return hash.ToHashCode();
        }
    }
}

/// <summary>The totals of one combination of labels, over all entries with these labels.</summary>
internal sealed class Series(string[] labels, int cells)
{
    /// <summary>The label values.</summary>
    public string[] Labels { get; } = labels;

    /// <summary>Cumulative totals, modulo 2^64.</summary>
    public ulong[] Totals { get; } = new ulong[cells];

    /// <summary>The sums over the entries of the current pass, for gauges.</summary>
    public Int128[] Levels { get; } = new Int128[cells];

    /// <summary>When counting began, in UTC.</summary>
    public DateTime Created { get; set; }

    /// <summary>The number of entries with these labels.</summary>
    public int Living { get; set; }

    /// <summary>When the last entry was found deleted; null while the series has entries.</summary>
    public DateTime? Died { get; set; }

    /// <summary>The hash of the key of the first entry.</summary>
    public int FirstKey { get; set; }

    /// <summary>Whether entries of several keys were added up.</summary>
    public bool IsShared { get; set; }

    /// <summary>Whether this is the overflow series.</summary>
    public bool IsOverflow { get; init; }
}

/// <summary>A number of an entry, and the total that it adds to.</summary>
/// <param name="Target">The index of the total.</param>
/// <param name="Width">The number of bits that the program counts with, 1 to 64. The counter wraps around there.</param>
/// <param name="IsSigned">Whether the number can be negative.</param>
/// <param name="IsSum">Whether the number is a sum of values, which may wrap around or fall without starting over.</param>
internal readonly record struct Cell(int Target, int Width, bool IsSigned, bool IsSum = false)
{
    /// <summary>The mask of the bits that the program counts with.</summary>
    public ulong Mask => Width == 64 ? ulong.MaxValue : (1ul << Width) - 1;

    /// <summary>Reports whether a number is negative.</summary>
    /// <param name="number">The number, sign-extended.</param>
    public bool IsNegative(ulong number) => IsSigned && (long)number < 0;

    /// <summary>Returns the number within the bits that the program counts with. A negative number of 64 bits counts as 0, since no signed counter of 64 bits overflows.</summary>
    /// <param name="number">The number, sign-extended.</param>
    public ulong Count(ulong number) => IsSum ? number : Width == 64 && IsNegative(number) ? 0 : number & Mask;
}
