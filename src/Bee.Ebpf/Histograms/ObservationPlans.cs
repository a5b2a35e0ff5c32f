namespace Bee.Ebpf;

/// <summary>Which field of a ring's or perf buffer's records is the value, and which are labels.</summary>
/// <remarks>
/// The value is the first of these that there is: the field <c>le</c>, as BumbleBee has it; the only duration or size; the last integer. Fields that
/// the author names as labels are never the value. Where none are named, every other field is a label but moments, pointers and arrays
/// without a length, which no two events share.
/// </remarks>
internal static class ObservationPlans
{
    private const string BumbleBeeValue = "le";

    public static ObservationPlan? Of(MapDescription map, out string? whyNot)
    {
        whyNot = null;
        if (map.Value is null or BtfVoid)
        {
            whyNot = "its declaration does not say of what type its events are (__type(value, ...))";
            return null;
        }

        var record = RecordType.ForEvent(map);
        var scale = BucketScale.ForValues(map.Metadata);
        var shape = WordsShape.Apply(ShapeReader.Read(map.Value, map.Name), "Value", map.Metadata);
        if (shape is not ObjectShape { Struct.Fields: var fields })
        {
            if (NumberField.Of(shape) is not { } whole)
            {
                whyNot = $"its events are '{map.Value}', which is no number";
                return null;
            }

            return new ObservationPlan(record, [], new LabelLayout([]), scale, whole) { Unit = HistogramPlan.UnitOf(shape.Meaning) };
        }

        var named = map.Metadata.Labels;
        var value = Value(fields.Where(field => !named.Contains(field.Name) && NumberField.Of(field) is not null).ToList());
        if (value is null)
        {
            whyNot = named.Count > 0 ? $"'{map.Value}' has no number that is not named as a label" : $"'{map.Value}' has no number";
            return null;
        }

        // The record's properties are MapName and then the struct's fields, in order.
        var labels = fields
            .Select((field, i) => (Field: field, Property: record.Fields[i + 1]))
            .Where(label => label.Field != value && (named.Count > 0 ? named.Contains(label.Field.Name) : IsLabel(label.Field)))
            .ToList();
        return new ObservationPlan(
            record, labels.ConvertAll(label => label.Property), new LabelLayout(labels.Select(label => label.Field)), scale, NumberField.Of(value)!.Value)
        {
            Unit = HistogramPlan.UnitOf(value.Value.Meaning),
        };
    }

    private static FieldShape? Value(List<FieldShape> numbers)
    {
        var measured = numbers.Where(field => HistogramPlan.UnitOf(field.Value.Meaning) is not null).ToList();
        return numbers.Find(field => field.Name == BumbleBeeValue)
            ?? (measured.Count == 1 ? measured[0] : numbers.LastOrDefault(field => field.Value.Meaning != FieldMeaning.Port));
    }

    private static bool IsLabel(FieldShape field) => !field.IsOpenArray && field.Value.Meaning is not (FieldMeaning.Timestamp or FieldMeaning.Pointer);
}
