using Bee.Ebpf.Interop;
using Bee.Ebpf.Maps;
using Bee.Ebpf.Records;
using Bee.Posix;

namespace Bee.Ebpf.Events;

/// <summary>Passes the histograms of one map on when they have changed.</summary>
internal abstract class HistogramSource : IPolled
{
    private readonly RecordStream _stream;
    private readonly bool _all;
    private string? _notice;

    protected HistogramSource(RecordStream stream, bool all)
    {
        _stream = stream;
        _all = all;
        Type = stream.HistogramType!;
        Table = new SeriesTable(Type.Plan.Identity.Size, Type.Plan.Scale.Buckets);
    }

    protected HistogramType Type { get; }

    protected SeriesTable Table { get; }

    /// <inheritdoc/>
    public void Poll(IEventSink sink, ref bool stopped) => Pass(sink, _all, ref stopped, stoppable: true);

    /// <summary>Passes the changed histograms on at the end of a run, even if the sink has ended it.</summary>
    public void PassLast(IEventSink sink)
    {
        var stopped = false;
        Pass(sink, all: false, ref stopped, stoppable: false);
    }

    /// <summary>Updates the counts.</summary>
    protected virtual void Refresh()
    {
    }

    /// <summary>Returns a histogram as it is now. Its container is looked up again, since its names may have changed.</summary>
    protected Histogram Make(Series series)
    {
        var histogram = series.Make(Type);
        histogram.Place(series.Source is { } source ? _stream.LabelContainers?.Find(source) : null);
        return histogram;
    }

    /// <summary>Keeps a notice for the next poll. Only the first one is reported.</summary>
    protected void Notice(string text) => _notice ??= text;

    /// <summary>Keeps the notice that there are too many combinations of labels.</summary>
    protected void NoticeTooMany() => Notice(
        $"more than {SeriesTable.Most} combinations of {string.Join(", ", Type.Plan.Labels.Select(label => label.MetadataName))}: further ones are not counted. Name fewer labels in bee.yaml.");

    private void Pass(IEventSink sink, bool all, ref bool stopped, bool stoppable)
    {
        Refresh();
        if (_notice is { Length: > 0 } notice)
        {
            _notice = "";
            sink.Notice(_stream.Name, notice);
        }

        foreach (var series in Table.All)
        {
            if (series.IsEmpty)
            {
                series.Forget();
                continue;
            }

            if (!series.IsNews && !all)
            {
                continue;
            }

            _stream.Count++;
            if (!sink.Event(Make(series)) && stoppable)
            {
                stopped = true;
                return;
            }
        }
    }
}

/// <summary>Reads the histogram slots that a program counts in a hash or array.</summary>
internal sealed class HistogramScan : HistogramSource
{
    private readonly RecordStream _stream;
    private readonly SlotPlan _plan;
    private readonly MapScan _scan;
    private readonly byte[] _labels;

    public HistogramScan(RecordStream stream, MapScan scan, bool all)
        : base(stream, all)
    {
        _stream = stream;
        _plan = (SlotPlan)Type.Plan;
        _scan = scan;
        _labels = new byte[_plan.Identity.Size];
    }

    /// <summary>Returns all histograms that are not empty.</summary>
    public IReadOnlyList<Histogram> Read()
    {
        Refresh();
        return [.. Table.All.Where(series => series.IsNews).Select(Make)];
    }

    protected override void Refresh()
    {
        Table.Compact();
        // Several entries may belong to one histogram, so reset all of them first.
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
                if (_stream.Containers?.Selects(out _, _scan.Key(i), _scan.Value(i)) == false)
                {
                    _stream.Filtered++;
                    continue;
                }

                Add(_scan.Key(i), _scan.Value(i));
            }
        }
    }

    private void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        _plan.Identity.Write(key, _labels);
        if (Table.Find(_labels) is not { } series)
        {
            NoticeTooMany();
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
            var (number, count) = (slot.ReadAmount(key), _plan.Counts.ReadAmount(value));
            if (_plan.SumSlot is { } place && place.Slot == number)
            {
                series.HasSum = true;
                series.Sum += count * place.Factor;
            }
            else
            {
                Count(series, number, count);
            }

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
            Notice($"slot {slot} is beyond the last slot of the scale, {_plan.Scale.Slots - 1}, and is not counted. Declare a larger scale in bee.yaml.");
            return;
        }

        series.Counts[bucket] += count;
    }
}

