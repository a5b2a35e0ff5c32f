using Bee.Ebpf.Objects;

namespace Bee.Ebpf.CoRe;

/// <summary>The effects of instructions on registers, as far as values are known at load; unknown values are dropped.</summary>
/// <param name="code">The instructions.</param>
/// <param name="values">The values that are known at load.</param>
/// <param name="visit">Called for each function whose address a program takes: the kernel may call it back.</param>
/// <param name="readContext">Called for each instruction that reads the context, with the end of the read.</param>
internal sealed class RegisterEffects(ObjectCode code, LoadTimeValues values, Action<CodeFunction?> visit, Action<CodeFunction, int, long> readContext)
{
    /// <summary>Returns whether a branch is taken; null if that is unknown at load.</summary>
    public static bool? Taken(Instruction jump, RegisterValue[] registers)
    {
        var left = registers[jump.Destination];
        var right = jump.UsesRegister ? registers[jump.Source] : RegisterValue.Of(jump.Immediate);
        return left.IsNumber && right.IsNumber ? Arithmetic.Jumps(jump.Operation, left.Number, right.Number, jump.Class == InstructionClass.Jump32) : null;
    }

    /// <summary>Applies an instruction that neither jumps nor calls to the registers.</summary>
    public void Execute(CodeFunction function, ReadOnlySpan<byte> bytes, int offset, Instruction instruction, RegisterValue[] registers)
    {
        // In a load, the relocation changes the offset.
        var relocated = values.Relocated(function.Section, offset);
        switch (instruction.Class)
        {
            case InstructionClass.Load:
                registers[instruction.Destination] = instruction.IsWideLoad && offset + 2 * Instruction.Length <= bytes.Length
                    ? Loaded(function, offset, instruction, (long)instruction.WideImmediate(Instruction.At(bytes, offset + Instruction.Length)), relocated)
                    : RegisterValue.Unknown;
                break;
            case InstructionClass.LoadMemory:
                if (registers[instruction.Source] is { Form: RegisterForm.Context, Number: var from })
                {
                    readContext(function, offset, from + (relocated ?? instruction.Offset) + instruction.MemorySize);
                }

                registers[instruction.Destination] = Read(registers[instruction.Source], instruction);
                break;
            case InstructionClass.Alu32 or InstructionClass.Alu64:
                var left = registers[instruction.Destination];
                var right = instruction.UsesRegister ? registers[instruction.Source] : RegisterValue.Of(relocated is { } number ? (int)number : instruction.Immediate);
                registers[instruction.Destination] = Calculate(instruction, left, right);
                break;
            case InstructionClass.StoreRegister when instruction.Code is 0xdb or 0xc3:
                // Atomic operations with fetch return the old value in a register.
                registers[instruction.Source] = RegisterValue.Unknown;
                registers[0] = RegisterValue.Unknown;
                break;
        }
    }

    private RegisterValue Loaded(CodeFunction function, int offset, Instruction load, long number, long? relocated)
    {
        if (code.SymbolAt(function.Section, offset) is not { } symbol)
        {
            return load.Source == 0 ? RegisterValue.Of(relocated ?? number) : RegisterValue.Unknown;
        }

        if (symbol.Section == 0)
        {
            return values.IsMissing(symbol.Name) ? RegisterValue.Of(0) : new RegisterValue(RegisterForm.Setting, Setting: symbol.Name);
        }

        if (symbol.Section >= code.Elf.Sections.Length)
        {
            return RegisterValue.Unknown;
        }

        var section = code.Elf.Sections[symbol.Section];
        if (section.IsCode)
        {
            // The address of a callback.
            visit(code.At(symbol.Section, symbol.Value + number));
            return RegisterValue.Unknown;
        }

        return InternalMaps.IsReadOnly(section) ? new RegisterValue(RegisterForm.Constant, symbol.Value + load.Immediate, symbol.Section) : RegisterValue.Unknown;
    }

