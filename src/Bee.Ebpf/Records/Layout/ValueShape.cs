namespace Bee.Ebpf;

/// <summary>The machine's numbers, as they lie in memory.</summary>
internal enum NumberKind
{
    Boolean,
    Int8,
    UInt8,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
    Int128,
    UInt128,
    Float32,
    Float64,
}

/// <summary>
/// What stands at a place in a record: the C type reduced to what decides over the value that people see. Shapes of equal
/// <see cref="Key"/> are read alike, whatever object file they came from.
/// </summary>
internal abstract record ValueShape(FieldMeaning Meaning, int Size)
{
    /// <summary>A text that is equal exactly for shapes that are read alike.</summary>
    public abstract string Key { get; }
}

/// <summary>A number: integers, bool, floating point, pointers, and typedefs that change only the byte order or the look.</summary>
internal sealed record NumberShape(NumberKind Kind, FieldMeaning Meaning, bool BigEndian = false) : ValueShape(Meaning, Numbers.Size(Kind))
{
    public override string Key => $"{Kind}{(BigEndian ? "be" : "")}:{Meaning}";
}

/// <summary>An integer that stands for a value of a well-known enum: <see cref="Errno"/>, <see cref="Signal"/>, or the system calls of this machine (<see cref="SyscallNames.Shape"/>).</summary>
internal sealed record NamedNumberShape(NumberKind Kind, FieldMeaning Meaning) : ValueShape(Meaning, Numbers.Size(Kind))
{
    public override string Key => $"{Kind}:{Meaning}";
}

/// <summary>A 64-bit count of nanoseconds on one of the kernel's clocks, read as a moment.</summary>
internal sealed record MomentShape(bool BootTime) : ValueShape(FieldMeaning.Timestamp, 8)
{
    public override string Key => BootTime ? "boottime" : "ktime";
}

/// <summary>A network or hardware address, read as text.</summary>
internal sealed record AddressShape(FieldMeaning Meaning, int Size) : ValueShape(Meaning, Size)
{
    public override string Key => Meaning.ToString();
}

/// <summary>The key of a longest-prefix match, read as text: an address, a slash, and the number of bits that count.</summary>
/// <param name="Struct">The struct that it is, with the number first.</param>
/// <param name="Address">Whether the address is of IPv4 or IPv6.</param>
/// <param name="Offset">Where the address is.</param>
internal sealed record PrefixShape(StructShape Struct, FieldMeaning Address, int Offset) : ValueShape(FieldMeaning.Text, Struct.Size)
{
    public override string Key => $"prefix:{Address}@{Offset}:{Struct.Key}";

    /// <summary>Bytes of the address.</summary>
    public int AddressSize => Address == FieldMeaning.Ipv4 ? 4 : 16;
}

/// <summary>An address of either family with its port, as Inspektor Gadget's <c>gadget_l4endpoint_t</c> has it, or without one (<c>gadget_l3endpoint_t</c>), read as text.</summary>
/// <param name="Size">Bytes of the struct.</param>
/// <param name="Version">Where 4 or 6 stands; the address stands first.</param>
/// <param name="Port">Where the port stands, in host order; -1 for none.</param>
internal sealed record EndpointShape(int Size, int Version, int Port) : ValueShape(FieldMeaning.Text, Size)
{
    public override string Key => $"endpoint{Size}:{Version}:{Port}";

    /// <summary>Returns the shape of Inspektor Gadget's <c>gadget_l3endpoint_t</c> and <c>gadget_l4endpoint_t</c>; null for all other structs.</summary>
    public static EndpointShape? Of(StructShape type)
    {
        var hasPort = type.Label == "gadget_l4endpoint_t";
        if (!hasPort && type.Label != "gadget_l3endpoint_t")
        {
            return null;
        }

        var version = type.Fields.FirstOrDefault(field => field is { Name: "version", BitSize: 0, Value: NumberShape { Size: 1 } });
        var port = hasPort ? type.Fields.FirstOrDefault(field => field is { Name: "port", BitSize: 0, Value: NumberShape { Size: 2 } }) : null;
        return type.Fields is [{ Offset: 0, BitSize: 0, Value.Size: 16 }, ..] && version is not null && hasPort == port is not null
            ? new EndpointShape(type.Size, version.Offset, port?.Offset ?? -1)
            : null;
    }
}

/// <summary>A stack trace itself, as a stack map has it.</summary>
internal sealed record StackShape(int Size, bool ByBuildId) : ValueShape(FieldMeaning.Stack, Size)
{
    public override string Key => $"stack{Size}:{ByBuildId}";
}

/// <summary>A <c>char</c> array, read as text.</summary>
internal sealed record TextShape(int Size) : ValueShape(FieldMeaning.Text, Size)
{
    public override string Key => $"text{Size}";
}

/// <summary>A <c>char</c> array of words with a NUL behind each, read as a list of text.</summary>
internal sealed record WordsShape(int Size) : ValueShape(FieldMeaning.Words, Size)
{
    public override string Key => $"words{Size}";

    /// <summary>A shape in which the fields that the author calls words are that.</summary>
    /// <param name="shape">The shape of a record, a key or a value.</param>
    /// <param name="name">What a value that is no struct is called: <c>Key</c> or <c>Value</c>.</param>
    /// <param name="said">What the author says.</param>
    public static ValueShape Apply(ValueShape shape, string name, MapMetadata said)
    {
        bool Says(string field) => said.Fields.GetValueOrDefault(field) is { Words: true };
        return shape switch
        {
            TextShape text when Says(name) => new WordsShape(text.Size),
            ObjectShape { Struct: var s } when s.Fields.Any(f => f.Value is TextShape && Says(f.Name)) =>
                new ObjectShape(s with { Fields = [.. s.Fields.Select(f => f.Value is TextShape text && Says(f.Name) ? f with { Value = new WordsShape(text.Size) } : f)] }),
            _ => shape,
        };
    }
}

/// <summary>A C enum. <paramref name="Label"/> is its name, or that of the typedef or the field that it is declared in.</summary>
internal sealed record EnumShape(string Label, NumberKind Kind, bool IsFlags, IReadOnlyList<(string Name, long Value)> Values)
    : ValueShape(IsFlags ? FieldMeaning.Flags : FieldMeaning.Enum, Numbers.Size(Kind))
{
    private string? _key;

    public override string Key => _key ??= ShapeKey.Of($"enum {Label}:{Kind}:{IsFlags}", Values.Select(v => $"{v.Name}={v.Value}"));
}

/// <summary>A nested struct or union.</summary>
internal sealed record ObjectShape(StructShape Struct) : ValueShape(FieldMeaning.Object, Struct.Size)
{
    public override string Key => Struct.Key;
}

/// <summary>An array. A count of 0 is a flexible array where it ends a record, and an empty one elsewhere.</summary>
internal sealed record ArrayShape(ValueShape Element, int Count)
    : ValueShape(IsByte(Element) ? FieldMeaning.Bytes : FieldMeaning.Array, checked(Element.Size * Count))
{
    public override string Key => $"{Element.Key}[{Count}]";

    private static bool IsByte(ValueShape element) => element is NumberShape { Kind: NumberKind.UInt8, Meaning: FieldMeaning.Number };
}
