using Bee.Ebpf.Elf;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Objects;

/// <summary>Finds the programs: functions in sections of instructions.</summary>
internal static class ProgramReader
{
    private const int InstructionLength = 8;
    internal const string SharedCode = ".text";

    public static IReadOnlyList<ProgramDescription> Read(ElfFile elf)
    {
        var programs = new List<ProgramDescription>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (symbol, section) in Functions(elf))
        {
            // Functions in .text are subprograms, which programs call.
            if (section.Name == SharedCode)
            {
                continue;
            }

            if (symbol.Name.Length == 0 || !names.Add(symbol.Name))
            {
                throw ElfFile.Damaged($"section '{section.Name}' has a program without a name of its own ('{symbol.Name}')");
            }

            programs.Add(Describe(symbol, section));
        }

        return programs.Count > 0 ? programs : throw new BpfObjectException(
            ObjectFault.NoPrograms, "This BPF object contains no program. Mark at least one function with SEC(\"...\"), such as SEC(\"tracepoint/syscalls/sys_enter_openat\").");
    }

    /// <summary>Returns the file in the form that libbpf accepts, which rejects static programs: a copy in which they are global, or the same bytes if no program is static.</summary>
    /// <param name="file">The object. Its own bytes do not change.</param>
    public static ReadOnlyMemory<byte> WithGlobalPrograms(ObjectFile file)
    {
        if (!file.Programs.Any(program => program.IsStatic))
        {
            return file.Bytes;
        }

        var elf = ElfFile.Parse(file.Bytes);
        var table = Array.Find(elf.Sections, section => section.Type == ElfSectionType.SymbolTable)!;
        var bytes = file.Bytes.ToArray();
        for (var i = 0; i < elf.Symbols.Length; i++)
        {
            if (elf.Symbols[i] is { Type: ElfSymbolType.Function, Binding: ElfBinding.Local, Section: not 0 } symbol && elf.Sections[symbol.Section].Name != SharedCode)
            {
                ElfSymbolEntry.MakeGlobal(bytes.AsSpan(table.Offset, table.Size), i);
            }
        }

        return bytes;
    }

    private static ProgramDescription Describe(ElfSymbol symbol, ElfSection section)
    {
        var manual = section.Name.StartsWith('?');
        var kind = SectionKind.Of(manual ? section.Name[1..] : section.Name);
        return new ProgramDescription
        {
            Name = symbol.Name,
            SectionName = section.Name,
            Type = kind.Kind.Type,
            SectionTarget = kind.AttachTo,
            Kind = kind.Kind.Name,
            IsSleepable = kind.IsSleepable,
            IsOptional = manual,
            IsStatic = symbol.Binding == ElfBinding.Local,
            InstructionCount = (int)(symbol.Size / InstructionLength),
        };
    }

    /// <summary>Returns all functions, in the order of sections and offsets. They do not overlap.</summary>
    internal static List<(ElfSymbol Symbol, ElfSection Section)> Functions(ElfFile elf)
    {
        var functions = new List<(ElfSymbol Symbol, ElfSection Section)>();
        foreach (var symbol in elf.Symbols)
        {
            if (symbol.Type != ElfSymbolType.Function || symbol.Section == 0)
            {
                continue;
            }

            var section = elf.Sections[symbol.Section];
            if (!section.IsCode || symbol.Size == 0 || symbol.Size % InstructionLength != 0 || symbol.Value % InstructionLength != 0)
            {
                throw ElfFile.Damaged($"the function '{symbol.Name}' does not consist of whole instructions");
            }

            functions.Add((symbol, section));
        }

        functions.Sort((a, b) => a.Section.Index != b.Section.Index ? a.Section.Index.CompareTo(b.Section.Index) : a.Symbol.Value.CompareTo(b.Symbol.Value));
        for (var i = 1; i < functions.Count; i++)
        {
            var (before, after) = (functions[i - 1], functions[i]);
            if (before.Section.Index == after.Section.Index && before.Symbol.Value + before.Symbol.Size > after.Symbol.Value)
            {
                throw ElfFile.Damaged($"the functions '{before.Symbol.Name}' and '{after.Symbol.Name}' overlap");
            }
        }

        CheckCovered(elf, functions);
        return functions;
    }

    // Code without a function means that a symbol is missing, and a program with it.
    private static void CheckCovered(ElfFile elf, List<(ElfSymbol Symbol, ElfSection Section)> functions)
    {
        var covered = functions.Select(f => f.Section.Index).ToHashSet();
        foreach (var section in elf.Sections)
        {
            if (section.IsCode && (section.Size % InstructionLength != 0 || !covered.Contains(section.Index)))
            {
                throw ElfFile.Damaged($"section '{section.Name}' contains {section.Size} bytes of code but no function");
            }
        }
    }
}