    private RegisterValue Read(RegisterValue from, Instruction load)
    {
        var number = from.Form switch
        {
            RegisterForm.Constant => values.Constant(code.Elf.Sections[from.Section], from.Number + load.Offset, load.MemorySize),
            RegisterForm.Setting when from.Number + load.Offset == 0 => values.Setting(from.Setting!),
            _ => null,
        };
        return number is { } known ? RegisterValue.Of(known) : RegisterValue.Unknown;
    }

    private static RegisterValue Calculate(Instruction instruction, RegisterValue left, RegisterValue right)
    {
        const int Move = 0xb0, Add = 0x00;
        var narrow = instruction.Class == InstructionClass.Alu32;
        if (instruction.Offset != 0)
        {
            // Sign-extending moves, and signed division.
            return RegisterValue.Unknown;
        }

        if (instruction.Operation == Move && !narrow)
        {
            return right;
        }

        if (left.Form is RegisterForm.Constant or RegisterForm.Setting or RegisterForm.Context && instruction.Operation == Add && right.IsNumber && !narrow)
        {
            return left with { Number = left.Number + right.Number };
        }

        return (left.IsNumber || instruction.Operation == Move) && right.IsNumber && Arithmetic.Apply(instruction.Operation, left.Number, right.Number, narrow) is { } result
            ? RegisterValue.Of(result)
            : RegisterValue.Unknown;
    }
}

/// <summary>The known value of a register: unknown, a number, or a pointer to constant data.</summary>
/// <param name="Form">The form of the value.</param>
/// <param name="Number">The number, or the offset in the data.</param>
/// <param name="Section">For constants, the index of their section.</param>
/// <param name="Setting">For kernel configuration options, the name.</param>
internal readonly record struct RegisterValue(RegisterForm Form, long Number = 0, int Section = 0, string? Setting = null)
{
    public static RegisterValue Unknown => default;

    public static RegisterValue Of(long number) => new(RegisterForm.Number, number);

    public bool IsNumber => Form == RegisterForm.Number;
}

/// <summary>The forms of <see cref="RegisterValue"/>.</summary>
internal enum RegisterForm
{
    Unknown,
    Number,
    Constant,
    Setting,
    Context,
}

/// <summary>Computes arithmetic instructions and jumps on known numbers.</summary>
internal static class Arithmetic
{
    /// <summary>Returns the result of an arithmetic instruction, or null if the operation is not supported here.</summary>
    public static long? Apply(int operation, long left, long right, bool narrow)
    {
        var bits = narrow ? 31 : 63;
        if (narrow)
        {
            (left, right) = ((uint)left, (uint)right);
        }

        long? result = operation switch
        {
            0x00 => unchecked(left + right),
            0x10 => unchecked(left - right),
            0x20 => unchecked(left * right),
            0x40 => left | right,
            0x50 => left & right,
            0x60 => left << (int)(right & bits),
            0x70 => narrow ? (uint)left >> (int)(right & bits) : (long)((ulong)left >> (int)(right & bits)),
            0x80 => unchecked(-left),
            0xa0 => left ^ right,
            0xb0 => right,
            0xc0 => narrow ? (int)left >> (int)(right & bits) : left >> (int)(right & bits),
            _ => null,
        };
        return narrow ? (uint?)result : result;
    }

    /// <summary>Returns whether a jump is taken, or null if the operation is not supported here.</summary>
    public static bool? Jumps(int operation, long left, long right, bool narrow)
    {
        if (narrow)
        {
            (left, right) = ((int)left, (int)right);
        }

        var (low, high) = narrow ? ((ulong)(uint)left, (ulong)(uint)right) : ((ulong)left, (ulong)right);
        return operation switch
        {
            0x10 => left == right,
            0x20 => low > high,
            0x30 => low >= high,
            0x40 => (left & right) != 0,
            0x50 => left != right,
            0x60 => left > right,
            0x70 => left >= right,
            0xa0 => low < high,
            0xb0 => low <= high,
            0xc0 => left < right,
            0xd0 => left <= right,
            _ => null,
        };
    }
}
