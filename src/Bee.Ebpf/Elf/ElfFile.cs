using System.Buffers.Binary;
using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Elf;

/// <summary>
/// A relocatable 64-bit little-endian ELF file. <see cref="Parse"/> validates everything that libelf and libbpf follow: tables lie
/// within the file, names within terminated string tables, symbols and relocations within their sections.
/// </summary>
internal sealed class ElfFile
{
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly Dictionary<string, ElfSection> _names = new(StringComparer.Ordinal);

    private ElfFile(ReadOnlyMemory<byte> bytes, ElfSection[] sections)
    {
        _bytes = bytes;
        Sections = sections;
        foreach (var section in sections)
        {
            _names.TryAdd(section.Name, section);
        }
    }

    /// <summary>The sections by index; 0 is empty.</summary>
    public ElfSection[] Sections { get; }

    /// <summary>The symbols by index; 0 is empty.</summary>
    public ElfSymbol[] Symbols { get; private set; } = [];

    /// <summary>Reads and validates a file.</summary>
    public static ElfFile Parse(ReadOnlyMemory<byte> bytes)
    {
        var header = ElfHeaderCheck.Read(bytes.Span);
        var file = new ElfFile(bytes, ElfSections.Read(bytes.Span, header));
        file.Symbols = ElfSymbols.Read(file);
        ElfRelocations.Check(file);
        return file;
    }

    /// <summary>Returns the first section with a name, or null.</summary>
    public ElfSection? Find(string name) => _names.GetValueOrDefault(name);

    /// <summary>Returns the bytes of a section; empty for sections that take no space in the file.</summary>
    public ReadOnlyMemory<byte> Data(ElfSection section) =>
        section.Type == ElfSectionType.NoBits ? default : _bytes.Slice(section.Offset, section.Size);

    /// <summary>Returns a name from a validated string table.</summary>
    /// <exception cref="BpfObjectException">The name contains control characters, which would reach the terminal. libbpf prints it there, too.</exception>
    public static string Text(ReadOnlySpan<byte> table, uint offset)
    {
        var name = ElfStrings.Read(table, (int)offset);
        return TerminalText.IsUnsafe(name) ? throw Damaged($"the name '{TerminalText.Clean(name)}' contains control characters") : name;
    }

    public static BpfObjectException Damaged(string what) =>
        new(ObjectFault.DamagedElf, $"This BPF object is damaged: {what}. Compile it again.");
}

/// <summary>A section of an ELF file. Offset and size lie within the file.</summary>
internal sealed record ElfSection(
    int Index, string Name, ElfSectionType Type, ulong Flags, int Offset, int Size, int Link, int Info, ulong EntrySize)
{
    private const ulong ExecutableFlag = 4;

    /// <summary>True for sections of instructions.</summary>
    public bool IsExecutable => (Flags & ExecutableFlag) != 0;

    /// <summary>True for the sections of programs and functions, as libbpf defines them.</summary>
    public bool IsCode => Type == ElfSectionType.ProgramBits && IsExecutable && Size > 0;

    /// <summary>Returns true if the section has this name, or this name with a suffix after a dot.</summary>
    public bool IsNamed(string name) =>
        Name == name || Name.Length > name.Length && Name[name.Length] == '.' && Name.StartsWith(name, StringComparison.Ordinal);
}

/// <summary>A symbol. If its section exists in the file, value and size lie within that section.</summary>
internal sealed record ElfSymbol(
    string Name, ElfSymbolType Type, ElfBinding Binding, int Section, long Value, long Size)
{
    /// <summary>True for symbols that the kernel or its configuration defines.</summary>
    public bool IsExtern =>
        Section == 0 && Type == ElfSymbolType.None && Binding is (ElfBinding.Global or ElfBinding.Weak) && Name.Length > 0;
}

/// <summary>A BPF relocation (R_BPF_*): a position in a section, and the symbol whose address belongs there.</summary>
internal readonly record struct ElfRelocation(long Offset, int Symbol, int Type);

/// <summary>Reads and validates relocations.</summary>
internal static class ElfRelocations
{
    public const int EntryLength = 16;

    private const int InstructionLength = 8;

    // R_BPF_64_64 patches both halves of a 64-bit load, which takes two instructions.
    private const int Load64 = 1;
    private const int Absolute64 = 2;
    private const int Call32 = 10;

    public static void Check(ElfFile file)
    {
        foreach (var section in file.Sections)
        {
            if (section.Type is not (ElfSectionType.Relocations or ElfSectionType.RelocationsWithAddend))
            {
                continue;
            }

            if (section.Info >= file.Sections.Length || section.Info == 0 || file.Sections[section.Link].Type != ElfSectionType.SymbolTable)
            {
                throw ElfFile.Damaged($"the relocations in section {section.Index} belong to section {section.Info}, which does not exist, or to no symbol table");
            }

            var target = file.Sections[section.Info];
            if (section.Type == ElfSectionType.RelocationsWithAddend || target.Type != ElfSectionType.ProgramBits)
            {
                throw ElfFile.Damaged($"the relocations in section {section.Index} have a form that BPF does not use");
            }

            foreach (var relocation in Read(file, section))
            {
                CheckOne(file, section, target, relocation);
            }
        }
    }

    /// <summary>Returns the relocations of a section of type <see cref="ElfSectionType.Relocations"/>.</summary>
    public static IEnumerable<ElfRelocation> Read(ElfFile file, ElfSection section)
    {
        var data = file.Data(section);
        for (var at = 0; at < data.Length; at += EntryLength)
        {
            var offset = BinaryPrimitives.ReadInt64LittleEndian(data.Span[at..]);
            var info = BinaryPrimitives.ReadUInt64LittleEndian(data.Span[(at + 8)..]);
            yield return new ElfRelocation(offset, (int)Math.Min(info >> 32, int.MaxValue), (int)(info & 0x7fff_ffff));
        }
    }

    private static void CheckOne(ElfFile file, ElfSection section, ElfSection target, ElfRelocation relocation)
    {
        var length = relocation.Type switch
        {
            _ when target.IsExecutable => relocation.Type == Load64 ? 2 * InstructionLength : InstructionLength,
            Load64 or Absolute64 => 8,
            _ => 4,
        };
        if (relocation.Offset < 0 || relocation.Offset > target.Size - length || target.IsExecutable && relocation.Offset % InstructionLength != 0)
        {
            throw ElfFile.Damaged($"a relocation of section '{target.Name}' has offset {relocation.Offset}, which is outside the section or between two instructions");
        }

        if (relocation.Symbol >= file.Symbols.Length || relocation.Type is < 0 or > Call32)
        {
            throw ElfFile.Damaged($"a relocation in section {section.Index} has type {relocation.Type} and names symbol {relocation.Symbol}, which does not exist");
        }
    }
}
