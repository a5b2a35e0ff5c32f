using System.Text;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Elf;

/// <summary>Finds the functions of a program or library by file offset.</summary>
internal sealed class ElfFunctions
{
    // The number of preceding functions that are searched for one that contains the address: functions rarely nest, and never deeply.
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
    /// <param name="debug">The file with its separate debug symbols, or null.</param>
    public static ElfFunctions Read(ElfImage image, ElfImage? debug) => new(image, debug);

    /// <summary>Returns the function at a file offset, and the distance from its first byte; null if no function contains the offset.</summary>
    public (string Name, ulong Offset)? Find(ulong fileOffset)
    {
        if (_image.AddressOf(fileOffset) is not { } address)
        {
            return null;
        }

        var index = LastAtOrBefore(address);
        for (var tries = 0; index >= 0 && tries < MostOverlaps; tries++, index--)
        {
            // Go back to the first symbol with this address.
            while (index > 0 && _symbols[index - 1].Address == _symbols[index].Address)
            {
                index--;
            }

            ref readonly var symbol = ref _symbols[index];
            // Hand-written assembly often has no size: such a function extends to the next one.
            if (address - symbol.Address < symbol.Size || (symbol.Size == 0 && tries == 0))
            {
                return BestName(index) is { Length: > 0 } name ? (name, address - symbol.Address) : null;
            }
        }

        return null;
    }

    // A function can have several names. Prefer the well-known one: read, not __read or __GI___read.
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
                // Labels have no size. Global names are better known than local ones.
                var rank = (function.Size > 0 ? 4 : 0) + (function.IsGlobal ? 2 : 0);
                found.Add(new Symbol(function.Address, function.Size, function.Name, (short)_tables.Count, (short)rank));
            }

            _tables.Add(table);
        }
    }

    private readonly record struct Symbol(ulong Address, ulong Size, int Name, short Table, short Rank);
}

/// <summary>A function in a symbol table.</summary>
/// <param name="Name">The offset of its name in the string table.</param>
/// <param name="Address">Its address in the file.</param>
/// <param name="Size">Its length in bytes; 0 for a label.</param>
/// <param name="IsGlobal">Whether other files may refer to it by name.</param>
/// <param name="IsIndirect">Whether it is an IFUNC: a resolver that selects the real function at load time.</param>
internal readonly record struct ElfFunctionSymbol(int Name, ulong Address, ulong Size, bool IsGlobal, bool IsIndirect);

/// <summary>A symbol table of a program or library (.symtab if present, and .dynsym), with its string table.</summary>
internal sealed class ElfSymbolTable
{
    private const int MostSymbolBytes = 128 << 20, MostNameBytes = 256 << 20, LongestName = 4096;

    private readonly byte[] _symbols;
    private readonly byte[] _names;

    private ElfSymbolTable(byte[] symbols, byte[] names)
    {
        _symbols = symbols;
        _names = names;
    }

    /// <summary>The defined functions that have names, in table order.</summary>
    public IEnumerable<ElfFunctionSymbol> Functions
    {
        get
        {
            for (var i = 0; i < _symbols.Length / ElfSymbolEntry.Size; i++)
            {
                var symbol = ElfSymbolEntry.Read(_symbols, i);
                if (symbol is { Type: ElfSymbolType.Function or ElfSymbolType.IndirectFunction, Section: not 0, Name: > 0 } && symbol.Name < _names.Length)
                {
                    yield return new ElfFunctionSymbol(
                        (int)symbol.Name, symbol.Value, symbol.Length, symbol.Binding == ElfBinding.Global, symbol.Type == ElfSymbolType.IndirectFunction);
                }
            }
        }
    }

    /// <summary>Returns whether a file is stripped, so that separate debug symbols are worth a search.</summary>
    public static bool IsStripped(ElfImage image) => image.Sections.All(section => section.Type != ElfSectionType.SymbolTable);

