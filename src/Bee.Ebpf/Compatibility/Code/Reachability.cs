using System.Buffers.Binary;

namespace Bee.Ebpf;

/// <summary>
/// Finds the instructions that the kernel's verifier can come to. It takes the branches whose condition is known when the program is loaded
/// (whether a field exists, a kernel setting, a constant) one way only, and never looks at what lies behind: there even an instruction that
/// is invalid does no harm. Where something is not known here, both ways count.
/// </summary>
internal sealed class Reachability
{
    // Damaged instructions may name five registers that do not exist.
    private const int Registers = 16, LastArgument = 5;

    private readonly ObjectCode _code;
    private readonly Func<int, int, long?> _relocated;
    private readonly Func<string, long?> _setting;
    private readonly Func<string, bool> _isMissing;
    private readonly Func<ElfSection, long, int, long?> _constant;
    private readonly HashSet<(int Section, int Offset)> _reached = [];
    private readonly HashSet<CodeFunction> _functions = [];
    private readonly Queue<CodeFunction> _waiting = new();

    /// <summary>Looks through the programs that are loaded without being asked for, and all that they call.</summary>
    /// <param name="code">The instructions.</param>
    /// <param name="relocated">The number that a relocation puts into the instruction at a place of a section, or null.</param>
    /// <param name="setting">The value of a kernel setting by its name, or null.</param>
    /// <param name="isMissing">Whether the kernel lacks the function or variable of a name; its address is 0 then.</param>
    /// <param name="constant">The value of so many bytes of a read-only section, or null where it may be changed before loading.</param>
    public Reachability(ObjectCode code, Func<int, int, long?> relocated, Func<string, long?> setting, Func<string, bool> isMissing, Func<ElfSection, long, int, long?> constant)
    {
        (_code, _relocated, _setting, _isMissing, _constant) = (code, relocated, setting, isMissing, constant);
        foreach (var function in code.Functions.Where(f => f.Program is { AutoLoad: true }))
        {
            Visit(function);
        }

        while (_waiting.TryDequeue(out var function))
        {
            Follow(function);
        }
    }

    /// <summary>Whether the verifier can come to the instruction at a place of a section.</summary>
    public bool Contains(int section, int offset) => _reached.Contains((section, offset));

    private void Visit(CodeFunction? function)
    {
        if (function is not null && _functions.Add(function))
        {
            _waiting.Enqueue(function);
        }
    }

    // Each place that is jumped to keeps what all ways to it agree on; it is looked at again as long as they come to agree on less.
    private void Follow(CodeFunction function)
    {
        var known = new Dictionary<int, RegisterValue[]>();
        var waiting = new Stack<int>();

        void Go(int offset, RegisterValue[] registers)
        {
            if (offset < function.Start || offset >= function.End)
            {
                return;
            }

            if (!known.TryGetValue(offset, out var there))
            {
                known[offset] = (RegisterValue[])registers.Clone();
                waiting.Push(offset);
            }
            else if (Forget(there, registers))
            {
                waiting.Push(offset);
            }
        }

        Go(function.Start, new RegisterValue[Registers]);
        while (waiting.TryPop(out var offset))
        {
            Walk(function, offset, (RegisterValue[])known[offset].Clone(), Go);
        }
    }

    private static bool Forget(RegisterValue[] there, RegisterValue[] here)
    {
        var changed = false;
        for (var i = 0; i < there.Length; i++)
        {
            if (there[i].Form != RegisterForm.Unknown && there[i] != here[i])
            {
                there[i] = RegisterValue.Unknown;
                changed = true;
            }
        }

        return changed;
    }

    private void Walk(CodeFunction function, int offset, RegisterValue[] registers, Action<int, RegisterValue[]> go)
    {
        var bytes = _code.Bytes(function.Section);
        while (offset < function.End)
        {
            _reached.Add((function.Section, offset));
            var instruction = Instruction.At(bytes, offset);
            var next = offset + Instruction.Length;
            if (instruction.IsExit)
            {
                return;
            }

            if (instruction.IsCall)
            {
                Visit(instruction.Source == Instruction.FunctionCall ? _code.Called(function.Section, offset, instruction) : null);
                Array.Fill(registers, RegisterValue.Unknown, 0, LastArgument + 1);
            }
            else if (instruction.IsJump)
            {
                var target = next + Instruction.Length * instruction.Distance;
                var taken = instruction.IsPlainJump ? true : Taken(instruction, registers);
                if (taken != false)
                {
                    go(target, registers);
                }

                if (taken != true)
                {
                    go(next, registers);
                }

                return;
            }
            else
            {
                Execute(function, bytes, offset, instruction, registers);
                if (instruction.IsWideLoad && next < function.End)
                {
                    _reached.Add((function.Section, next));
                    next += Instruction.Length;
                }
            }

            offset = next;
        }
    }

