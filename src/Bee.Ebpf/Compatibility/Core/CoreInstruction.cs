namespace Bee.Ebpf;

/// <summary>Tells whether a number fits into the instruction that waits for it.</summary>
internal static class CoreInstruction
{
    /// <summary>What the loader does with the instruction.</summary>
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

        // The upper half of what was read comes to zero, so a wider or narrower load gives the same pointer or unsigned number.
        var canAdjust = local.Member is BtfPointer && target.Member is BtfPointer
            || local.Member is BtfInt { IsSigned: false } && target.Member is BtfInt { IsSigned: false };
        if (!canAdjust)
        {
            return (CoreState.Missing, $"the member has {target.Size} bytes on the kernel and {local.Size} in the program, and is neither pointer nor unsigned number, so one load cannot serve both");
        }

        return instruction.MemorySize == local.Size && target.Size is 1 or 2 or 4 or 8
            ? (CoreState.Resolved, null)
            : (CoreState.Refused, $"the member has {target.Size} bytes on the kernel, and the instruction reads {instruction.MemorySize}");
    }

    private static (CoreState, string?) Unexpected() => (CoreState.Refused, "the object is damaged: its instruction does not hold the number that the compiler puts there");
}
