using Bee.Ebpf.Btf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.Records;

/// <summary>Reads shapes from BTF. The object is untrusted, so every reference, size and depth is checked.</summary>
internal static class ShapeReader
{
    // Compilers nest a few dozen levels deep; damaged BTF may nest without end.
    private const int MaxDepth = 32;
    private const int MaxFields = 10_000;

    /// <summary>Reads the shape of a type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="label">The name for a C type without one.</param>
    /// <exception cref="BpfObjectException">A member is outside of its struct, or a struct contains itself.</exception>
    public static ValueShape Read(BtfType type, string label) => new Walk().Value(type, label, 0);

    private sealed class Walk
    {
        private readonly Dictionary<uint, StructShape> _structs = [];
        private int _fields;

        public ValueShape Value(BtfType type, string label, int depth)
        {
            if (depth > MaxDepth)
            {
                throw Damaged(type, $"nests more than {MaxDepth} levels deep");
            }

            var bare = type.Resolve();
            for (var named = type; named != bare;)
            {
                if (named is BtfTypedef typedef)
                {
                    if (TypedefMeaning.Of(typedef.Name, bare, type.Graph.Architecture) is { } meant)
                    {
                        return meant;
                    }

                    label = typedef.Name;
                    named = typedef.Target;
                }
                else
                {
                    named = ((BtfModifier)named).Target;
                }
            }

            switch (bare)
            {
                case BtfInt { IsBool: true, Size: 1 }:
                    return new NumberShape(NumberKind.Boolean, FieldMeaning.Boolean);
                case BtfInt integer when Numbers.Integer(integer.Size, integer.IsSigned) is { } kind:
                    return new NumberShape(kind, FieldMeaning.Number);
                case BtfFloat { Size: 4 or 8 }:
                    return new NumberShape(bare.Size == 4 ? NumberKind.Float32 : NumberKind.Float64, FieldMeaning.Number);
                case BtfPointer:
                    return new NumberShape(NumberKind.UInt64, FieldMeaning.Pointer);
                case BtfEnum e when Numbers.Integer(e.Size, e.IsSigned) is { } kind && e.Size <= 8:
                    return new EnumShape(e.Name.Length > 0 ? e.Name : label, kind, FlagEnums.IsFlags(e.Values), e.Values);
                case BtfArray array:
                    return Array(array, label, depth);
                case BtfStruct s:
                    var shape = Struct(s, label, depth);
                    return (ValueShape?)EndpointShape.Of(shape) ?? (ValueShape?)UserStackShape.Of(shape) ?? new ObjectShape(shape);
                default:
                    return new ArrayShape(new NumberShape(NumberKind.UInt8, FieldMeaning.Number), bare.Size);
            }
        }

        private ValueShape Array(BtfArray array, string label, int depth)
        {
            var element = array.Element.Resolve();
            if (element is BtfInt { Size: 1, IsBool: false } c && (c.IsChar || c.Name == "char"))
            {
                return new TextShape(array.Length);
            }

            var shape = Value(array.Element, label, depth + 1);
            // Elements of size 0 need no count, and a declaration may have billions of them.
            return new ArrayShape(shape, shape.Size == 0 ? 0 : array.Length);
        }

        private StructShape Struct(BtfStruct type, string label, int depth)
        {
            if (_structs.TryGetValue(type.Id, out var known))
            {
                return known;
            }

            label = type.Name.Length > 0 ? type.Name : label;
            var fields = new List<FieldShape>();
            Members(type, 0, type, label, depth, fields);
            return _structs[type.Id] = new StructShape(label, type.Size, fields);
        }

        private void Members(BtfStruct type, int bitBase, BtfStruct outer, string label, int depth, List<FieldShape> fields)
        {
            if (depth > MaxDepth)
            {
                throw Damaged(type, $"nests more than {MaxDepth} levels deep");
            }

            foreach (var member in type.Members)
            {
                var bits = bitBase + (long)member.BitOffset;
                if (++_fields > MaxFields)
                {
                    throw Damaged(outer, $"has more than {MaxFields} fields with those of structs inside");
                }

                if (member.BitOffset < 0 || bits / 8 > outer.Size || bits > int.MaxValue - 255)
                {
                    throw Damaged(outer, $"has the member '{member.Name}' outside of it");
                }

                var bare = member.Type.Resolve();
                if (bare is BtfStruct inner && (member.Name.Length == 0 || GadgetTypes.IsSpread(member, inner)))
                {
                    Members(inner, (int)bits, outer, label, depth + 1, fields);
                    continue;
                }

                if (member.Name.Length == 0)
                {
                    continue;
                }

                var field = Field(member, (int)bits, bare, $"{label}_{member.Name}", depth);
                if (field.End > outer.Size)
                {
                    throw Damaged(outer, $"has the member '{member.Name}' outside of it");
                }

                fields.Add(field);
                if (GadgetTypes.Made(member, type) is { } made && ++_fields <= MaxFields)
                {
                    fields.Add(field with { Name = made, Value = TypedefMeaning.OfMade(member.Type.Name, type.Graph.Architecture) ?? field.Value, IsMade = true });
                }
            }
        }

