namespace Bee.Ebpf;

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

    /// <summary>How many bytes a record must have: those of the value and the labels.</summary>
    public int LeastSize { get; }

    /// <summary>How many bytes a whole record has.</summary>
    public int RecordSize => _plan.Record.Size;

    /// <summary>Leaves out a record that ends before its value or a label.</summary>
    /// <param name="length">How many bytes it has.</param>
    public void LeaveOut(int length) =>
        Notice($"records of {length} bytes come where the type has {RecordSize}; those that end before their value or a label are not counted.");

    /// <summary>Counts a record.</summary>
    public void Observe(ReadOnlySpan<byte> record)
    {
        _plan.Identity.Write(record, _labels);
        if (Table.Find(_labels) is not { } series)
        {
            NoticeMany();
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

/// <summary>Counts records instead of making objects of them.</summary>
internal readonly struct ObservingSink(RecordStream stream, HistogramTally tally) : IRecordSink
{
    /// <inheritdoc/>
    public bool Record(ReadOnlySpan<byte> data)
    {
        stream.Observer?.Observe(data);
        if (data.Length < tally.LeastSize)
        {
            stream.ShortRecords++;
            tally.LeaveOut(data.Length);
        }
        else if (data.Length < tally.RecordSize)
        {
            // What is cut off is neither the value nor a label.
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
