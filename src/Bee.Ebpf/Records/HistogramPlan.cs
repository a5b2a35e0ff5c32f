using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Records;

/// <summary>The plan of a map's histograms, from its types and its metadata.</summary>
/// <param name="Source">The type of the records or entries that contain the labels.</param>
/// <param name="Labels">The fields of that type that are labels.</param>
/// <param name="Identity">The bytes of the labels in the record or key, which identify a histogram.</param>
/// <param name="Scale">The buckets.</param>
internal abstract record HistogramPlan(IRecordShape Source, IReadOnlyList<RecordField> Labels, LabelLayout Identity, BucketScale Scale)
{
    /// <summary>The unit that follows from the type of the values; null for none.</summary>
    public string? Unit { get; init; }

    /// <summary>Returns the unit of a field meaning.</summary>
    public static string? UnitOf(FieldMeaning meaning) => meaning switch
    {
        FieldMeaning.Duration => "ns",
        FieldMeaning.ByteSize => "bytes",
        _ => null,
    };
}

/// <summary>The plan if each record is one value.</summary>
internal sealed record ObservationPlan(RecordType Record, IReadOnlyList<RecordField> Labels, LabelLayout Identity, BucketScale Scale, NumberField Value)
    : HistogramPlan(Record, Labels, Identity, Scale);

/// <summary>The plan if the program counts slots in a map.</summary>
/// <param name="Entry">The type of the map entries.</param>
/// <param name="Labels">As in the base.</param>
/// <param name="Identity">As in the base.</param>
/// <param name="Scale">As in the base.</param>
/// <param name="Slot">The field of the key with the slot number; null if the value has all slots.</param>
/// <param name="Counts">The count in a value, or the first of several.</param>
/// <param name="Slots">The number of slots in a value.</param>
/// <param name="Stride">The distance between the values of two CPUs in bytes; 0 for a map that is not per-CPU.</param>
/// <param name="Sum">The sum of the values, if the program keeps one.</param>
/// <param name="HasValueLabels">Whether the value contains labels.</param>
/// <param name="SumSlot">The slot that holds the sum of the values; null for none.</param>
internal sealed record SlotPlan(
    EntryType Entry, IReadOnlyList<RecordField> Labels, LabelLayout Identity, BucketScale Scale,
    NumberField? Slot, NumberField Counts, int Slots, int Stride, NumberField? Sum, bool HasValueLabels, HistogramSum? SumSlot = null)
    : HistogramPlan(Entry, Labels, Identity, Scale);

/// <summary>Finds the value and the labels in the records of a ring or perf buffer.</summary>
/// <remarks>
/// The value is the first of these that exists: the field <c>le</c>, as in BumbleBee; the only duration or size; the last integer. A field that the metadata names as a label is never the value. If
/// the metadata names no labels, every other field is a label, except times, pointers and flexible arrays, which hardly ever repeat.
/// </remarks>
internal static class ObservationPlans
{
    private const string BumbleBeeValue = "le";

