using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Elf;

/// <summary>Reads and checks the symbol table.</summary>
internal static class ElfSymbols
{
    // Above are the special indexes; of those only absolute and common symbols may appear.
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
            throw ElfFile.Damaged($"of {symbols.Length} symbols {table.Info} are said to be local");
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
            var limit = section < file.Sections.Length ? (ulong)file.Sections[section].Size : throw ElfFile.Damaged($"symbol {index} stands in section {section}, which does not exist");
            if (value > limit || size > limit - value)
            {
                throw ElfFile.Damaged($"symbol {index} reaches beyond its section");
            }
        }
        else if (section is not (Absolute or Common) || type is ElfSymbolType.Function or ElfSymbolType.Section)
        {
            throw ElfFile.Damaged($"symbol {index} stands in section {section}, which does not exist");
        }

        return new ElfSymbol(ElfFile.Text(names, name), type, binding, section, (long)Math.Min(value, long.MaxValue), (long)Math.Min(size, long.MaxValue));
    }
}
