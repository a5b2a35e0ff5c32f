using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;

namespace Bee.Ebpf.Objects;

/// <summary>A variable and its position in its section.</summary>
internal sealed record PlacedVariable(BtfVariable Variable, int Offset, int Size);

/// <summary>
/// The variables of each data section, at their real offsets. Compilers omit the offsets of global variables from the type information;
/// they are in the symbol table.
/// </summary>
internal sealed class DataLayout
{
    private readonly Dictionary<string, IReadOnlyList<PlacedVariable>> _sections = new(StringComparer.Ordinal);

    private DataLayout() { }

    /// <summary>The variables of a section in the order of their offsets; empty if the type information does not describe the section.</summary>
    public IReadOnlyList<PlacedVariable> this[string section] => _sections.TryGetValue(section, out var variables) ? variables : [];

    public static DataLayout Read(ElfFile elf, BtfSpec btf)
    {
        var layout = new DataLayout();
        var symbols = Variables(elf);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (uint id = 1; id < btf.Table.TypeCount; id++)
        {
            if (btf.Table.Kind(id) != BtfKind.DataSection)
            {
                continue;
            }

            var data = (BtfDataSection)btf.Types[(int)id];
            if (!names.Add(data.Name))
            {
                throw BtfReader.Damaged($"section '{data.Name}' is described twice");
            }

            if (!Externs.IsExternSection(data.Name))
            {
                layout._sections[data.Name] = Place(elf, symbols, data);
            }
        }

        return layout;
    }

    private static List<PlacedVariable> Place(ElfFile elf, Dictionary<string, ElfSymbol> symbols, BtfDataSection data)
    {
        var section = elf.Find(data.Name);
        var size = data.Size != 0 ? data.Size : section?.Size ?? 0;
        if (section is null || size == 0 || size > section.Size)
        {
            throw BtfReader.Damaged($"section '{data.Name}' is described but does not exist, or is smaller than described");
        }

        var placed = new List<PlacedVariable>(data.Entries.Count);
        foreach (var entry in data.Entries)
        {
            var variable = entry.Variable ?? throw BtfReader.Damaged($"section '{data.Name}' holds a function");
            var offset = (long)entry.Offset;
            if (variable.Linkage == BtfLinkage.Global)
            {
                if (!symbols.TryGetValue(variable.Name, out var symbol) || symbol.Section != section.Index)
                {
                    throw BtfReader.Damaged($"the variable '{variable.Name}' of section '{data.Name}' has no symbol there");
                }

                // Linked objects already have real offsets. Only they have a size here.
                offset = data.Size != 0 ? offset : symbol.Value;
            }

            if (offset + entry.Size > size)
            {
                throw BtfReader.Damaged($"the variable '{variable.Name}' extends beyond section '{data.Name}'");
            }

            placed.Add(new PlacedVariable(variable, (int)offset, entry.Size));
        }

        placed.Sort((a, b) => a.Offset.CompareTo(b.Offset));
        for (var i = 1; i < placed.Count; i++)
        {
            if (placed[i - 1].Offset + placed[i - 1].Size > placed[i].Offset)
            {
                throw BtfReader.Damaged($"the variables '{placed[i - 1].Variable.Name}' and '{placed[i].Variable.Name}' overlap");
            }
        }

        return placed;
    }

    // The first symbol of a name wins, as in libbpf.
    private static Dictionary<string, ElfSymbol> Variables(ElfFile elf)
    {
        var symbols = new Dictionary<string, ElfSymbol>(StringComparer.Ordinal);
        foreach (var symbol in elf.Symbols)
        {
            if (symbol is { Type: ElfSymbolType.Object, Binding: ElfBinding.Global or ElfBinding.Weak })
            {
                symbols.TryAdd(symbol.Name, symbol);
            }
        }

        return symbols;
    }
}
