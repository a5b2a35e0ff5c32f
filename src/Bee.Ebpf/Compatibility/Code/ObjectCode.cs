namespace Bee.Ebpf;

/// <summary>A function of an object file: a program, or one that programs call.</summary>
/// <param name="Name">Its name in C.</param>
/// <param name="Section">The index of its section.</param>
/// <param name="Start">Where it begins in the section, in bytes.</param>
/// <param name="Length">How many bytes it has.</param>
/// <param name="Program">The program that it is, or null.</param>
internal sealed record CodeFunction(string Name, int Section, int Start, int Length, ProgramDescription? Program)
{
    public int End => Start + Length;
}

/// <summary>The instructions of an object file, and what its symbols and line numbers say of them.</summary>
internal sealed class ObjectCode
{
    private readonly Dictionary<(int Section, long Offset), ElfRelocation> _relocations = [];
    private readonly List<SourceLine> _lines;

    private ObjectCode(ElfFile elf, ObjectFile file)
    {
        Elf = elf;
        File = file;
        var programs = file.Programs.ToDictionary(p => p.Name, StringComparer.Ordinal);
        Functions = [.. from f in ProgramReader.Functions(elf)
                        let program = f.Section.Name == ProgramReader.SharedCode ? null : programs.GetValueOrDefault(f.Symbol.Name)
                        select new CodeFunction(f.Symbol.Name, f.Section.Index, (int)f.Symbol.Value, (int)f.Symbol.Size, program)];
        foreach (var section in elf.Sections.Where(s => s.Type == ElfSectionType.Relocations && elf.Sections[s.Info].IsCode))
        {
            foreach (var relocation in ElfRelocations.Read(elf, section))
            {
                _relocations.TryAdd((section.Info, relocation.Offset), relocation);
            }
        }

        _lines = file.Btf is { } btf ? BtfExtReader.Lines(elf, btf) : [];
        _lines.Sort((a, b) => a.Section != b.Section ? a.Section.CompareTo(b.Section) : a.Offset.CompareTo(b.Offset));
    }

    public ElfFile Elf { get; }

    public ObjectFile File { get; }

    /// <summary>The functions, by section and place.</summary>
    public IReadOnlyList<CodeFunction> Functions { get; }

    /// <summary>Takes an object apart that has been read, and so checked, before.</summary>
    public static ObjectCode Read(ObjectFile file) => new(ElfFile.Parse(file.Bytes), file);

    /// <summary>A section's instructions.</summary>
    public ReadOnlySpan<byte> Bytes(int section) => Elf.Data(Elf.Sections[section]).Span;

    /// <summary>The function at a place, or null between two.</summary>
    public CodeFunction? At(int section, long offset)
    {
        var (low, high) = (0, Functions.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var function = Functions[middle];
            var isBefore = function.Section != section ? function.Section < section : function.Start <= offset;
            (low, high) = isBefore ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && Functions[low - 1] is { } found && found.Section == section && offset < found.End ? found : null;
    }

    /// <summary>The symbol whose address belongs into an instruction, or null.</summary>
    public ElfSymbol? SymbolAt(int section, long offset) =>
        _relocations.TryGetValue((section, offset), out var relocation) ? Elf.Symbols[relocation.Symbol] : null;

    /// <summary>Where in the source an instruction comes from, or null where nothing tells.</summary>
    public SourceLine? LineAt(int section, long offset)
    {
        // The last line that begins at the instruction or before it, if it belongs to the same function.
        var (low, high) = (0, _lines.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var line = _lines[middle];
            var isBefore = line.Section != section ? line.Section < section : line.Offset <= offset;
            (low, high) = isBefore ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && _lines[low - 1] is { } found && found.Section == section && At(section, offset) is { } function && found.Offset >= function.Start ? found : null;
    }

    /// <summary>The function that a call of <see cref="Instruction.FunctionCall"/> goes to, or null where it is the kernel's or leads nowhere.</summary>
    public CodeFunction? Called(int section, int offset, Instruction call)
    {
        var target = (long)call.Immediate + 1;
        return SymbolAt(section, offset) is { } symbol
            ? symbol.Section == 0 ? null : At(symbol.Section, symbol.Value + target * Instruction.Length)
            : At(section, offset + Instruction.Length * target);
    }
}
