namespace Bee.Ebpf;

/// <summary>Describes the properties of a plan to those who show them.</summary>
internal static class RecordFields
{
    private const int MinWidth = 4;

    public static IReadOnlyList<RecordField> Of(TypePlan plan) => plan.Properties.Select(p => Field(plan, p)).ToArray();

    private static RecordField Field(TypePlan plan, PropertyPlan property)
    {
        var inline = property.Source is PropertySource.Inline or PropertySource.Stack;
        var isValue = inline && plan.Decode == DecodeKind.Entry && property.Offset >= plan.ValueOffset && property.Name != "Key";
        var offset = property.Source switch
        {
            PropertySource.Rest => property.Offset + plan.ValueOffset,
            PropertySource.MapName or PropertySource.Nothing => 0,
            _ => property.Offset - (isValue ? plan.ValueOffset : 0),
        };
        var size = property.BitSize > 0 ? (property.BitOffset % 8 + property.BitSize + 7) / 8 : inline || property.Source == PropertySource.Total ? property.Value.Size : 0;
        var meaning = property.Source switch
        {
            PropertySource.MapName or PropertySource.Nothing => FieldMeaning.Text,
            PropertySource.AllCpus => FieldMeaning.Array,
            _ => property.Value.Meaning,
        };
        var width = property.Source switch
        {
            PropertySource.MapName => Math.Clamp(plan.MapName!.Length, MinWidth, 20),
            PropertySource.Nothing => MinWidth,
            PropertySource.AllCpus => 20,
            PropertySource.Total => 12,
            _ => Width(property),
        };
        return new RecordField(property.Name, property.CName, TypeEmitter.PropertyType(property), meaning, offset, size,
            Math.Max(MinWidth, width), AlignRight(meaning));
    }

    private static bool AlignRight(FieldMeaning meaning) => meaning is
        FieldMeaning.Number or FieldMeaning.Port or FieldMeaning.Duration or FieldMeaning.ByteSize or FieldMeaning.Pointer;

    private static int Width(PropertyPlan property) => property.Value switch
    {
        NumberShape { Meaning: FieldMeaning.Number } number => property.BitSize > 0 ? Digits(property.BitSize) : Number(property.CName, number.Kind),
        TextShape { Size: 0 } or WordsShape { Size: 0 } => 32,
        WordsShape words => Math.Clamp(words.Size - 1, MinWidth, 32),
        TextShape text => Math.Clamp(text.Size - 1, MinWidth, 32),
        // Room for two flags at once.
        EnumShape { IsFlags: true } e => Math.Clamp(e.Values.Select(v => v.Name.Length).DefaultIfEmpty(0).Max() * 2 + 2, MinWidth, 24),
        EnumShape e => Math.Clamp(e.Values.Select(v => v.Name.Length).DefaultIfEmpty(0).Max(), MinWidth, 24),
        PrefixShape prefix => prefix.Address == FieldMeaning.Ipv4 ? 18 : 30,
        EndpointShape endpoint => endpoint.Port < 0 ? 15 : 21,
        ArrayShape { Meaning: FieldMeaning.Bytes } bytes => Math.Clamp(bytes.Count * 4, 8, 20),
        _ => property.Value.Meaning switch
        {
            FieldMeaning.Boolean => 5,
            FieldMeaning.Ipv4 => 15,
            FieldMeaning.Ipv6 => 26,
            FieldMeaning.Mac => 17,
            FieldMeaning.Port => 5,
            FieldMeaning.Duration => 8,
            FieldMeaning.Timestamp => 12,
            FieldMeaning.Pointer => 18,
            FieldMeaning.UserId or FieldMeaning.GroupId => 10,
            FieldMeaning.Syscall => 16,
            FieldMeaning.Errno => 12,
            FieldMeaning.Signal => 9,
            FieldMeaning.ByteSize => 9,
            FieldMeaning.Stack => 32,
            _ => 20,
        },
    };

    // The kernel gives out process numbers up to 4194304, which leaves room that 32 bits would take.
    private static int Number(string name, NumberKind kind) => name is "pid" or "ppid" or "tid" or "tgid" ? 7 : kind switch
    {
        NumberKind.Int8 or NumberKind.UInt8 => 4,
        NumberKind.Int16 or NumberKind.UInt16 => 6,
        NumberKind.Int32 or NumberKind.UInt32 => 10,
        NumberKind.Float32 => 10,
        NumberKind.Float64 => 14,
        NumberKind.Int64 or NumberKind.UInt64 => 14,
        _ => 20,
    };

    private static int Digits(int bits) => bits * 3 / 10 + 1;
}
