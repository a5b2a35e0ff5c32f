using System.Buffers;
using System.Runtime.InteropServices;
using Bee.Ebpf.Events;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Objects;
using Bee.Ebpf.Records;
using Bee.Telemetry.Metrics;

namespace Bee.Telemetry.Collection;

/// <summary>The metrics of one map under given names and limits. Reads the map, or the counts of its records, and keeps the state of its series.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class MapMetrics
{
    /// <summary>The label of the series that adds up all keys beyond the limit, with the value <c>true</c>.</summary>
    public const string OverflowLabel = "bee_overflow";

    private readonly MapPlan _plan;
    private readonly BpfMap? _map;
    private readonly RecordTally? _tally;
    private readonly SessionMetricsOptions _options;
    private readonly MapScan? _scan;
    private readonly SeriesStore _store;
    private readonly SeriesStore.LabelReader _readLabels;
    private readonly PlannedLabel[] _labels;
    private readonly ContainerLabels _containers;
    private readonly ContainerLookup? _filter;
    private readonly string[] _labelNames;
    private readonly MetricUnit[] _units;
    private readonly string[] _names;
    private readonly HistogramCells? _histogram;
    private readonly double[] _bounds = [];
    private readonly NumberField[] _numbers;
    private readonly NumberField? _slot;
    private readonly int _cpus = 1;
    private readonly int _stride;
    private BpfEvent? _first;
    private ContainerNames? _firstNames;

    /// <param name="plan">The plan of the map.</param>
    /// <param name="map">The map.</param>
    /// <param name="tally">The counts of the map's records; null for a map with entries.</param>
    /// <param name="options">Names and limits.</param>
    public MapMetrics(MapPlan plan, BpfMap? map, RecordTally? tally, SessionMetricsOptions options)
    {
        _plan = plan;
        _map = map;
        _tally = tally;
        _options = options;
        _readLabels = ReadLabels;
        var isBee = options.Naming == MetricNaming.Bee;
        var names = isBee ? MetricNames.Labels(plan.Labels.Select(label => label.Name)) : [.. plan.Labels.Select(label => label.Name)];
        var kept = plan.Labels.Select((label, i) => (Label: label, Name: names[i]))
            .Where(label => !options.LeaveOut.Contains(label.Name, StringComparer.OrdinalIgnoreCase) && !options.LeaveOut.Contains(label.Label.Field, StringComparer.OrdinalIgnoreCase)).ToArray();
        _labels = [.. kept.Select(label => label.Label)];
        _containers = new ContainerLabels(plan, tally is null ? ContainerLookup.Of(map?.Containers, plan.Where) : tally.Containers, options);
        _filter = tally is not null || map?.ContainerFilter is null ? null : ContainerLookup.Of(map.Containers, map.ContainerFilter, plan.Where);
        _labelNames = [.. MetricNames.Labels(kept.Select(label => label.Name).Concat(_containers.Names).Concat(options.Session is null ? [] : ["session"]).Append(OverflowLabel))];
        if (!isBee)
        {
            kept.Select(label => label.Name).ToArray().CopyTo(_labelNames, 0);
        }

        _units = [.. plan.Values.Select(value => isBee ? MetricUnits.Find(value.Unit) : MetricUnit.None)];
        _names = [.. plan.Values.Select((value, i) => Name(value, _units[i]))];
        var isGauge = plan.Values[0].Type == MetricType.Gauge;
        Cell[] cells;
        int totals;
        if (plan.Histogram is { } histogram)
        {
            _histogram = new HistogramCells(histogram);
            _bounds = [.. _histogram.UpperBounds.Select(_units[0].ToBase)];
            totals = _histogram.Totals + (tally?.Native?.Totals ?? 0);
            (_numbers, _slot, cells) = Slots(histogram, totals);
        }
        else
        {
            totals = plan.Values.Count;
            _numbers = [.. plan.Values.Select(value => value.Number ?? default)];
            cells = tally is null
                ? [.. _numbers.Select((number, i) => new Cell(i, number.Bits > 0 ? number.Bits : number.Size * 8, number.IsSigned))]
                : [.. _numbers.Select((number, i) => new Cell(i, 64, isGauge && number.IsSigned))];
        }

        var keySize = tally is null ? (int)plan.Map.KeySize : sizeof(int);
        if (tally is null)
        {
            _scan = map?.Scan();
            _stride = plan.Map.IsPerCpu ? plan.Map.CpuStride : 0;
            // A counter that wraps around must be watched on each CPU. Others can be added up first.
            _cpus = plan.Map.IsPerCpu && Array.Exists(cells, cell => cell.Width < 64) ? Cpus.Possible : 1;
        }

        _store = new SeriesStore(keySize, cells, _cpus, totals, isGauge, options);
    }

    /// <summary>The number of entries in the last pass; null for ring and perf buffers.</summary>
    public int? Entries => _tally is null ? _store.Entries : null;

    /// <summary>The map.</summary>
    public MapDescription Map => _plan.Map;

    /// <summary>The metrics of the map, without the label for keys beyond the limit.</summary>
    public IEnumerable<DescribedMetric> Descriptions => _plan.Values.Select((value, i) =>
        new DescribedMetric(Describe(i, _labelNames[..^1]), _plan.Map, value.Unit)
        {
            FilterLabels = [.. _labelNames.Zip(_labels).Where(label => DescribedMetric.IsFilter(label.Second.Meaning)).Select(label => label.First)],
            ContainerLabels = ContainerLabels.NamesOf(_plan, _options),
        });

    /// <summary>Reads the map, or the counts of its records.</summary>
    /// <param name="now">The current time, in UTC.</param>
    /// <param name="cancellationToken">Cancels the pass, which then has no effect.</param>
    public void Refresh(DateTime now, CancellationToken cancellationToken)
    {
        _store.Begin(now);
        if (_tally is not null)
        {
            ReadTally();
        }
        else
        {
            ReadMap(cancellationToken);
        }

        _store.End();
    }

    /// <summary>Appends the metrics as of the last pass.</summary>
    public void AddTo(List<MetricFamily> families)
    {
        var labels = (string[])_labelNames.Clone();
        // Prometheus drops empty labels, so the other series stay the same when the overflow series appears.
        var count = _store.HasOverflow ? labels.Length : labels.Length - 1;
        var series = new MetricSeries[_plan.Values.Count][];
        for (var i = 0; i < series.Length; i++)
        {
            series[i] = new MetricSeries[_store.Count];
        }

        var at = 0;
        foreach (var one in _store.All)
        {
            var values = LabelValues(one, count);
            for (var i = 0; i < series.Length; i++)
            {
                series[i][at] = Make(one, i, values);
            }

            at++;
        }

        for (var i = 0; i < series.Length; i++)
        {
            families.Add(new MetricFamily(Describe(i, labels[..count]), series[i]));
        }
    }

    private MetricDescriptor Describe(int value, string[] labels) =>
        new(_names[value], _plan.Values[value].Type, _units[value].Name, _plan.Values[value].Help, labels) { IsVerbatim = _options.Naming == MetricNaming.BumbleBee };

    private string Name(PlannedValue value, MetricUnit unit)
    {
        var name = value.Field is null ? _plan.Name : $"{_plan.Name}_{value.Field}";
        return _options.Naming == MetricNaming.BumbleBee
            ? MetricNames.BumbleBee(value.Field is null ? _plan.Map.Name : $"{_plan.Map.Name}_{value.Field}")
            : MetricNames.Family(_options.Tool, name, value.Type, unit);
    }

    private (NumberField[] Numbers, NumberField? Slot, Cell[] Cells) Slots(HistogramPlan plan, int totals)
    {
        if (plan is not SlotPlan slots)
        {
            return ([], null, [.. Enumerable.Range(0, totals).Select(i => new Cell(i, 64, false, IsSum: i == _histogram!.Sum))]);
        }

        var width = slots.Counts.Bits > 0 ? slots.Counts.Bits : slots.Counts.Size * 8;
        if (slots.Slot is not null)
        {
            return ([slots.Counts], slots.Slot, [new Cell(0, width, slots.Counts.IsSigned)]);
        }

        var numbers = new List<NumberField>();
        var cells = new List<Cell>();
        for (var i = 0; i < slots.Slots; i++)
        {
            if (slots.Scale.OfSlot((ulong)i) is >= 0 and var bucket)
            {
                numbers.Add(slots.Counts with { Offset = slots.Counts.Offset + i * slots.Counts.Size });
                cells.Add(new Cell(_histogram!.Targets[bucket], width, slots.Counts.IsSigned));
            }
        }

        if (slots.Sum is { } sum)
        {
            numbers.Add(sum);
            cells.Add(new Cell(_histogram!.Sum, sum.Size * 8, sum.IsSigned, IsSum: true));
        }

        return ([.. numbers], null, [.. cells]);
    }

    private void ReadTally()
    {
        var key = new byte[sizeof(int)];
        _tally!.Read((number, first, names, numbers) =>
        {
            (_first, _firstNames) = (first, names);
            MemoryMarshal.Write(key, in number);
            _store.Entry(key, default, numbers, -1, _readLabels);
        });
        (_first, _firstNames) = (null, null);
    }

    private void ReadMap(CancellationToken cancellationToken)
    {
        var isArray = _plan.Map.Type is MapType.Array or MapType.PerCpuArray && _plan.Map.MaxEntries > 1;
        var numbers = ArrayPool<ulong>.Shared.Rent(_numbers.Length * _cpus);
        try
        {
            var taken = numbers.AsSpan(0, _numbers.Length * _cpus);
            _scan!.Restart();
            while (_scan.Next())
            {
                cancellationToken.ThrowIfCancellationRequested();
                for (var i = 0; i < _scan.Count; i++)
                {
                    var key = _scan.Key(i);
                    var value = _scan.Value(i);
                    if (_filter?.Selects(out _, key, value) == false)
                    {
                        continue;
                    }

                    // Every slot of an array exists from the start. Slots that no program has written are skipped.
                    if (!isArray || value.ContainsAnyExcept((byte)0) || _store.Knows(key))
                    {
                        Take(value, taken);
                        _store.Entry(key, value, taken, Bucket(key), _readLabels);
                    }
                }
            }
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(numbers);
        }
    }

    private int Bucket(ReadOnlySpan<byte> key)
    {
        if (_slot is not { } slot)
        {
            return -1;
        }

        var number = slot.ReadAmount(key);
        if (_plan.Histogram is SlotPlan { SumSlot: { } place } && place.Slot == number)
        {
            return _histogram!.Sum;
        }

        var bucket = _plan.Histogram!.Scale.OfSlot(number);
        return bucket < 0 ? _histogram!.Buckets - 1 : _histogram!.Targets[bucket];
    }

    private void Take(ReadOnlySpan<byte> value, Span<ulong> taken)
    {
        if (_stride == 0)
        {
            for (var i = 0; i < _numbers.Length; i++)
            {
                taken[i] = _numbers[i].Read(value, out _);
            }

            return;
        }

        taken.Clear();
        for (var cpu = 0; cpu * _stride < value.Length; cpu++)
        {
            var one = value[(cpu * _stride)..];
            for (var i = 0; i < _numbers.Length; i++)
            {
                taken[i * _cpus + (_cpus > 1 ? cpu : 0)] += _numbers[i].Read(one, out _);
            }
        }
    }

    private string[]? ReadLabels(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (_tally is not null && _first is null)
        {
            return _labels.Length + _containers.Names.Count == 0 ? [] : null;
        }

        var labels = new string[_labels.Length + _containers.Names.Count];
        if (_labels.Length > 0)
        {
            var item = _first ?? _map!.Decode((EntryType)_plan.Shape, key, value);
            for (var i = 0; i < _labels.Length; i++)
            {
                labels[i] = _labels[i].Read(item);
            }
        }

        if (labels.Length > _labels.Length)
        {
            _containers.Write(_first is null ? _containers.Find(key, value) : _tally!.Latest(_first, _firstNames), labels.AsSpan(_labels.Length));
        }

        return labels;
    }

    private string[] LabelValues(Series series, int count)
    {
        var values = new string[count];
        var own = _labels.Length + _containers.Names.Count;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = i < own ? (series.IsOverflow ? "" : series.Labels[i])
                : i == own && _options.Session is not null ? _options.Session
                : series.IsOverflow ? "true" : "";
        }

        return values;
    }

    private MetricSeries Make(Series series, int value, string[] labels)
    {
        var unit = _units[value];
        if (_histogram is null)
        {
            return _plan.Values[value].Type == MetricType.Gauge
                ? new MetricSeries(labels, unit.ToBase((double)series.Levels[value]))
                : new MetricSeries(labels, unit.ToBase(series.Totals[value])) { Created = series.Created };
        }

        var totals = series.Totals.AsSpan();
        double? sum = !_histogram.HasSum ? null : unit.ToBase(_histogram.SumFactor * (_histogram.IsSumSigned ? (long)totals[_histogram.Sum] : totals[_histogram.Sum]));
        var histogram = new MetricHistogram(_bounds, totals[.._histogram.Buckets].ToArray(), sum)
        {
            Native = _tally?.Native is { } native ? native.Make(totals[_histogram.Totals..]) : null,
        };
        return new MetricSeries(labels, histogram.Count) { Created = series.Created, Histogram = histogram };
    }
}

/// <summary>The ways to name the metrics of maps.</summary>
public enum MetricNaming
{
    /// <summary>By Prometheus' conventions: <c>bee_TOOL_MAP_UNIT</c>.</summary>
    Bee,
    /// <summary>As BumbleBee names them: <c>ebpf_solo_io_MAP</c>, with the field names and units of the tool.</summary>
    BumbleBee,
}
