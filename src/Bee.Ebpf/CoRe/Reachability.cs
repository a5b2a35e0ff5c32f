namespace Bee.Ebpf.CoRe;

/// <summary>
/// Finds the instructions that the kernel's verifier can reach. If the condition of a branch is known at load
/// (an existence check, a kernel configuration option, a constant), the verifier follows one direction only and ignores the other, where even an
/// invalid instruction is harmless. If a value is unknown here, both directions are followed.
/// </summary>
internal sealed class Reachability
{
    // Damaged instructions may contain register numbers from 11 to 15, which do not exist.
    private const int Registers = 16, FirstArgument = 1, LastArgument = 5;

    private readonly ObjectCode _code;
    private readonly RegisterEffects _effects;
    private readonly HashSet<(int Section, int Offset)> _reached = [];
    private readonly HashSet<CodeFunction> _functions = [];
    private readonly Queue<CodeFunction> _waiting = new();
    private readonly Dictionary<string, ContextRead> _contextReads = new(StringComparer.Ordinal);

    /// <summary>Analyzes the programs that are loaded by default, and all functions that they call.</summary>
    /// <param name="code">The instructions.</param>
    /// <param name="values">The values that are known at load.</param>
    public Reachability(ObjectCode code, LoadTimeValues values)
    {
        _code = code;
        _effects = new RegisterEffects(code, values, Visit, ReadContext);
        foreach (var function in code.Functions.Where(f => f.Program is { AutoLoad: true }))
        {
            Visit(function);
        }

        while (_waiting.TryDequeue(out var function))
        {
            Follow(function);
        }
    }

    /// <summary>Returns whether the verifier can reach the instruction at an offset of a section.</summary>
    public bool Contains(int section, int offset) => _reached.Contains((section, offset));

    /// <summary>The read of each program's context that ends last. Reads in called functions are not included.</summary>
    public IReadOnlyDictionary<string, ContextRead> ContextReads => _contextReads;

    private void ReadContext(CodeFunction function, int offset, long end)
    {
        if (function.Program is { Name: var name } && !(_contextReads.TryGetValue(name, out var before) && before.End >= end))
        {
            _contextReads[name] = new ContextRead(end, function.Section, offset);
        }
    }

    private void Visit(CodeFunction? function)
    {
        if (function is not null && _functions.Add(function))
        {
            _waiting.Enqueue(function);
        }
    }

    // Each jump target keeps the register values on which all paths to it agree. It is analyzed again while this set shrinks.
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

        var start = new RegisterValue[Registers];
        start[FirstArgument] = function.Program is null ? RegisterValue.Unknown : new RegisterValue(RegisterForm.Context);
        Go(function.Start, start);
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
                var taken = instruction.IsPlainJump ? true : RegisterEffects.Taken(instruction, registers);
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
                _effects.Execute(function, bytes, offset, instruction, registers);
                if (instruction.IsWideLoad && next < function.End)
                {
                    _reached.Add((function.Section, next));
                    next += Instruction.Length;
                }
            }

            offset = next;
        }
    }
}

/// <summary>A read of a program's context.</summary>
/// <param name="End">The end of the read in the context, in bytes.</param>
/// <param name="Section">The index of the instruction's section.</param>
/// <param name="Offset">The offset of the instruction in the section, in bytes.</param>
internal readonly record struct ContextRead(long End, int Section, int Offset);
