namespace Bee.Ebpf;

/// <summary>The functions of a program or library by their places.</summary>
internal sealed class ElfFunctions
{
    // How many functions before the nearest may reach over an address: nested ones are rare, and their depth is small.
    private const int MostOverlaps = 8;

    private readonly ElfImage _image;
    private readonly List<ElfSymbolTable> _tables = [];
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

    private string Name(in Symbol symbol) => _tables[symbol.Table].Name(symbol.Name);

    private void Read(ElfImage image, List<Symbol> found)
    {
        foreach (var table in ElfSymbolTable.Of(image))
        {
            foreach (var function in table.Functions)
            {
                // Labels have no size; global names are better known than local ones.
                var rank = (function.Size > 0 ? 4 : 0) + (function.IsGlobal ? 2 : 0);
                found.Add(new Symbol(function.Address, function.Size, function.Name, (short)_tables.Count, (short)rank));
            }

            _tables.Add(table);
        }
    }

    private readonly record struct Symbol(ulong Address, ulong Size, int Name, short Table, short Rank);
}
