using System.Buffers.Binary;
using System.Text;

namespace Bee.Ebpf;

/// <summary>A function in a symbol table.</summary>
/// <param name="Name">Where its name stands among the table's.</param>
/// <param name="Address">The address that the file gives it.</param>
/// <param name="Size">Its length in bytes; 0 for a label.</param>
/// <param name="IsGlobal">Whether other files may use it by its name.</param>
/// <param name="IsIndirect">Whether it is not the function itself but chooses one when the file is loaded.</param>
internal readonly record struct ElfFunctionSymbol(int Name, ulong Address, ulong Size, bool IsGlobal, bool IsIndirect);

/// <summary>One of the symbol tables of a program or library (.symtab where it is there, and .dynsym), with the names that belong to it.</summary>
internal sealed class ElfSymbolTable
{
    private const uint SymbolTable = 2, DynamicSymbols = 11;
    private const int SymbolSize = 24, MostSymbolBytes = 128 << 20, MostNameBytes = 256 << 20, LongestName = 4096;

    private readonly byte[] _symbols;
    private readonly byte[] _names;

    private ElfSymbolTable(byte[] symbols, byte[] names)
    {
        _symbols = symbols;
        _names = names;
    }

    /// <summary>The defined functions that have names, in the table's order.</summary>
    public IEnumerable<ElfFunctionSymbol> Functions
    {
        get
        {
            const int Function = 2, IndirectFunction = 10, Global = 1;
            for (var at = 0; _symbols.Length - at >= SymbolSize; at += SymbolSize)
            {
                var symbol = _symbols.AsSpan(at, SymbolSize);
                var name = BinaryPrimitives.ReadUInt32LittleEndian(symbol);
                var type = symbol[4] & 0xf;
                var isDefined = BinaryPrimitives.ReadUInt16LittleEndian(symbol[6..]) != 0;
                if (type is Function or IndirectFunction && isDefined && name > 0 && name < _names.Length)
                {
                    yield return new ElfFunctionSymbol(
                        (int)name,
                        BinaryPrimitives.ReadUInt64LittleEndian(symbol[8..]),
                        BinaryPrimitives.ReadUInt64LittleEndian(symbol[16..]),
                        symbol[4] >> 4 == Global,
                        type == IndirectFunction);
                }
            }
        }
    }

    /// <summary>Whether a file has been stripped, so that separate symbols are of use.</summary>
    public static bool IsStripped(ElfImage image) => image.Sections.All(section => section.Type != SymbolTable);

    /// <summary>The symbol tables of a file.</summary>
    public static IEnumerable<ElfSymbolTable> Of(ElfImage image)
    {
        // A file has one of each at the most; one that claims thousands is not believed.
        foreach (var (_, offset, size, link, _) in image.Sections.Where(s => s.Type is SymbolTable or DynamicSymbols && s.EntrySize == SymbolSize).DistinctBy(s => s.Type))
        {
            if (link < (uint)image.Sections.Count && image.Sections[(int)link] is var strings
                && image.Read(offset, size, MostSymbolBytes) is { } symbols && image.Read(strings.Offset, strings.Size, MostNameBytes) is { } names)
            {
                yield return new ElfSymbolTable(symbols, names);
            }
        }
    }

    /// <summary>The name at a place among the table's; empty where none ends.</summary>
    public string Name(int start)
    {
        var rest = _names.AsSpan(start);
        var end = rest[..Math.Min(rest.Length, LongestName)].IndexOf((byte)0);
        return end <= 0 ? "" : Encoding.UTF8.GetString(rest[..end]);
    }
}
