using System.Text;
using Bee.Posix;

namespace Bee.Ebpf;

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
        var header = ElfHeader.Read(bytes.Span);
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
        var rest = table[(int)offset..];
        var name = Encoding.UTF8.GetString(rest[..rest.IndexOf((byte)0)]);
        return TerminalText.IsUnsafe(name) ? throw Damaged($"the name '{TerminalText.Clean(name)}' has control characters") : name;
    }

    public static BpfObjectException Damaged(string what) =>
        new(ObjectFault.DamagedElf, $"This BPF object is damaged: {what}. Compile it again.");
}
