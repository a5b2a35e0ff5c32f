namespace Bee.Ebpf;

/// <summary>The types of sections that matter here (SHT_*, the ELF specification).</summary>
internal enum ElfSectionType : uint
{
    Null = 0,
    ProgramBits = 1,
    SymbolTable = 2,
    StringTable = 3,
    RelocationsWithAddend = 4,
    NoBits = 8,
    Relocations = 9,
}

/// <summary>A section of an ELF file. Offset and size were checked to lie within the file.</summary>
internal sealed record ElfSection(
    int Index, string Name, ElfSectionType Type, ulong Flags, int Offset, int Size, int Link, int Info, ulong EntrySize)
{
    private const ulong ExecutableFlag = 4;

    /// <summary>True for sections of instructions.</summary>
    public bool IsExecutable => (Flags & ExecutableFlag) != 0;

    /// <summary>True for the sections of programs and functions, as libbpf sees them.</summary>
    public bool IsCode => Type == ElfSectionType.ProgramBits && IsExecutable && Size > 0;

    /// <summary>True for a section of that name, or of that name with a suffix after a dot.</summary>
    public bool IsNamed(string name) =>
        Name == name || Name.Length > name.Length && Name[name.Length] == '.' && Name.StartsWith(name, StringComparison.Ordinal);
}
