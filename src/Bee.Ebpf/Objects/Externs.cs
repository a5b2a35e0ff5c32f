using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Objects;

/// <summary>The kernel symbols that programs use: functions and variables (.ksyms), and kernel configuration (.kconfig).</summary>
internal sealed class Externs
{
    public const string KernelSymbols = ".ksyms";
    public const string KernelConfig = ".kconfig";

    // libbpf stores kernel configuration as numbers of up to 8 bytes or as text.
    private const int MaxConfigText = 1 << 20;

    private Externs(MapDescription? configMap) => ConfigMap = configMap;

    /// <summary>The map that receives the kernel configuration, or null if the object uses none.</summary>
    public MapDescription? ConfigMap { get; }

    public static bool IsExternSection(string name) => name is KernelSymbols or KernelConfig;

    /// <summary>Validates that each undefined symbol has a description and that each description is used.</summary>
    public static Externs Read(ElfFile elf, BtfSpec? btf)
    {
        var symbols = Declared(btf, KernelSymbols);
        var settings = Declared(btf, KernelConfig);
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var symbol in elf.Symbols)
        {
            if (!symbol.IsExtern)
            {
                continue;
            }

            used.Add(symbol.Name);
            if (!symbols.ContainsKey(symbol.Name) && !settings.ContainsKey(symbol.Name))
            {
                throw new BpfObjectException(
                    ObjectFault.UndefinedSymbol,
                    $"Nothing defines '{symbol.Name}'. Define it in the same file, or mark its declaration with __ksym (a kernel symbol) or __kconfig (a kernel configuration option), and compile with -g.");
            }
        }

        CheckUsed(symbols, used);
        CheckUsed(settings, used);
        return new Externs(settings.Keys.Any(used.Contains) ? Config((BtfDataSection)btf!.Find(KernelConfig, BtfKind.DataSection)!) : null);
    }

    // libbpf ignores a section without used externs, and otherwise requires a symbol for each extern in it.
    private static void CheckUsed(Dictionary<string, BtfType> declared, HashSet<string> used)
    {
        if (declared.Keys.Any(used.Contains) && declared.Keys.FirstOrDefault(name => !used.Contains(name)) is { } unused)
        {
            throw BtfReader.Damaged($"BTF declares the extern '{unused}', but the symbol table does not contain it");
        }
    }

    private static MapDescription Config(BtfDataSection section)
    {
        // libbpf packs them by alignment, then by size, then by name.
        var variables = section.Entries.Select(e => e.Variable!).Select(v => (v.Name, v.Size, Alignment: BtfAlignment.Of(v.Type)));
        long end = 0;
        foreach (var (_, size, alignment) in variables.OrderByDescending(v => v.Alignment).ThenBy(v => v.Size).ThenBy(v => v.Name, StringComparer.Ordinal))
        {
            end = (end + alignment - 1) / alignment * alignment + size;
        }

        return InternalMaps.Describe(KernelConfig, (uint)end, isReadOnly: true, section);
    }

    private static Dictionary<string, BtfType> Declared(BtfSpec? btf, string name)
    {
        var declared = new Dictionary<string, BtfType>(StringComparer.Ordinal);
        if (btf?.Find(name, BtfKind.DataSection) is not BtfDataSection section)
        {
            return declared;
        }

        foreach (var entry in section.Entries)
        {
            var linkage = entry.Declaration switch
            {
                BtfVariable variable => variable.Linkage,
                BtfFunction function when name == KernelSymbols => function.Linkage,
                _ => BtfLinkage.Static,
            };
            if (linkage != BtfLinkage.Extern || !declared.TryAdd(entry.Declaration.Name, entry.Declaration))
            {
                throw BtfReader.Damaged($"'{entry.Declaration.Name}' in section '{name}' is not an extern, or is listed twice");
            }

            if (name == KernelConfig && !IsConfigType(entry.Variable!.Type))
            {
                throw new BpfObjectException(
                    ObjectFault.Unsupported,
                    $"The kernel configuration option '{entry.Declaration.Name}' is declared as '{BtfTypeName.Plain(entry.Variable.Type)}'. Use an integer, bool, char, enum libbpf_tristate or an array of char.");
            }
        }

        return declared;
    }

    private static bool IsConfigType(BtfType type) => type.Resolve() switch
    {
        BtfInt { IsBool: true } number => number.Size == 1,
        BtfInt number => number.Size <= 8,
        BtfEnum { Name: "libbpf_tristate" } choice => choice.Size == 4,
        BtfArray { Length: > 0 and < MaxConfigText } array => array.Element.Resolve() is BtfInt { Size: 1, IsBool: false },
        _ => false,
    };
}
