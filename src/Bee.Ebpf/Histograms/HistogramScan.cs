namespace Bee.Ebpf;

/// <summary>Reads the slots that a program counts in a hash or array.</summary>
internal sealed class HistogramScan : HistogramSource
{
    private readonly SlotPlan _plan;
    private readonly MapScan _scan;
    private readonly byte[] _labels;

    public HistogramScan(RecordStream stream, MapScan scan, bool all)
        : base(stream, all)
    {
        _plan = (SlotPlan)Type.Plan;
        _scan = scan;
        _labels = new byte[_plan.Identity.Size];
    }

    /// <summary>All histograms that have counted something.</summary>
    public IReadOnlyList<Histogram> Read()
    {
        Refresh();
        return [.. Table.All.Where(series => series.IsNews).Select(series => series.Make(Type))];
    }

    protected override void Refresh()
    {
        Table.Compact();
        // Several entries may belong to one histogram, so all start over.
        foreach (var series in Table.All)
        {
            Array.Clear(series.Counts);
            series.Sum = 0;
        }

        _scan.Restart();
        while (_scan.Next())
        {
            for (var i = 0; i < _scan.Count; i++)
            {
                Add(_scan.Key(i), _scan.Value(i));
            }
        }
    }

    private void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        _plan.Identity.Write(key, _labels);
        if (Table.Find(_labels) is not { } series)
        {
            NoticeMany();
            return;
        }

        if (series.Source is null || _plan.HasValueLabels)
        {
            series.Source = _plan.Entry.Decode(key, value);
        }

        for (var cpu = value; ; cpu = cpu[_plan.Stride..])
        {
            AddOne(series, key, cpu);
            if (_plan.Stride == 0 || cpu.Length <= _plan.Stride)
            {
                break;
            }
        }
    }

    private void AddOne(Series series, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (_plan.Sum is { } sum)
        {
            series.HasSum = true;
            series.Sum += sum.ReadAmount(value);
        }

        if (_plan.Slot is { } slot)
        {
            Count(series, slot.ReadAmount(key), _plan.Counts.ReadAmount(value));
            return;
        }

        var counts = _plan.Counts;
        for (var i = 0; i < _plan.Slots; i++)
        {
            Count(series, (ulong)i, (counts with { Offset = counts.Offset + i * counts.Size }).ReadAmount(value));
        }
    }

    private void Count(Series series, ulong slot, ulong count)
    {
        if (count == 0)
        {
            return;
        }

        var bucket = _plan.Scale.OfSlot(slot);
        if (bucket < 0)
        {
            Notice($"slot {slot} is beyond the last one of its scale, {_plan.Scale.Slots - 1}, and is not counted. A scale that fits it can stand in bee.yaml.");
            return;
        }

        series.Counts[bucket] += count;
    }
}
