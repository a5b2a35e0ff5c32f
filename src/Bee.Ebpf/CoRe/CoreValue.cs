using Bee.Ebpf.Btf;
using Bee.Posix;

namespace Bee.Ebpf.CoRe;

/// <summary>The number that a relocation writes into an instruction.</summary>
/// <param name="Number">The number; 0 if there is none.</param>
/// <param name="Size">For offsets, the number of bytes that the load reads; otherwise 0.</param>
/// <param name="Member">For offsets, the type of the member; otherwise null.</param>
/// <param name="IsExact">False if the compiler may have chosen another valid number, as for bitfields.</param>
internal readonly record struct CoreValue(ulong Number, int Size = 0, BtfType? Member = null, bool IsExact = true)
{
    /// <summary>Computes the number from the program's own types, or from the kernel's.</summary>
    /// <param name="relocation">The relocation.</param>
    /// <param name="spec">The target, or null if the kernel lacks it.</param>
    /// <param name="value">The number.</param>
    /// <param name="error">Why the number cannot be computed.</param>
    /// <returns>False if there is no number: the kernel lacks the target, or <paramref name="error"/> is set.</returns>
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
                error = $"relocations of kind {(int)kind} are not supported";
                return default;
        }
    }

    // libbpf treats 32-bit values as signed, whatever the enum is. The instruction keeps the low half.
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
                    error = "an array element has neither sign nor shifts";
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

    // Finds the smallest aligned load that reads all bits of the field.
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

    // Arrays are loaded element by element.
    private static int ElementSize(BtfType type)
    {
        while (type.Resolve() is BtfArray array)
        {
            type = array.Element;
        }

        return type.Size;
    }
}

/// <summary>Checks whether a number fits into its instruction.</summary>
internal static class CoreInstruction
{
    /// <summary>Returns how libbpf handles the instruction.</summary>
    public static (CoreState State, string? Reason) Fit(CoreRelocation relocation, CoreValue local, CoreValue target, ReadOnlySpan<byte> code)
    {
        var instruction = Instruction.At(code, relocation.Offset);
        switch (instruction.Class)
        {
            case InstructionClass.Alu32 or InstructionClass.Alu64:
                return instruction.UsesRegister || local.IsExact && (ulong)instruction.Immediate != local.Number ? Unexpected() : (CoreState.Resolved, null);
            case InstructionClass.Load when instruction.IsWideLoad && relocation.Offset + 2 * Instruction.Length <= code.Length:
                var wide = instruction.WideImmediate(Instruction.At(code, relocation.Offset + Instruction.Length));
                return instruction.Source != 0 || local.IsExact && wide != local.Number ? Unexpected() : (CoreState.Resolved, null);
            case InstructionClass.LoadMemory or InstructionClass.StoreImmediate or InstructionClass.StoreRegister:
                return FitMemory(instruction, local, target);
            default:
                return Unexpected();
        }
    }

    private static (CoreState, string?) FitMemory(Instruction instruction, CoreValue local, CoreValue target)
    {
        if (local.IsExact && (ulong)instruction.Offset != local.Number)
        {
            return Unexpected();
        }

        if (target.Number > (ulong)short.MaxValue)
        {
            return (CoreState.Refused, $"the offset {target.Number} is too large for one instruction; read the member with BPF_CORE_READ");
        }

        if (local.Size == target.Size)
        {
            return (CoreState.Resolved, null);
        }

        // The upper half of the register becomes zero, so a load of another size yields the same pointer or unsigned number.
        var canAdjust = local.Member is BtfPointer && target.Member is BtfPointer
            || local.Member is BtfInt { IsSigned: false } && target.Member is BtfInt { IsSigned: false };
        if (!canAdjust)
        {
            return (CoreState.Missing, $"the member has {Quantity.Of(target.Size, "byte")} on the kernel and {local.Size} in the program, and is neither pointer nor unsigned number, so one load cannot serve both");
        }

        return instruction.MemorySize == local.Size && target.Size is 1 or 2 or 4 or 8
            ? (CoreState.Resolved, null)
            : (CoreState.Refused, $"the member has {Quantity.Of(target.Size, "byte")} on the kernel, but the instruction reads {instruction.MemorySize}");
    }

    private static (CoreState, string?) Unexpected() => (CoreState.Refused, "the object is damaged: its instruction does not contain the number that the compiler writes there");
}
