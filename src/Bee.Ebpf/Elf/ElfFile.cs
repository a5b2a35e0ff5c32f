using Bee.Ebpf.Interop;
using Bee.Posix;

namespace Bee.Ebpf.Elf;

/// <summary>
/// A relocatable ELF file of 64 bits, little-endian. Everything in it that libelf and libbpf follow is checked when it is parsed: tables lie
/// within the file, names within string tables that end, symbols and relocations within their sections.
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

    /// <summary>Reads and checks a file.</summary>
    public static ElfFile Parse(ReadOnlyMemory<byte> bytes)
    {
        var header = ElfHeaderCheck.Read(bytes.Span);
        var file = new ElfFile(bytes, ElfSections.Read(bytes.Span, header));
        file.Symbols = ElfSymbols.Read(file);
        ElfRelocations.Check(file);
        return file;
    }

    /// <summary>The first section of a name, or null.</summary>
    public ElfSection? Find(string name) => _names.GetValueOrDefault(name);

    /// <summary>The bytes of a section; none for those that take no place in the file.</summary>
    public ReadOnlyMemory<byte> Data(ElfSection section) =>
        section.Type == ElfSectionType.NoBits ? default : _bytes.Slice(section.Offset, section.Size);

    /// <summary>A name of a checked string table.</summary>
    /// <exception cref="BpfObjectException">It would write more than itself onto a terminal; libbpf repeats it there, too.</exception>
    public static string Text(ReadOnlySpan<byte> table, uint offset)
    {
        var name = ElfStrings.Read(table, (int)offset);
        return TerminalText.IsUnsafe(name) ? throw Damaged($"the name '{TerminalText.Clean(name)}' has control characters") : name;
    }

    public static BpfObjectException Damaged(string what) =>
        new(ObjectFault.DamagedElf, $"This BPF object is damaged: {what}. Compile it again.");
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

/// <summary>A symbol. Where its section is a real one, value and size were checked to lie within it.</summary>
internal sealed record ElfSymbol(
    string Name, ElfSymbolType Type, ElfBinding Binding, int Section, long Value, long Size)
{
    /// <summary>True for what other files define: the kernel, or its configuration.</summary>
    public bool IsExtern =>
        Section == 0 && Type == ElfSymbolType.None && Binding is (ElfBinding.Global or ElfBinding.Weak) && Name.Length > 0;
}

/// <summary>A relocation of BPF (R_BPF_*): a place in a section, and the symbol whose address belongs there.</summary>
internal readonly record struct ElfRelocation(long Offset, int Symbol, int Type);