    /// <summary>Returns the symbol tables of a file.</summary>
    public static IEnumerable<ElfSymbolTable> Of(ElfImage image)
    {
        // A file has at most one table of each type. Stop early if a damaged file claims thousands.
        foreach (var table in image.Sections
            .Where(s => s is { Type: ElfSectionType.SymbolTable or ElfSectionType.DynamicSymbols, EntryLength: ElfSymbolEntry.Size }).DistinctBy(s => s.Type))
        {
            if (table.Link < (uint)image.Sections.Count && image.Read(table, MostSymbolBytes) is { } symbols && image.Read(image.Sections[(int)table.Link], MostNameBytes) is { } names)
            {
                yield return new ElfSymbolTable(symbols, names);
            }
        }
    }

    /// <summary>Returns the name at an offset of the string table; empty if it is not terminated.</summary>
    public string Name(int start) => ElfStrings.Read(_names, start, LongestName);
}

/// <summary>A function of a program or library, with its file offset.</summary>
internal readonly record struct BinaryFunction(string Name, ulong Offset);

/// <summary>Lists the functions of programs and libraries.</summary>
internal static class BinaryFunctions
{
    /// <summary>Returns the functions of a file, each name once; empty if the file is not an ELF file or cannot be read.</summary>
    public static IReadOnlyCollection<BinaryFunction> Of(string path)
    {
        using var file = FileFacts.TryOpen(path, out _);
        var found = new Dictionary<string, BinaryFunction>(StringComparer.Ordinal);
        var global = new HashSet<string>(StringComparer.Ordinal);
        if (file is not null && ElfImage.Open(file) is { } image)
        {
            foreach (var table in ElfSymbolTable.Of(image))
            {
                foreach (var function in table.Functions)
                {
                    if (!function.IsIndirect && image.PlaceOf(function.Address) is { } place && table.Name(function.Name) is { Length: > 0 } name)
                    {
                        // If several functions share a name, the global one wins, as in libbpf.
                        if (function.IsGlobal && global.Add(name))
                        {
                            found[name] = new BinaryFunction(name, place);
                        }
                        else
                        {
                            found.TryAdd(name, new BinaryFunction(name, place));
                        }
                    }
                }
            }
        }

        return found.Values;
    }
}

/// <summary>A static probe (USDT).</summary>
internal sealed record StaticProbe(string Provider, string Name)
{
    public override string ToString() => $"{Provider}:{Name}";
}

/// <summary>Reads the static probes (USDT) of a program or library: ELF notes with the owner <c>stapsdt</c> and type 3.</summary>
internal static class StaticProbes
{
    private const uint ProbeNote = 3;
    private const int Addresses = 3 * sizeof(ulong), MostNoteBytes = 64 << 20;

    /// <summary>Returns the probes, each once; empty if the file has no probes or cannot be read.</summary>
    public static IReadOnlyList<StaticProbe> Of(string path)
    {
        using var file = FileFacts.TryOpen(path, out _);
        if (file is null || ElfImage.Open(file) is not { } image)
        {
            return [];
        }

        var notes = from section in image.Sections
                    where section.Type == ElfSectionType.Note
                    let bytes = image.Read(section, MostNoteBytes)
                    where bytes is not null
                    from note in ElfNote.All(bytes)
                    where note.Is("stapsdt"u8, ProbeNote) && note.Content.Length > Addresses
                    select Read(note.Content.Span[Addresses..]);
        return [.. notes.OfType<StaticProbe>().Distinct()];
    }

    // After the probe's addresses follow provider, name and arguments, each NUL-terminated.
    private static StaticProbe? Read(ReadOnlySpan<byte> texts)
    {
        var first = texts.IndexOf((byte)0);
        var second = first < 0 ? -1 : texts[(first + 1)..].IndexOf((byte)0);
        return second < 0 ? null : new StaticProbe(Encoding.UTF8.GetString(texts[..first]), Encoding.UTF8.GetString(texts.Slice(first + 1, second)));
    }
}
