namespace Bee.Ebpf;

/// <summary>Reads shapes out of BTF. The graph comes from a file that anybody may have made, so nothing in it is believed unchecked.</summary>
internal static class ShapeReader
{
    // C compilers nest some dozens deep at most; a damaged graph may nest without end.
    private const int MaxDepth = 32;
    private const int MaxFields = 10_000;

    /// <summary>Reads the shape of a type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="label">What to call it where C gives it no name.</param>
    /// <exception cref="BpfObjectException">A member lies outside of its struct, or structs contain themselves.</exception>
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
                    if (TypedefMeaning.Of(typedef.Name, bare) is { } meant)
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
                    return (ValueShape?)EndpointShape.Of(shape) ?? new ObjectShape(shape);
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
            // An array of nothing has no use for a count, and a count of billions is easily declared.
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
            }
        }

        private FieldShape Field(BtfMember member, int bits, BtfType bare, string label, int depth)
        {
            var size = member.BitSize;
            if (size == 0 && bare is BtfInt integer && (integer.BitOffset != 0 || !integer.IsBool && integer.Bits < integer.Size * 8))
            {
                // How compilers wrote bitfields before structs had a flag for them.
                size = integer.Bits;
                bits += integer.BitOffset;
            }

            if (size == 0)
            {
                return bits % 8 == 0
                    ? new FieldShape(member.Name, Value(member.Type, label, depth + 1), bits, 0)
                    : throw Damaged(bare, $"is the type of the member '{member.Name}', which does not begin at a byte");
            }

            // Typedef names that change bytes or make text have no sense for a few bits; the integer below does.
            var value = bare is BtfInt or BtfEnum ? Value(bare, label, depth + 1) : null;
            return value is NumberShape or EnumShape && size <= value.Size * 8
                ? new FieldShape(member.Name, value, bits, size)
                : throw Damaged(bare, $"cannot be the type of a bitfield of {size} bits, '{member.Name}'");
        }

        private static BpfObjectException Damaged(BtfType type, string what) =>
            new(ObjectFault.DamagedBtf, $"The type information (BTF) is damaged: '{type}' {what}. Compile the program again.");
    }
}
