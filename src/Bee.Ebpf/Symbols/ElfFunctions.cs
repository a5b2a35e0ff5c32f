using System.Buffers.Binary;
using System.Text;

namespace Bee.Ebpf;

/// <summary>The functions of a program or library, out of its symbol tables (.symtab where it is there, and .dynsym).</summary>
internal sealed class ElfFunctions
{
    private const uint SymbolTable = 2, DynamicSymbols = 11;
    private const int SymbolSize = 24, MostSymbolBytes = 128 << 20, MostNameBytes = 256 << 20, LongestName = 4096;
    // How many functions before the nearest may reach over an address: nested ones are rare, and their depth is small.
    private const int MostOverlaps = 8;

    private readonly ElfImage _image;
    private readonly List<byte[]> _names = [];
    private readonly Symbol[] _symbols;

    private ElfFunctions(ElfImage image, ElfImage? debug)
    {
        _image = image;
        var found = new List<Symbol>();
        Read(image, found);
        if (debug is not null)
        {
            Read(debug, found);
        }

        found.Sort(static (a, b) => a.Address != b.Address ? a.Address.CompareTo(b.Address) : b.Rank.CompareTo(a.Rank));
        _symbols = [.. found];
    }

    /// <summary>Whether a file has been stripped, so that separate symbols are of use.</summary>
    public static bool IsStripped(ElfImage image) => image.Sections.All(section => section.Type != SymbolTable);

    /// <summary>Reads the functions of a file.</summary>
    /// <param name="image">The file.</param>
    /// <param name="debug">The file of its separate symbols, or null.</param>
    public static ElfFunctions Read(ElfImage image, ElfImage? debug) => new(image, debug);

    /// <summary>The function at a place in the file, and how far behind its beginning the place is; null where there is none.</summary>
    public (string Name, ulong Offset)? Find(ulong fileOffset)
    {
        if (_image.AddressOf(fileOffset) is not { } address)
        {
            return null;
        }

        var index = LastAtOrBefore(address);
        for (var tries = 0; index >= 0 && tries < MostOverlaps; tries++, index--)
        {
            // The first of those at one address.
            while (index > 0 && _symbols[index - 1].Address == _symbols[index].Address)
            {
                index--;
            }

            ref readonly var symbol = ref _symbols[index];
            // Hand-written code often gives no size: then it reaches to the next function.
            if (address - symbol.Address < symbol.Size || (symbol.Size == 0 && tries == 0))
            {
                return BestName(index) is { Length: > 0 } name ? (name, address - symbol.Address) : null;
            }
        }

        return null;
    }

    // Of the names of one function the one that people know: read, not __read or __GI___read.
    private string BestName(int first)
    {
        const int MostNames = 16;
        var best = Name(_symbols[first]);
        for (var i = first + 1; i < _symbols.Length && i < first + MostNames && _symbols[i].Address == _symbols[first].Address && _symbols[i].Size == _symbols[first].Size; i++)
        {
            var other = Name(_symbols[i]);
            if (other.Length > 0 && other.Length - other.TrimStart('_').Length < best.Length - best.TrimStart('_').Length)
            {
                best = other;
            }
        }

        return best;
    }

    private int LastAtOrBefore(ulong address)
    {
        int low = 0, high = _symbols.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            if (_symbols[middle].Address <= address)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return high;
    }

    private string Name(in Symbol symbol)
    {
        var rest = _names[symbol.Table].AsSpan(symbol.Name);
        var end = rest[..Math.Min(rest.Length, LongestName)].IndexOf((byte)0);
        return end <= 0 ? "" : Encoding.UTF8.GetString(rest[..end]);
    }

    private void Read(ElfImage image, List<Symbol> found)
    {
        foreach (var (type, offset, size, link, entrySize) in image.Sections)
        {
            if (type is not (SymbolTable or DynamicSymbols) || entrySize != SymbolSize || link >= (uint)image.Sections.Count)
            {
                continue;
            }

            var strings = image.Sections[(int)link];
            if (image.Read(offset, size, MostSymbolBytes) is not { } symbols || image.Read(strings.Offset, strings.Size, MostNameBytes) is not { } names)
            {
                continue;
            }

            _names.Add(names);
            ReadTable(symbols, names.Length, found);
        }
    }

    private void ReadTable(ReadOnlySpan<byte> table, int nameBytes, List<Symbol> found)
    {
        const int Function = 2, IndirectFunction = 10;
        for (; table.Length >= SymbolSize; table = table[SymbolSize..])
        {
            var name = BinaryPrimitives.ReadUInt32LittleEndian(table);
            var address = BinaryPrimitives.ReadUInt64LittleEndian(table[8..]);
            var isDefined = BinaryPrimitives.ReadUInt16LittleEndian(table[6..]) != 0;
            if ((table[4] & 0xf) is Function or IndirectFunction && isDefined && name > 0 && name < nameBytes)
            {
                // Labels have no size; global names are better known than local ones.
                var size = BinaryPrimitives.ReadUInt64LittleEndian(table[16..]);
                var rank = (size > 0 ? 4 : 0) + (table[4] >> 4 == 1 ? 2 : 0);
                found.Add(new Symbol(address, size, (int)name, (short)(_names.Count - 1), (short)rank));
            }
        }
    }

    private readonly record struct Symbol(ulong Address, ulong Size, int Name, short Table, short Rank);
}
