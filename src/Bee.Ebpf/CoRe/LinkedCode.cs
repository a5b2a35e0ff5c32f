using Bee.Ebpf.Objects;

namespace Bee.Ebpf.CoRe;

/// <summary>
/// The instructions of a program in the kernel's order: libbpf appends each function at its first use in a call or as a callback,
/// and processes that function before it continues.
/// </summary>
internal static class LinkedCode
{
    /// <summary>Returns the source line of an instruction.</summary>
    /// <param name="file">The object.</param>
    /// <param name="program">The program's name.</param>
    /// <param name="index">The number of the instruction in the loaded program, as in the verifier's log.</param>
    /// <returns>The line; null if the object has no line information, or if the program has no such instruction.</returns>
    public static SourceLine? LineAt(ObjectFile file, string program, int index)
    {
        var code = ObjectCode.Read(file);
        if (code.Functions.FirstOrDefault(f => f.Program?.Name == program) is not { } main)
        {
            return null;
        }

        var functions = new List<CodeFunction> { main };
        Append(code, main, functions);
        long offset = (long)index * Instruction.Length;
        foreach (var function in functions)
        {
            if (offset < function.Length)
            {
                return code.LineAt(function.Section, function.Start + offset);
            }

            offset -= function.Length;
        }

        return null;
    }

    private static void Append(ObjectCode code, CodeFunction caller, List<CodeFunction> functions)
    {
        var bytes = code.Bytes(caller.Section);
        for (var offset = caller.Start; offset < caller.End; offset += Instruction.Length)
        {
            var instruction = Instruction.At(bytes, offset);
            var called = instruction.IsCall && instruction.Source == Instruction.FunctionCall ? code.Called(caller.Section, offset, instruction)
                : instruction.IsWideLoad ? Address(code, caller.Section, offset, instruction)
                : null;
            if (called is not null && !functions.Contains(called))
            {
                functions.Add(called);
                Append(code, called, functions);
            }

            offset += instruction.IsWideLoad ? Instruction.Length : 0;
        }
    }

    private static CodeFunction? Address(ObjectCode code, int section, int offset, Instruction load) =>
        code.SymbolAt(section, offset) is { } symbol && symbol.Section > 0 && symbol.Section < code.Elf.Sections.Length && code.Elf.Sections[symbol.Section].IsCode
            ? code.At(symbol.Section, symbol.Value + load.Immediate)
            : null;
}
