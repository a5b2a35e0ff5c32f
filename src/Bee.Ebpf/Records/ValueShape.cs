using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Records;

/// <summary>The kinds of numbers of the machine.</summary>
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

/// <summary>The shape of a value in a record: the C type reduced to what determines how it is decoded. Shapes with the same <see cref="Key"/> are decoded in the same way, whatever object they come from.</summary>
internal abstract record ValueShape(FieldMeaning Meaning, int Size)
{
    /// <summary>A key that is equal only for shapes that are decoded in the same way.</summary>
    public abstract string Key { get; }

    /// <summary>Whether the value depends on the machine that the record comes from (<see cref="RecordHost"/>).</summary>
    public virtual bool NeedsHost => false;
}

/// <summary>A number: an integer, bool, floating-point number or pointer, or a typedef that only changes byte order or format.</summary>
internal sealed record NumberShape(NumberKind Kind, FieldMeaning Meaning, bool BigEndian = false) : ValueShape(Meaning, Numbers.Size(Kind))
{
    public override string Key => $"{Kind}{(BigEndian ? "be" : "")}:{Meaning}";

    public override bool NeedsHost => Meaning is FieldMeaning.UserId or FieldMeaning.GroupId;
}

/// <summary>An integer that is shown as a known enum: <see cref="Errno"/>, <see cref="Signal"/>, or the system calls of an architecture (<see cref="SyscallNames.Shape"/>).</summary>
/// <param name="Kind">The kind of integer.</param>
/// <param name="Meaning">The enum.</param>
/// <param name="Architecture">The architecture of system calls; null for this one.</param>
internal sealed record NamedNumberShape(NumberKind Kind, FieldMeaning Meaning, Architecture? Architecture = null) : ValueShape(Meaning, Numbers.Size(Kind))
{
    public override string Key => $"{Kind}:{Meaning}{Architecture}";
}

/// <summary>A 64-bit number of nanoseconds of one of the kernel's clocks, decoded as a time.</summary>
internal sealed record MomentShape(bool BootTime) : ValueShape(FieldMeaning.Timestamp, 8)
{
    public override string Key => BootTime ? "boottime" : "ktime";

    public override bool NeedsHost => true;
}

/// <summary>A network or hardware address, decoded as text.</summary>
internal sealed record AddressShape(FieldMeaning Meaning, int Size) : ValueShape(Meaning, Size)
{
    public override string Key => Meaning.ToString();
}

/// <summary>The key of an LPM trie, decoded as text: an address, a slash, and the prefix length.</summary>
/// <param name="Struct">The struct, which begins with the prefix length.</param>
/// <param name="Address">Whether the address is IPv4 or IPv6.</param>
/// <param name="Offset">The offset of the address.</param>
internal sealed record PrefixShape(StructShape Struct, FieldMeaning Address, int Offset) : ValueShape(FieldMeaning.Text, Struct.Size)
{
    public override string Key => $"prefix:{Address}@{Offset}:{Struct.Key}";

    /// <summary>The size of the address in bytes.</summary>
    public int AddressSize => Address == FieldMeaning.Ipv4 ? 4 : 16;
}

/// <summary>An IPv4 or IPv6 address, decoded as text: Inspektor Gadget's <c>gadget_l4endpoint_t</c> with a port, or <c>gadget_l3endpoint_t</c> without one.</summary>
/// <param name="Size">The size of the struct in bytes.</param>
/// <param name="Version">The offset of the version, 4 or 6. The address is at offset 0.</param>
/// <param name="Port">The offset of the port in host byte order; -1 for none.</param>
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

/// <summary>A stack in a stack map.</summary>
internal sealed record StackShape(int Size, bool ByBuildId) : ValueShape(FieldMeaning.Stack, Size)
{
    public override string Key => $"stack{Size}:{ByBuildId}";
}

/// <summary>
/// Inspektor Gadget's <c>struct gadget_user_stack</c>: the id of a user stack, and its process. A field of a record is decoded as the trace; in a nested struct and as a key, it is decoded as the struct.
/// </summary>
/// <param name="Struct">The struct.</param>
/// <param name="Id">The offset of the id.</param>
/// <param name="Process">The offset of the process id; 0 there means that no stack was taken.</param>
internal sealed record UserStackShape(StructShape Struct, int Id, int Process) : ValueShape(FieldMeaning.Stack, Struct.Size)
{
    public override string Key => $"userstack {Id}:{Process}:{Struct.Key}";

