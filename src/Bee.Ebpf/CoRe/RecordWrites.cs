using Bee.Ebpf.Elf;
using Bee.Ebpf.Objects;

namespace Bee.Ebpf.CoRe;

/// <summary>A call that writes a record into a buffer, or the output of an iterator.</summary>
/// <param name="Program">The calling program; null for a function that programs share.</param>
/// <param name="Map">The buffer; null for iterators, and if the code does not reveal it.</param>
/// <param name="Size">The number of bytes; null if it is not a constant.</param>
/// <param name="IsOutput">Whether the call writes the output of an iterator.</param>
/// <param name="IsText">Whether the output is text: formatted, or a constant.</param>
internal sealed record RecordWrite(ProgramDescription? Program, string? Map, uint? Size, bool IsOutput = false, bool IsText = false);

/// <summary>Finds the calls that write records, and the sizes of the records.</summary>
internal static class RecordWrites
{
    private const int SeqPrintf = 126, SeqWrite = 127, SeqPrintfBtf = 150;

    // The registers of buffer and size, by helper: perf_event_output, skb_output, xdp_output, ringbuf_output and ringbuf_reserve.
    private static readonly Dictionary<int, (int Map, int Size)> s_buffers = new() { [25] = (2, 5), [111] = (2, 5), [121] = (2, 5), [130] = (1, 3), [131] = (1, 2) };

    /// <summary>Returns the calls of all programs and of the functions that they share.</summary>
    /// <param name="file">The object.</param>
    public static IReadOnlyList<RecordWrite> In(ObjectFile file)
    {
        var code = ObjectCode.Read(file);
        return [.. code.Functions.SelectMany(function => In(code, function))];
    }

    /// <summary>Returns the calls that write an iterator's records; empty if the iterator writes text.</summary>
    /// <param name="iterator">The iterator.</param>
    /// <param name="writes">The calls of the object.</param>
    public static IReadOnlyList<RecordWrite> Of(ProgramDescription iterator, IReadOnlyList<RecordWrite> writes)
    {
        // Any iterator may call a shared function.
        var own = writes.Where(write => write.Program?.Name == iterator.Name && write.IsOutput).ToList();
        own = own.Count > 0 ? own : [.. writes.Where(write => write.Program is null && write.IsOutput)];
        return own.Exists(write => write.IsText) ? [] : own;
    }

    private static List<RecordWrite> In(ObjectCode code, CodeFunction function)
    {
        var writes = new List<RecordWrite>();
        var bytes = code.Bytes(function.Section);
        var targets = JumpTargets(function, bytes);
        var registers = new (long? Number, ElfSymbol? Symbol)[16];
        for (var at = function.Start; at < function.End; at += Instruction.Length)
        {
            var instruction = Instruction.At(bytes, at);
            if (targets.Contains(at))
            {
                Array.Clear(registers);
            }

            if (instruction is { IsCall: true, Source: Instruction.HelperCall } && code.SymbolAt(function.Section, at) is null)
            {
                Add(instruction.Immediate);
            }

            if (instruction.IsCall)
            {
                Array.Clear(registers, 0, 6);
            }
            else if (instruction.IsWideLoad)
            {
                var symbol = code.SymbolAt(function.Section, at);
                registers[instruction.Destination] = (symbol is null && at + Instruction.Length < function.End ? (long)instruction.WideImmediate(Instruction.At(bytes, at + Instruction.Length)) : null, symbol);
                at += Instruction.Length;
            }
            else if (instruction.Class is InstructionClass.Alu32 or InstructionClass.Alu64)
            {
                registers[instruction.Destination] = !IsMove(instruction) ? default : instruction.UsesRegister ? registers[instruction.Source] : (instruction.Immediate, null);
            }
            else if (instruction.Class is InstructionClass.Load or InstructionClass.LoadMemory)
            {
                registers[instruction.Destination] = default;
            }
        }

        return writes;

        void Add(int helper)
        {
            if (s_buffers.TryGetValue(helper, out var arguments))
            {
                writes.Add(new RecordWrite(function.Program, registers[arguments.Map].Symbol?.Name, Size(registers[arguments.Size].Number)));
            }
            else if (helper is SeqWrite or SeqPrintf or SeqPrintfBtf)
            {
                writes.Add(new RecordWrite(function.Program, null, helper == SeqWrite ? Size(registers[3].Number) : null, IsOutput: true, IsText: helper != SeqWrite || IsConstant(code, registers[2].Symbol)));
            }
        }
    }

    // An iterator that writes a constant of the object writes text, such as a heading.
    private static bool IsConstant(ObjectCode code, ElfSymbol? data) => data is { Section: > 0 } && data.Section < code.Elf.Sections.Length && InternalMaps.IsReadOnly(code.Elf.Sections[data.Section]);

    private static bool IsMove(Instruction instruction) => instruction is { Operation: 0xb0, Offset: 0 };

    private static uint? Size(long? number) => number is > 0 and <= int.MaxValue and var size ? (uint)size : null;

    // At jump targets, paths join and register values are unknown.
    private static HashSet<int> JumpTargets(CodeFunction function, ReadOnlySpan<byte> bytes)
    {
        var targets = new HashSet<int>();
        for (var at = function.Start; at < function.End; at += Instruction.Length)
        {
            var instruction = Instruction.At(bytes, at);
            if (instruction.IsWideLoad)
            {
                at += Instruction.Length;
            }
            else if (instruction.IsJump && !instruction.IsExit && !instruction.IsCall)
            {
                targets.Add(at + Instruction.Length * (1 + instruction.Distance));
            }
        }

        return targets;
    }
}
