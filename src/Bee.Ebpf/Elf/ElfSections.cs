using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Elf;

/// <summary>Reads and validates the section table.</summary>
internal static class ElfSections
{
    private const ulong CompressedFlag = 0x800;
    private const ulong MaxAlignment = 1 << 20;

    // libbpf looks these up by name and expects at most one of each.
    private static readonly string[] s_unique = [".text", ".maps", ".struct_ops", ".BTF", ".BTF.ext", "license", "version", ".symtab"];

    public static ElfSection[] Read(ReadOnlySpan<byte> file, ElfHeader header)
    {
        var table = file.Slice((int)header.SectionTable, header.SectionCount * ElfSectionEntry.Size);
        var names = Names(file, table, header);
        var sections = new ElfSection[header.SectionCount];
        for (var i = 0; i < sections.Length; i++)
        {
            sections[i] = One(file, ElfSectionEntry.Read(table, i), names, i, sections.Length);
        }

        if (sections[0].Type != ElfSectionType.Null || sections[0].Size != 0)
        {
            throw ElfFile.Damaged("the first section is not the empty one");
        }

        CheckUnique(sections);
        return sections;
    }

    private static ReadOnlySpan<byte> Names(ReadOnlySpan<byte> file, ReadOnlySpan<byte> table, ElfHeader header)
    {
        var section = One(file, ElfSectionEntry.Read(table, header.NameSection), [0], header.NameSection, header.SectionCount, true);
        if (section.Type != ElfSectionType.StringTable)
        {
            throw ElfFile.Damaged("the section of its names is not a string table");
        }

        return file.Slice(section.Offset, section.Size);
    }

    private static ElfSection One(ReadOnlySpan<byte> file, ElfSectionEntry section, ReadOnlySpan<byte> names, int index, int count, bool unnamed = false)
    {
        var (name, type, flags, offset, size, link, info, alignment, entry) = section;
        if (!unnamed && name >= names.Length)
        {
            throw ElfFile.Damaged($"section {index} has no name");
        }

        if (link >= count || info > int.MaxValue || alignment > MaxAlignment || (alignment & (alignment - 1)) != 0)
        {
            throw ElfFile.Damaged($"section {index} has link {link}, info {info}, alignment {alignment}");
        }

        if ((flags & CompressedFlag) != 0)
        {
            throw new BpfObjectException(ObjectFault.Unsupported, $"Section {index} of this BPF object is compressed. Compile without -gz.");
        }

        var inFile = type is not (ElfSectionType.NoBits or ElfSectionType.Null);
        if (size > int.MaxValue || offset > int.MaxValue || inFile && offset + size > (ulong)file.Length)
        {
            throw ElfHeaderCheck.Truncated((UInt128)offset + size, file.Length);
        }

        CheckContent(file, index, type, (int)offset, (int)size, entry, inFile ? alignment : 0);
        var text = unnamed ? "" : ElfFile.Text(names, name);
        return new ElfSection(index, text, type, flags, (int)offset, (int)size, (int)link, (int)info, entry);
    }

    private static void CheckContent(ReadOnlySpan<byte> file, int index, ElfSectionType type, int offset, int size, ulong entry, ulong alignment)
    {
        if (alignment > 1 && (ulong)offset % alignment != 0)
        {
            throw ElfFile.Damaged($"section {index} has offset {offset}, which is not a multiple of {alignment}");
        }

        var wanted = type switch
        {
            ElfSectionType.SymbolTable => ElfSymbolEntry.Size,
            ElfSectionType.Relocations => ElfRelocations.EntryLength,
            ElfSectionType.RelocationsWithAddend => 24,
            _ => 0,
        };
        if (wanted != 0 && (entry != (ulong)wanted || size % wanted != 0))
        {
            throw ElfFile.Damaged($"section {index} has {size} bytes in entries of {entry}; entries must have {wanted}");
        }

        // Every string in such a table is then terminated.
        if (type == ElfSectionType.StringTable && (size == 0 || file[offset] != 0 || file[offset + size - 1] != 0))
        {
            throw ElfFile.Damaged($"the string table in section {index} does not begin and end with NUL");
        }
    }

    private static void CheckUnique(ElfSection[] sections)
    {
        foreach (var name in s_unique)
        {
            var found = 0;
            foreach (var section in sections)
            {
                if (section.Name != name)
                {
                    continue;
                }

                var wanted = name == ".symtab" ? ElfSectionType.SymbolTable : ElfSectionType.ProgramBits;
                if (++found > 1 || section.Type != wanted)
                {
                    throw ElfFile.Damaged($"it has more than one section '{name}', or one of type {section.Type:d}");
                }
            }
        }
    }
}

/// <summary>Reads and validates the symbol table.</summary>
internal static class ElfSymbols
{
    // Indexes from here on are special. Only absolute and common symbols may use them.
    private const int FirstSpecial = 0xff00;
    private const int Absolute = 0xfff1;
    private const int Common = 0xfff2;

    public static ElfSymbol[] Read(ElfFile file)
    {
        var tables = Array.FindAll(file.Sections, s => s.Type == ElfSectionType.SymbolTable);
        if (tables.Length == 0)
        {
            throw new BpfObjectException(
                ObjectFault.DamagedElf, "This BPF object has no symbol table; it was stripped too far. Compile it again, and strip it with llvm-strip -g only.");
        }

        var table = tables[0];
        if (tables.Length > 1 || file.Sections[table.Link].Type != ElfSectionType.StringTable || table.Size == 0)
        {
            throw ElfFile.Damaged("it must have one symbol table with one string table");
        }

        var names = file.Data(file.Sections[table.Link]).Span;
        var bytes = file.Data(table).Span;
        var symbols = new ElfSymbol[table.Size / ElfSymbolEntry.Size];
        if (table.Info > symbols.Length)
        {
            throw ElfFile.Damaged($"the symbol table claims {table.Info} local symbols out of {symbols.Length}");
        }

        for (var i = 0; i < symbols.Length; i++)
        {
            symbols[i] = One(file, names, ElfSymbolEntry.Read(bytes, i), i);
        }

        return symbols;
    }

    private static ElfSymbol One(ElfFile file, ReadOnlySpan<byte> names, ElfSymbolEntry symbol, int index)
    {
        var (name, type, binding, section, value, size) = symbol;
        if (name >= names.Length || type > ElfSymbolType.File || binding > ElfBinding.Weak)
        {
            throw ElfFile.Damaged($"symbol {index} has no name, or type {type:d} and binding {binding:d}");
        }

        if (section < FirstSpecial)
        {
            // Undefined symbols have neither value nor size.
            var limit = section < file.Sections.Length ? (ulong)file.Sections[section].Size : throw ElfFile.Damaged($"symbol {index} refers to section {section}, which does not exist");
            if (value > limit || size > limit - value)
            {
                throw ElfFile.Damaged($"symbol {index} extends beyond its section");
            }
        }
        else if (section is not (Absolute or Common) || type is ElfSymbolType.Function or ElfSymbolType.Section)
        {
            throw ElfFile.Damaged($"symbol {index} refers to section {section}, which does not exist");
        }

        return new ElfSymbol(ElfFile.Text(names, name), type, binding, section, (long)Math.Min(value, long.MaxValue), (long)Math.Min(size, long.MaxValue));
    }
}