    public override bool NeedsHost => Struct.NeedsHost;

    /// <summary>Returns the shape of <c>struct gadget_user_stack</c>; null for all other structs.</summary>
    public static UserStackShape? Of(StructShape type) =>
        type.Label == "gadget_user_stack" && At(type, "stack_id") is { } id && At(type, "tgid_level0") is { } process ? new UserStackShape(type, id, process) : null;

    private static int? At(StructShape type, string name) =>
        type.Fields.FirstOrDefault(field => field.Name == name && field is { BitSize: 0, Value: NumberShape { Size: 4 } })?.Offset;
}

/// <summary>The flags or the mode of a file (<see cref="FieldMeaning.FileFlags"/>, <see cref="FieldMeaning.FileMode"/>), decoded as text.</summary>
/// <param name="Meaning">Flags or mode.</param>
/// <param name="Architecture">The architecture of flags; null for this one.</param>
internal sealed record FileBitsShape(FieldMeaning Meaning, Architecture? Architecture = null) : ValueShape(Meaning, 4)
{
    public override string Key => $"{Meaning}{Architecture}";
}

/// <summary>A <c>char</c> array, decoded as text.</summary>
internal sealed record TextShape(int Size) : ValueShape(FieldMeaning.Text, Size)
{
    public override string Key => $"text{Size}";
}

/// <summary>A <c>char</c> array of words that end with a NUL each, decoded as a list of text.</summary>
internal sealed record WordsShape(int Size) : ValueShape(FieldMeaning.Words, Size)
{
    public override string Key => $"words{Size}";

    /// <summary>Returns a shape in which the fields that metadata describes as words are words.</summary>
    /// <param name="shape">The shape of a record, a key or a value.</param>
    /// <param name="name">The name of a value that is not a struct: <c>Key</c> or <c>Value</c>.</param>
    /// <param name="metadata">The metadata of the map.</param>
    public static ValueShape Apply(ValueShape shape, string name, MapMetadata metadata)
    {
        bool IsWords(string field) => metadata.Fields.GetValueOrDefault(field) is { Words: true };
        return shape switch
        {
            TextShape text when IsWords(name) => new WordsShape(text.Size),
            ObjectShape { Struct: var s } when s.Fields.Any(f => f.Value is TextShape && IsWords(f.Name)) =>
                new ObjectShape(s with { Fields = [.. s.Fields.Select(f => f.Value is TextShape text && IsWords(f.Name) ? f with { Value = new WordsShape(text.Size) } : f)] }),
            _ => shape,
        };
    }
}

/// <summary>A C enum. <paramref name="Label"/> is its name, or the name of its typedef or field.</summary>
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

    public override bool NeedsHost => Struct.NeedsHost;
}

/// <summary>An array. A count of 0 is a flexible array at the end of a record, and an empty array elsewhere.</summary>
internal sealed record ArrayShape(ValueShape Element, int Count)
    : ValueShape(IsByte(Element) ? FieldMeaning.Bytes : FieldMeaning.Array, checked(Element.Size * Count))
{
    public override string Key => $"{Element.Key}[{Count}]";

    public override bool NeedsHost => Element.NeedsHost;

    private static bool IsByte(ValueShape element) => element is NumberShape { Kind: NumberKind.UInt8, Meaning: FieldMeaning.Number };
}

/// <summary>A struct or union: its fields in order of declaration, with anonymous members flattened.</summary>
internal sealed record StructShape(string Label, int Size, IReadOnlyList<FieldShape> Fields)
{
    private string? _key;
    private bool? _needsHost;

    private StructShape(StructShape other)
    {
        // The key is not copied, since a copy has other fields.
        (Label, Size, Fields) = (other.Label, other.Size, other.Fields);
    }

    /// <summary>A key that is equal only for structs with the same name, layout and meanings.</summary>
    public string Key => _key ??= ShapeKey.Of($"struct {Label}:{Size}", Fields.Select(f => $"{f.Name}@{f.BitOffset}:{f.BitSize}:{f.Value.Key}"));

    /// <summary>Whether a value depends on the machine that the record comes from.</summary>
    public bool NeedsHost => _needsHost ??= Fields.Any(one => one.Value.NeedsHost);
}

