namespace Bee.Ebpf;

/// <summary>The number that belongs into an instruction.</summary>
/// <param name="Number">The number; 0 where there is none.</param>
/// <param name="Size">For offsets the bytes that the member is loaded with; else 0.</param>
/// <param name="Member">For offsets the member's type; else null.</param>
/// <param name="IsExact">False where the compiler may have put another number there with equal right, as for bitfields.</param>
internal readonly record struct CoreValue(ulong Number, int Size = 0, BtfType? Member = null, bool IsExact = true)
{
    /// <summary>Works the number out from the program's own types, or from the kernel's.</summary>
    /// <param name="relocation">What is asked for.</param>
    /// <param name="spec">Where it is, or null for what the kernel has not.</param>
    /// <param name="value">The number.</param>
    /// <param name="error">Why there can be no such number.</param>
    /// <returns>False where there is none: the kernel lacks it, or <paramref name="error"/> says why.</returns>
    public static bool TryRead(CoreRelocation relocation, CoreSpec? spec, out CoreValue value, out string? error)
    {
        value = default;
        error = null;
        if (relocation.IsOfType)
        {
            value = Type(relocation.Kind, spec, ref error);
            return error is null;
        }

        if (relocation.AsksWhether)
        {
            value = new CoreValue(spec is null ? 0u : 1u);
            return true;
        }

        if (spec is null)
        {
            return false;
        }

        value = relocation.IsOfEnumerator ? new CoreValue(Enumerator(spec.Steps[0])) : Field(relocation.Kind, spec, ref error);
        return error is null;
    }

    private static CoreValue Type(CoreRelocationKind kind, CoreSpec? spec, ref string? error)
    {
        switch (kind)
        {
            case CoreRelocationKind.LocalTypeId or CoreRelocationKind.TargetTypeId:
                return new CoreValue(spec?.Root.Id ?? 0, IsExact: false);
            case CoreRelocationKind.TypeExists or CoreRelocationKind.TypeMatches:
                return new CoreValue(spec is null ? 0u : 1u);
            case CoreRelocationKind.TypeSize:
                if (spec is not null && !CoreSpec.HasSize(spec.Root.Resolve()))
                {
                    error = "the type has no size";
                }

                return new CoreValue((ulong)(spec?.Root.Size ?? 0));
            default:
                error = $"relocations of kind {(int)kind} are not known here";
                return default;
        }
    }

    // Values of 32 bits are taken as signed, whatever the enum is; the instruction keeps the low half.
    private static ulong Enumerator(CoreStep step)
    {
        var choice = (BtfEnum)step.Type;
        var value = choice.Values[step.Index].Value;
        return choice.Kind == BtfKind.Enum ? (ulong)(int)value : (ulong)value;
    }

    private static CoreValue Field(CoreRelocationKind kind, CoreSpec spec, ref string? error)
    {
        var last = spec.Last;
        if (last.Name is null)
        {
            switch (kind)
            {
                case CoreRelocationKind.FieldOffset:
                    return new CoreValue(spec.BitOffset / 8, ElementSize(last.Type), last.Type);
                case CoreRelocationKind.FieldSize:
                    return new CoreValue((ulong)last.Type.Size);
                default:
                    error = "an element of an array has neither sign nor shifts";
                    return default;
            }
        }

        var member = ((BtfStruct)last.Type).Members[last.Index];
        var type = member.Type.Resolve();
        var isBitfield = member.BitSize > 0;
        var bits = (uint)member.BitSize;
        var size = (uint)type.Size;
        var offset = spec.BitOffset / 8;
        if (!isBitfield)
        {
            bits = size * 8;
        }
        else if (!TryPlace(spec.BitOffset, bits, ref size, out offset))
        {
            error = "the bitfield cannot be read with one load";
            return default;
        }

        switch (kind)
        {
            case CoreRelocationKind.FieldOffset:
                return isBitfield ? new CoreValue(offset, IsExact: false) : new CoreValue(offset, ElementSize(type), type);
            case CoreRelocationKind.FieldSize:
                return new CoreValue(size, IsExact: !isBitfield);
            case CoreRelocationKind.FieldSigned:
                return new CoreValue(type is BtfInt { IsSigned: true } || type is BtfEnum && type.Graph.Table.Flag(type.Id) ? 1u : 0u);
            case CoreRelocationKind.FieldLeftShift:
                return new CoreValue(unchecked(64 - (ulong)(spec.BitOffset + bits - offset * 8)), IsExact: !isBitfield);
            default:
                return new CoreValue(unchecked(64 - (ulong)bits));
        }
    }

    // The smallest aligned load that holds all bits of the field.
    private static bool TryPlace(uint bitOffset, uint bits, ref uint size, out uint offset)
    {
        offset = 0;
        if (size == 0)
        {
            return false;
        }

        offset = bitOffset / 8 / size * size;
        while (bitOffset + bits - offset * 8 > size * 8)
        {
            if (size >= 8)
            {
                return false;
            }

            size *= 2;
            offset = bitOffset / 8 / size * size;
        }

        return true;
    }

    // An array is loaded element by element.
    private static int ElementSize(BtfType type)
    {
        while (type.Resolve() is BtfArray array)
        {
            type = array.Element;
        }

        return type.Size;
    }
}