    public static ObservationPlan? Of(MapDescription map, out string? whyNot)
    {
        whyNot = null;
        if (map.Value is null or BtfVoid)
        {
            whyNot = "its declaration has no type for the events (__type(value, ...))";
            return null;
        }

        var record = RecordType.ForEvent(map);
        var scale = BucketScale.ForValues(map.Metadata);
        var shape = WordsShape.Apply(ShapeReader.Read(map.Value, map.Name), "Value", map.Metadata);
        if (shape is not ObjectShape { Struct.Fields: var fields })
        {
            if (NumberField.Of(shape) is not { } whole)
            {
                whyNot = $"its events are '{map.Value}', which is not a number";
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

        // The properties of the record are MapName and the fields of the struct, in order.
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

    private static bool IsLabel(FieldShape field) => !field.IsMade && !field.IsOpenArray && field.Value.Meaning is not (FieldMeaning.Timestamp or FieldMeaning.Pointer);
}

/// <summary>Finds the slots in a hash or array.</summary>
/// <remarks>
/// Either the value holds all slots of a histogram in an array (the field <c>slots</c>, or the only array of integers), and the key is the labels. Or the value is one count, and the key has the slot
/// number: in the field <c>slot</c> or <c>bucket</c>, in the only integer that is not a label, or in the whole key if it is an integer. If the metadata names no labels, every other field of the key is
/// a label, and so is text beside the slots.
/// </remarks>
internal static class SlotPlans
{
    private const string SlotsField = "slots", SlotField = "slot", BucketField = "bucket", SumField = "sum";

    public static SlotPlan? Of(MapDescription map, out string? whyNot)
    {
        whyNot = null;
        // The key of an array is its index, whether or not the declaration has a type for it.
        var isArray = map.Type is MapType.Array or MapType.PerCpuArray;
        if (map.Value is null || map.Value.Size != map.ValueSize || (map.Key is null ? !isArray : map.Key.Size != map.KeySize))
        {
            whyNot = "its declaration has no types for keys and values";
            return null;
        }

        if (map.Type is not (MapType.Hash or MapType.Array or MapType.PerCpuHash or MapType.PerCpuArray or MapType.LruHash or MapType.LruPerCpuHash))
        {
            whyNot = $"a map of type {map.Type} cannot hold slots";
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
            var slots = SlotsBelowSum(map) ?? (isArray ? (int)Math.Min(map.MaxEntries, int.MaxValue) : null);
            return new SlotPlan(entry, [], new LabelLayout([]), BucketScale.ForSlots(map.Metadata, slots), index, count, 1, stride, null, false, map.Metadata.Sum);
        }

        IReadOnlyList<FieldShape> fields = key is ObjectShape { Struct: var s } ? s.Fields : [];
        var named = map.Metadata.Labels;
        var numbers = fields.Where(field => !named.Contains(field.Name) && NumberField.Of(field) is not null).ToList();
        var slot = numbers.Find(field => field.Name == SlotField) ?? numbers.Find(field => field.Name == BucketField) ?? (named.Count > 0 && numbers.Count == 1 ? numbers[0] : null);
        if (slot is null)
        {
            whyNot = $"its key has no field '{SlotField}' or '{BucketField}', and its value is not an array of slots";
            return null;
        }

        var labels = fields
            .Select((field, i) => (Field: field, Property: entry.Fields[FirstKeyField(map) + i]))
            .Where(label => label.Field != slot && (named.Count == 0 ? !label.Field.IsMade : named.Contains(label.Field.Name)))
            .ToList();
        return new SlotPlan(
            entry, labels.ConvertAll(label => label.Property), new LabelLayout(labels.Select(label => label.Field)),
            BucketScale.ForSlots(map.Metadata, SlotsBelowSum(map)), NumberField.Of(slot), count, 1, stride, null, false, map.Metadata.Sum)
        {
            Unit = HistogramPlan.UnitOf(slot.Value.Meaning),
        };
    }

    private static int? SlotsBelowSum(MapDescription map) => map.Metadata.Sum is { Slot: <= int.MaxValue } sum ? (int)sum.Slot : null;

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
        var labels = keyFields.Select((field, i) => (Field: field, Property: entry.Fields[FirstKeyField(map) + i])).Where(label => IsNamed(label.Field.Name) && !(named.Count == 0 && label.Field.IsMade)).ToList();
        // A key that is a single number is a label only if there can be several.
        if (keyFields.Count == 0 && map.MaxEntries > 1 && IsNamed("Key"))
        {
            var whole = key ?? new NumberShape(NumberKind.UInt32, FieldMeaning.Number);
            labels.Add((new FieldShape("Key", whole, 0, 0), entry.Fields[1]));
        }

        // Only the totals of per-CPU values are properties.
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

    // Byte arrays are excluded: they contain text, addresses or raw data. Slots are wider than a byte.
    private static NumberField? Slots(ValueShape value) =>
        value is ArrayShape { Count: > 1, Element: { Size: > 1, Meaning: FieldMeaning.Number } element } ? NumberField.Of(element) : null;

    private static int Stride(MapDescription map) => map.IsPerCpu ? map.CpuStride : 0;

    // The properties are MapName, Key, Value, for per-CPU maps Values, and the fields of key and value.
    private static int FirstKeyField(MapDescription map) => map.IsPerCpu ? 4 : 3;
}

/// <summary>An integer of at most 64 bits in a record, key or value.</summary>
internal readonly record struct NumberField(int Offset, int Size, bool IsSigned, bool BigEndian, int Shift, int Bits)
{
    /// <summary>Returns the integer if the whole value is one; else null.</summary>
    public static NumberField? Of(ValueShape shape, int offset = 0) => shape is NumberShape { Size: <= 8 } number && IsAmount(number)
        ? new NumberField(offset, number.Size, Numbers.IsSigned(number.Kind), number.BigEndian, 0, 0)
        : null;

    /// <summary>Returns the integer if a field is one; else null.</summary>
    public static NumberField? Of(FieldShape field) => !field.IsMade && Of(field.Value, field.Offset) is { } number
        ? number with { Shift = field.BitOffset % 8, Bits = field.BitSize }
        : null;

    /// <summary>The offset behind the integer.</summary>
    public int End => Offset + (Bits > 0 ? (Shift + Bits + 7) / 8 : Size);

    /// <summary>Reads the integer.</summary>
    /// <param name="data">The record.</param>
    /// <param name="isNegative">Whether the integer is negative.</param>
    /// <returns>The integer, sign-extended to 64 bits.</returns>
    public ulong Read(ReadOnlySpan<byte> data, out bool isNegative)
    {
        ref var at = ref Unsafe.Add(ref MemoryMarshal.GetReference(data), Offset);
        ulong bits;
        if (Bits > 0)
        {
            bits = BpfEvent.ReadBits(ref at, Shift, Bits, IsSigned);
        }
        else
        {
            bits = (Size, BigEndian) switch
            {
                (8, false) => Unsafe.ReadUnaligned<ulong>(ref at),
                (4, false) => IsSigned ? (ulong)Unsafe.ReadUnaligned<int>(ref at) : Unsafe.ReadUnaligned<uint>(ref at),
                (2, false) => IsSigned ? (ulong)Unsafe.ReadUnaligned<short>(ref at) : Unsafe.ReadUnaligned<ushort>(ref at),
                (8, true) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ulong>(ref at)),
                (4, true) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(ref at)),
                (2, true) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<ushort>(ref at)),
                _ => IsSigned ? (ulong)(sbyte)at : at,
            };
        }

        isNegative = IsSigned && (long)bits < 0;
        return bits;
    }

    /// <summary>Reads the integer as an amount to add up; negative numbers count as 0.</summary>
    public ulong ReadAmount(ReadOnlySpan<byte> data)
    {
        var amount = Read(data, out var isNegative);
        return isNegative ? 0 : amount;
    }

    // Addresses, times and ids are integers too, but not values to distribute over buckets.
    private static bool IsAmount(NumberShape number) =>
        Numbers.IsInteger(number.Kind) && number.Meaning is FieldMeaning.Number or FieldMeaning.Duration or FieldMeaning.ByteSize or FieldMeaning.Port;
}