/// <summary>A field with its offset in bits, and its size in bits for a bit field (else 0).</summary>
internal sealed record FieldShape(string Name, ValueShape Value, int BitOffset, int BitSize)
{
    /// <summary>Whether the field is another format of a field's bytes (<see cref="GadgetTypes.Made"/>). It is never encoded, and is neither a value nor a label.</summary>
    public bool IsMade { get; init; }

    public int Offset => BitOffset / 8;

    /// <summary>The offset behind the field in bytes.</summary>
    public int End => BitSize == 0 ? Offset + Value.Size : (BitOffset + BitSize + 7) / 8;

    public bool IsOpenArray => Value is ArrayShape { Count: 0 } or TextShape { Size: 0 } or WordsShape { Size: 0 };
}

/// <summary>Creates the keys of shapes. They are digests, so that keys of nested structs do not grow.</summary>
internal static class ShapeKey
{
    public static string Of(string head, IEnumerable<string> parts)
    {
        var text = new StringBuilder(head);
        foreach (var part in parts)
        {
            text.Append('\n').Append(part);
        }

        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))).ToLowerInvariant();
    }
}

/// <summary>Facts about <see cref="NumberKind"/>.</summary>
internal static class Numbers
{
    public static int Size(NumberKind kind) => kind switch
    {
        NumberKind.Boolean or NumberKind.Int8 or NumberKind.UInt8 => 1,
        NumberKind.Int16 or NumberKind.UInt16 => 2,
        NumberKind.Int32 or NumberKind.UInt32 or NumberKind.Float32 => 4,
        NumberKind.Int128 or NumberKind.UInt128 => 16,
        _ => 8,
    };

    public static Type ClrType(NumberKind kind) => kind switch
    {
        NumberKind.Boolean => typeof(bool),
        NumberKind.Int8 => typeof(sbyte),
        NumberKind.UInt8 => typeof(byte),
        NumberKind.Int16 => typeof(short),
        NumberKind.UInt16 => typeof(ushort),
        NumberKind.Int32 => typeof(int),
        NumberKind.UInt32 => typeof(uint),
        NumberKind.Int64 => typeof(long),
        NumberKind.UInt64 => typeof(ulong),
        // A float is shown as the double with the same digits, so that it equals a literal: 1.1f does not equal 1.1.
        NumberKind.Float32 or NumberKind.Float64 => typeof(double),
        _ => typeof(BigInteger),
    };

    public static bool IsInteger(NumberKind kind) => kind is not (NumberKind.Boolean or NumberKind.Float32 or NumberKind.Float64);

    public static bool IsSigned(NumberKind kind) =>
        kind is NumberKind.Int8 or NumberKind.Int16 or NumberKind.Int32 or NumberKind.Int64 or NumberKind.Int128;

    /// <summary>Returns the integer of a size, or null.</summary>
    public static NumberKind? Integer(int size, bool signed) => size switch
    {
        1 => signed ? NumberKind.Int8 : NumberKind.UInt8,
        2 => signed ? NumberKind.Int16 : NumberKind.UInt16,
        4 => signed ? NumberKind.Int32 : NumberKind.UInt32,
        8 => signed ? NumberKind.Int64 : NumberKind.UInt64,
        16 => signed ? NumberKind.Int128 : NumberKind.UInt128,
        _ => null,
    };
}

/// <summary>Distinguishes enums of flags from other enums, which BTF does not.</summary>
internal static class FlagEnums
{
    /// <summary>
    /// Returns whether the values are flags: single bits or combinations of them, with at least two single bits, one of them 4 or more (1 and 2 may be a count), and not consecutive numbers (1, 2, 3, 4 is
    /// a count, although 3 is 1 and 2).
    /// </summary>
    public static bool IsFlags(IReadOnlyList<(string Name, long Value)> values)
    {
        var distinct = values.Select(v => (ulong)v.Value).Where(v => v != 0).Distinct().ToList();
        var bits = distinct.Where(BitOperations.IsPow2).ToList();
        if (bits.Count < 2 || bits.Max() < 4 || distinct.Count - bits.Count > bits.Count)
        {
            return false;
        }

        var all = bits.Aggregate((a, b) => a | b);
        var isRun = distinct.Select((v, i) => v == distinct[0] + (ulong)i).All(next => next);
        return !isRun && distinct.All(v => (v & ~all) == 0);
    }
}
