namespace Bee.Ebpf;

/// <summary>What a map's type, and what its author says about it, mean for its histograms.</summary>
/// <param name="Source">The type of the records or entries that labels are read from.</param>
/// <param name="Labels">Those of its fields that are labels.</param>
/// <param name="Identity">Where the labels are that tell histograms apart: in the record, or in the key.</param>
/// <param name="Scale">The buckets.</param>
internal abstract record HistogramPlan(IRecordShape Source, IReadOnlyList<RecordField> Labels, LabelLayout Identity, BucketScale Scale)
{
    /// <summary>The unit that the type of the values gives away; null where it does not.</summary>
    public string? Unit { get; init; }

    /// <summary>The unit of a meaning.</summary>
    public static string? UnitOf(FieldMeaning meaning) => meaning switch
    {
        FieldMeaning.Duration => "ns",
        FieldMeaning.ByteSize => "bytes",
        _ => null,
    };
}

/// <summary>Each record is one value.</summary>
internal sealed record ObservationPlan(RecordType Record, IReadOnlyList<RecordField> Labels, LabelLayout Identity, BucketScale Scale, NumberField Value)
    : HistogramPlan(Record, Labels, Identity, Scale);

/// <summary>The kernel counts slots.</summary>
/// <param name="Entry">The map's entries.</param>
/// <param name="Labels">As in the base.</param>
/// <param name="Identity">As in the base.</param>
/// <param name="Scale">As in the base.</param>
/// <param name="Slot">Which slot an entry counts, in its key; null where the value holds all slots.</param>
/// <param name="Counts">The counts in a value: one, or one a slot.</param>
/// <param name="Slots">How many slots a value holds.</param>
/// <param name="Stride">From one CPU's value to the next; 0 where there is one value.</param>
/// <param name="Sum">The sum of the values, where the program keeps it.</param>
/// <param name="HasValueLabels">Whether some labels are in the value.</param>
internal sealed record SlotPlan(
    EntryType Entry, IReadOnlyList<RecordField> Labels, LabelLayout Identity, BucketScale Scale,
    NumberField? Slot, NumberField Counts, int Slots, int Stride, NumberField? Sum, bool HasValueLabels)
    : HistogramPlan(Entry, Labels, Identity, Scale);
