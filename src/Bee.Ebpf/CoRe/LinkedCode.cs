using Bee.Ebpf.Objects;

namespace Bee.Ebpf.CoRe;

/// <summary>
/// The instructions of a program as the kernel gets them: libbpf appends each function that the program calls, or gives to a helper, where it finds it first,
/// and looks through that function before it goes on.
/// </summary>
internal static class LinkedCode
{
    /// <summary>Returns where in the source an instruction comes from.</summary>
    /// <param name="file">The object.</param>
    /// <param name="program">The program's name.</param>
    /// <param name="index">The instruction's number in the loaded program, as the verifier's log has it.</param>
    /// <returns>The line; null if the object has no lines, or the program no such instruction.</returns>
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