/// <summary>Counts the records of a ring or perf buffer, each of which is one value.</summary>
internal sealed class HistogramTally : HistogramSource
{
    private readonly ObservationPlan _plan;
    private readonly byte[] _labels;

    public HistogramTally(RecordStream stream, bool all)
        : base(stream, all)
    {
        _plan = (ObservationPlan)Type.Plan;
        _labels = new byte[_plan.Identity.Size];
        LeastSize = _plan.Labels.Select(label => label.Offset + label.Size).Append(_plan.Value.End).Max();
    }

    /// <summary>The smallest record that can be counted: it contains the value and the labels.</summary>
    public int LeastSize { get; }

    /// <summary>The size of a complete record in bytes.</summary>
    public int RecordSize => _plan.Record.Size;

    /// <summary>Notes a record that ends before its value or a label, and so is not counted.</summary>
    /// <param name="length">The length of the record in bytes.</param>
    public void NoteShort(int length) =>
        Notice($"a record has {Quantity.Of(length, "byte")}, but its type has {RecordSize}; records that end before their value or a label are not counted.");

    /// <summary>Counts a record.</summary>
    public void Observe(ReadOnlySpan<byte> record)
    {
        _plan.Identity.Write(record, _labels);
        if (Table.Find(_labels) is not { } series)
        {
            NoticeTooMany();
            return;
        }

        if (series.Source is null)
        {
            series.Source = _plan.Record.Decode(record);
            series.HasSum = true;
        }

        var value = _plan.Value.Read(record, out var isNegative);
        series.Counts[_plan.Scale.OfValue(value, isNegative)]++;
        series.Sum += isNegative ? (long)value : (double)value;
    }
}

/// <summary>Counts records into histograms instead of decoding them.</summary>
internal readonly struct ObservingSink(RecordStream stream, HistogramTally tally) : IRecordSink
{
    /// <inheritdoc/>
    public bool Record(ReadOnlySpan<byte> data)
    {
        if (stream.Containers?.Selects(out _, data) == false)
        {
            stream.Filtered++;
            return true;
        }

        stream.Observer?.Observe(data);
        if (data.Length < tally.LeastSize)
        {
            stream.ShortRecords++;
            tally.NoteShort(data.Length);
        }
        else if (data.Length < tally.RecordSize)
        {
            // Pads the record with zeros. The value and the labels lie before the missing bytes.
            var whole = new byte[tally.RecordSize];
            data.CopyTo(whole);
            tally.Observe(whole);
        }
        else
        {
            tally.Observe(data);
        }

        return true;
    }
}

/// <summary>Reads the histograms of a map once.</summary>
internal static class MapHistograms
{
    /// <summary>Returns the current histograms of a map, whatever its name is.</summary>
    /// <param name="map">A map whose values are histogram slots.</param>
    /// <exception cref="NotSupportedException">The map has no slots; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The session has been disposed.</exception>
    /// <exception cref="BpfLoadException">The kernel refuses to read the map.</exception>
    public static IReadOnlyList<Histogram> Histograms(this BpfMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        string? whyNot = "it holds events, which are counted when they are read";
        if (map.Description.IsEventStream || HistogramType.For(map.Description, out whyNot, map.Extras) is not { } type)
        {
            throw new NotSupportedException($"Map '{map.Name}' has no histogram slots: {whyNot}.");
        }

        if (map.File is { } file)
        {
            RecordOrigin.Note(file, map.Description, type);
        }

        return new HistogramScan(new RecordStream(map.Name, map.Description, null, null, type) { LabelContainers = ContainerLookup.Of(map.Containers, type.Where) }, map.Scan(), all: false).Read();
    }
}