        private FieldShape Field(BtfMember member, int bits, BtfType bare, string label, int depth)
        {
            var size = member.BitSize;
            if (size == 0 && bare is BtfInt integer && (integer.BitOffset != 0 || !integer.IsBool && integer.Bits < integer.Size * 8))
            {
                // The form of bit fields before structs had a flag for them.
                size = integer.Bits;
                bits += integer.BitOffset;
            }

            if (size == 0)
            {
                return bits % 8 == 0
                    ? new FieldShape(member.Name, Value(member.Type, label, depth + 1), bits, 0)
                    : throw Damaged(bare, $"is the type of the member '{member.Name}', which does not begin at a byte");
            }

            // Typedefs with a meaning do not apply to a few bits, so use the plain integer.
            var value = bare is BtfInt or BtfEnum ? Value(bare, label, depth + 1) : null;
            return value is NumberShape or EnumShape && size <= value.Size * 8
                ? new FieldShape(member.Name, value, bits, size)
                : throw Damaged(bare, $"cannot be the type of a bitfield of {size} bits, '{member.Name}'");
        }

        private static BpfObjectException Damaged(BtfType type, string what) =>
            new(ObjectFault.DamagedBtf, $"The type information (BTF) is damaged: '{type}' {what}. Compile the program again.");
    }
}

/// <summary>The shapes of a map's keys and values, from BTF or, without BTF, from the type of map.</summary>
internal static class EntryShapes
{
    private static readonly NumberShape s_number = new(NumberKind.UInt32, FieldMeaning.Number);
    private static readonly NumberShape s_byte = new(NumberKind.UInt8, FieldMeaning.Number);

    // A type with more properties would be unreadable.
    private const int MostVariables = 1000;

    /// <summary>Returns the shape of a key; an empty one for maps without keys.</summary>
    public static ValueShape Key(MapDescription map)
    {
        var shape = Typed(map.Key, (int)map.KeySize, $"{map.Name}_key") ?? (map.KeySize == 4 && IsIndexed(map.Type) ? s_number : Bytes(map.KeySize));
        shape = WordsShape.Apply(shape, "Key", map.Metadata);
        return map.Type == MapType.LpmTrie ? Prefix(shape) ?? shape : shape;
    }

    /// <summary>Returns the shape of a value; in a per-CPU map, of one CPU's value.</summary>
    public static ValueShape Value(MapDescription map) => map.Type switch
    {
        MapType.StackTrace => new StackShape((int)map.ValueSize, map.KeepsBuildIds),
        // The kernel takes fds and returns ids, whatever the declaration says.
        MapType.ArrayOfMaps or MapType.HashOfMaps or MapType.ProgramArray => s_number,
        _ when map.Variables.Count is > 0 and <= MostVariables => WordsShape.Apply(Globals(map), "Value", map.Metadata),
        _ => WordsShape.Apply(Typed(map.Value, (int)map.ValueSize, $"{map.Name}_value") ?? Bytes(map.ValueSize), "Value", map.Metadata),
    };

    /// <summary>Returns the fields that an entry shows beside key and value.</summary>
    public static IReadOnlyList<FieldShape> Fields(ValueShape shape) => shape switch
    {
        ObjectShape o => o.Struct.Fields,
        PrefixShape prefix => prefix.Struct.Fields,
        _ => [],
    };

    // A variable with an initialized flexible array is larger than its type.
    private static ObjectShape Globals(MapDescription section) => new(new StructShape(section.Name, (int)section.ValueSize, [.. section.Variables.Select(placed => new FieldShape(
        placed.Variable.Name, Typed(placed.Variable.Type, placed.Size, placed.Variable.Name) ?? Bytes((uint)placed.Size), placed.Offset * 8, 0))]));

    private static ValueShape? Typed(BtfType? type, int size, string label) => type is not null && type.Size == size ? ShapeReader.Read(type, label) : null;

    private static ArrayShape Bytes(uint size) => new(s_byte, (int)size);

    private static bool IsIndexed(MapType type) => type is MapType.Array or MapType.PerCpuArray or MapType.StackTrace or MapType.ArrayOfMaps
        or MapType.ProgramArray or MapType.DevMap or MapType.CpuMap;

    // By convention: the prefix length, followed by exactly 4 bytes for IPv4 or 16 for IPv6.
    private static PrefixShape? Prefix(ValueShape key)
    {
        const int Number = 4;
        if (key is ArrayShape { Element: NumberShape { Kind: NumberKind.UInt8 } } && key.Size is Number + 4 or Number + 16)
        {
            var address = new AddressShape(key.Size == Number + 4 ? FieldMeaning.Ipv4 : FieldMeaning.Ipv6, key.Size - Number);
            FieldShape[] fields = [new("prefixlen", s_number, 0, 0), new("address", address, Number * 8, 0)];
            return new PrefixShape(new StructShape("prefix", key.Size, fields), address.Meaning, Number);
        }

        if (key is not ObjectShape { Struct: { Fields: [{ BitOffset: 0, BitSize: 0, Value: NumberShape { Kind: NumberKind.UInt32 } }, { BitSize: 0 } second] } shape })
        {
            return null;
        }

        return (second.Value, second.Value.Size) switch
        {
            (AddressShape { Meaning: FieldMeaning.Ipv4 or FieldMeaning.Ipv6 } address, _) => new PrefixShape(shape, address.Meaning, second.Offset),
            (ArrayShape or NumberShape, 4) => new PrefixShape(shape, FieldMeaning.Ipv4, second.Offset),
            (ArrayShape or ObjectShape, 16) => new PrefixShape(shape, FieldMeaning.Ipv6, second.Offset),
            _ => null,
        };
    }
}
