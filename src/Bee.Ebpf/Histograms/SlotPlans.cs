namespace Bee.Ebpf;

/// <summary>How a hash or array counts slots.</summary>
/// <remarks>
/// Either the value holds all slots of a histogram, in an array (the field <c>slots</c>, or the only array of integers that there is), and the
/// key its labels; or the value is one count, and the slot's number is in the key: the field <c>slot</c>, the one integer that the author does not
/// name as a label, or the key itself where it is an integer. Without names every other field of the key is a label, and so is text beside the slots.
/// </remarks>
internal static class SlotPlans
{
    private const string SlotsField = "slots", SlotField = "slot", SumField = "sum";

    public static SlotPlan? Of(MapDescription map, out string? whyNot)
    {
        whyNot = null;
        // An array's key is its index, whether or not the declaration says so.
        var isArray = map.Type is MapType.Array or MapType.PerCpuArray;
        if (map.Value is null || map.Value.Size != map.ValueSize || (map.Key is null ? !isArray : map.Key.Size != map.KeySize))
        {
            whyNot = "its declaration does not say of what types its keys and values are";
            return null;
        }

        if (map.Type is not (MapType.Hash or MapType.Array or MapType.PerCpuHash or MapType.PerCpuArray or MapType.LruHash or MapType.LruPerCpuHash))
        {
            whyNot = $"a map of type {map.Type} holds no slots";
            return null;
        }

        var value = ShapeReader.Read(map.Value, $"{map.Name}_value");
        var key = map.Key is null ? null : ShapeReader.Read(map.Key, $"{map.Name}_key");
        var entry = EntryType.ForMap(map);
        return NumberField.Of(value) is { } count ? InKey(map, entry, key, count, ref whyNot) : InValue(map, entry, key, value, ref whyNot);
    }

    private static SlotPlan? InKey(MapDescription map, EntryType entry, ValueShape? key, NumberField count, ref string? whyNot)
    {
        var stride = Stride(map);
        var isArray = map.Type is MapType.Array or MapType.PerCpuArray;
        if (isArray || key is not null && NumberField.Of(key) is not null)
        {
            var index = isArray ? new NumberField(0, sizeof(uint), false, false, 0, 0) : NumberField.Of(key!)!.Value;
            var slots = isArray ? (int)Math.Min(map.MaxEntries, int.MaxValue) : (int?)null;
            return new SlotPlan(entry, [], new LabelLayout([]), BucketScale.ForSlots(map.Metadata, slots), index, count, 1, stride, null, false);
        }

        IReadOnlyList<FieldShape> fields = key is ObjectShape { Struct: var s } ? s.Fields : [];
        var named = map.Metadata.Labels;
        var numbers = fields.Where(field => !named.Contains(field.Name) && NumberField.Of(field) is not null).ToList();
        var slot = numbers.Find(field => field.Name == SlotField) ?? (named.Count > 0 && numbers.Count == 1 ? numbers[0] : null);
        if (slot is null)
        {
            whyNot = $"its key has no field '{SlotField}', and its value is no array of slots";
            return null;
        }

        var labels = fields
            .Select((field, i) => (Field: field, Property: entry.Fields[FirstKeyField(map) + i]))
            .Where(label => label.Field != slot && (named.Count == 0 || named.Contains(label.Field.Name)))
            .ToList();
        return new SlotPlan(
            entry, labels.ConvertAll(label => label.Property), new LabelLayout(labels.Select(label => label.Field)),
            BucketScale.ForSlots(map.Metadata, null), NumberField.Of(slot), count, 1, stride, null, false)
        {
            Unit = HistogramPlan.UnitOf(slot.Value.Meaning),
        };
    }

    private static SlotPlan? InValue(MapDescription map, EntryType entry, ValueShape? key, ValueShape value, ref string? whyNot)
    {
        IReadOnlyList<FieldShape> fields = value is ObjectShape { Struct: var s } ? s.Fields : [new FieldShape(SlotsField, value, 0, 0)];
        var arrays = fields.Where(field => Slots(field.Value) is not null).ToList();
        var slots = arrays.Find(field => field.Name == SlotsField) ?? (arrays.Count == 1 ? arrays[0] : null);
        if (slots is null)
        {
            whyNot = $"'{map.Value}' has no array '{SlotsField}'";
            return null;
        }

        var array = (ArrayShape)slots.Value;
        var named = map.Metadata.Labels;
        bool IsNamed(string name) => named.Count == 0 || named.Contains(name);
        IReadOnlyList<FieldShape> keyFields = key is ObjectShape { Struct: var k } ? k.Fields : [];
        var labels = keyFields.Select((field, i) => (Field: field, Property: entry.Fields[FirstKeyField(map) + i])).Where(label => IsNamed(label.Field.Name)).ToList();
        // A key of one number, or of an array with one element, is a label only where there can be several.
        if (keyFields.Count == 0 && map.MaxEntries > 1 && IsNamed("Key"))
        {
            var whole = key ?? new NumberShape(NumberKind.UInt32, FieldMeaning.Number);
            labels.Add((new FieldShape("Key", whole, 0, 0), entry.Fields[1]));
        }

        // Of values on several CPUs only sums are properties.
        var texts = map.IsPerCpu ? [] : fields
            .Select((field, i) => (Field: field, Property: entry.Fields[Math.Min(FirstKeyField(map) + keyFields.Count + i, entry.Fields.Count - 1)]))
            .Where(text => text.Field.Value is TextShape { Size: > 0 } && IsNamed(text.Field.Name))
            .Select(text => text.Property)
            .ToList();
        var sum = fields.FirstOrDefault(field => field.Name == SumField && NumberField.Of(field) is not null);
        return new SlotPlan(
            entry, [.. labels.Select(label => label.Property), .. texts], new LabelLayout(labels.Select(label => label.Field)),
            BucketScale.ForSlots(map.Metadata, array.Count), null, NumberField.Of(array.Element, slots.Offset)!.Value, array.Count,
            Stride(map), sum is null ? null : NumberField.Of(sum), texts.Count > 0)
        {
            Unit = HistogramPlan.UnitOf(array.Element.Meaning) ?? (sum is null ? null : HistogramPlan.UnitOf(sum.Value.Meaning)),
        };
    }

    // Single bytes are text, addresses or what has no type; counts are larger.
    private static NumberField? Slots(ValueShape value) =>
        value is ArrayShape { Count: > 1, Element: { Size: > 1, Meaning: FieldMeaning.Number } element } ? NumberField.Of(element) : null;

    private static int Stride(MapDescription map) => map.IsPerCpu ? map.CpuStride : 0;

    // MapName, Key, Value, on several CPUs Values, then the fields of the key and those of the value.
    private static int FirstKeyField(MapDescription map) => map.IsPerCpu ? 4 : 3;
}