    private static bool? Taken(Instruction jump, RegisterValue[] registers)
    {
        var left = registers[jump.Destination];
        var right = jump.UsesRegister ? registers[jump.Source] : RegisterValue.Of(jump.Immediate);
        return left.IsNumber && right.IsNumber ? Arithmetic.Jumps(jump.Operation, left.Number, right.Number, jump.Class == InstructionClass.Jump32) : null;
    }

    private void Execute(CodeFunction function, ReadOnlySpan<byte> bytes, int offset, Instruction instruction, RegisterValue[] registers)
    {
        // A relocation of an offset changes where memory is read, which nothing is known of anyway.
        var relocated = _relocated(function.Section, offset);
        switch (instruction.Class)
        {
            case InstructionClass.Load:
                registers[instruction.Destination] = instruction.IsWideLoad && offset + 2 * Instruction.Length <= bytes.Length
                    ? Loaded(function, offset, instruction, (long)instruction.WideImmediate(Instruction.At(bytes, offset + Instruction.Length)), relocated)
                    : RegisterValue.Unknown;
                break;
            case InstructionClass.LoadMemory:
                registers[instruction.Destination] = Read(registers[instruction.Source], instruction);
                break;
            case InstructionClass.Alu32 or InstructionClass.Alu64:
                var left = registers[instruction.Destination];
                var right = instruction.UsesRegister ? registers[instruction.Source] : RegisterValue.Of(relocated is { } number ? (int)number : instruction.Immediate);
                registers[instruction.Destination] = Calculate(instruction, left, right);
                break;
            case InstructionClass.StoreRegister when instruction.Code is 0xdb or 0xc3:
                // Atomic operations that fetch give the old value back in a register.
                registers[instruction.Source] = RegisterValue.Unknown;
                registers[0] = RegisterValue.Unknown;
                break;
        }
    }

    private RegisterValue Loaded(CodeFunction function, int offset, Instruction load, long number, long? relocated)
    {
        if (_code.SymbolAt(function.Section, offset) is not { } symbol)
        {
            return load.Source == 0 ? RegisterValue.Of(relocated ?? number) : RegisterValue.Unknown;
        }

        if (symbol.Section == 0)
        {
            return _isMissing(symbol.Name) ? RegisterValue.Of(0) : new RegisterValue(RegisterForm.Setting, Setting: symbol.Name);
        }

        if (symbol.Section >= _code.Elf.Sections.Length)
        {
            return RegisterValue.Unknown;
        }

        var section = _code.Elf.Sections[symbol.Section];
        if (section.IsCode)
        {
            // The address of a function that the kernel calls back.
            Visit(_code.At(symbol.Section, symbol.Value + number));
            return RegisterValue.Unknown;
        }

        return InternalMaps.IsReadOnly(section) ? new RegisterValue(RegisterForm.Constant, symbol.Value + load.Immediate, symbol.Section) : RegisterValue.Unknown;
    }

    private RegisterValue Read(RegisterValue from, Instruction load)
    {
        var number = from.Form switch
        {
            RegisterForm.Constant => _constant(_code.Elf.Sections[from.Section], from.Number + load.Offset, load.MemorySize),
            RegisterForm.Setting when from.Number + load.Offset == 0 => _setting(from.Setting!),
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
            // Moves that extend a sign, and signed division.
            return RegisterValue.Unknown;
        }

        if (instruction.Operation == Move && !narrow)
        {
            return right;
        }

        if (left.Form is RegisterForm.Constant or RegisterForm.Setting && instruction.Operation == Add && right.IsNumber && !narrow)
        {
            return left with { Number = left.Number + right.Number };
        }

        return (left.IsNumber || instruction.Operation == Move) && right.IsNumber && Arithmetic.Apply(instruction.Operation, left.Number, right.Number, narrow) is { } result
            ? RegisterValue.Of(result)
            : RegisterValue.Unknown;
    }

    /// <summary>The value of so many bytes of a section.</summary>
    public static long? Number(ReadOnlySpan<byte> section, long offset, int size)
    {
        if (offset < 0 || offset + size > section.Length)
        {
            return null;
        }

        var at = section[(int)offset..];
        return size switch
        {
            1 => at[0],
            2 => BinaryPrimitives.ReadUInt16LittleEndian(at),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(at),
            8 => BinaryPrimitives.ReadInt64LittleEndian(at),
            _ => null,
        };
    }
}
