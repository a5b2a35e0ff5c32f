using Bee.Ebpf.Btf;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Interop;
using Bee.Ebpf.Metadata;

namespace Bee.Ebpf.Objects;

/// <summary>Reads the maps that the source declares in SEC(".maps").</summary>
internal static class MapReader
{
    public const string Section = ".maps";

    private const string StructOpsSection = ".struct_ops";

    public static IReadOnlyList<MapDescription> Read(ElfFile elf, BtfSpec? btf, DataLayout? layout, Externs externs)
    {
        if (elf.Find("maps") is not null)
        {
            throw new BpfObjectException(
                ObjectFault.Unsupported, "This BPF object declares its maps in SEC(\"maps\"), which libbpf 1.0 dropped. Declare them in SEC(\".maps\") with __uint() and __type().");
        }

        var maps = new List<MapDescription>();
        if (elf.Find(Section) is not null)
        {
            Known(btf, Section);
            maps.AddRange(layout![Section].Select(Declared));
        }

        maps.AddRange(InternalMaps.Read(elf, btf, layout));
        if (externs.ConfigMap is { } config)
        {
            maps.Add(config);
        }

        if (elf.Find(StructOpsSection) is { Size: > 0 })
        {
            Known(btf, StructOpsSection);
            maps.AddRange(layout![StructOpsSection].Select(StructOps));
        }

        CheckNames(maps);
        // Static variables of several files may share a name.
        return [.. maps, .. maps.SelectMany(GlobalVariables.Of).DistinctBy(variable => variable.Name).ExceptBy(maps.Select(map => map.Name), variable => variable.Name)];
    }

    /// <summary>Returns the role of a map, by the prefix of its name.</summary>
    public static MapRole RoleOf(string name) => name switch
    {
        _ when name.StartsWith("print_", StringComparison.Ordinal) => MapRole.Print,
        _ when name.StartsWith("counter_", StringComparison.Ordinal) => MapRole.Counter,
        _ when name.StartsWith("gauge_", StringComparison.Ordinal) => MapRole.Gauge,
        _ when name.StartsWith("hist_", StringComparison.Ordinal) => MapRole.Histogram,
        _ => MapRole.None,
    };

    private static void Known(BtfSpec? btf, string section)
    {
        if (btf is null)
        {
            throw new BpfObjectException(ObjectFault.NoBtf, "This BPF object declares maps but contains no type information (BTF). Compile it with -g, and strip it with llvm-strip -g only.");
        }

        if (btf.Find(section, BtfKind.DataSection) is null)
        {
            throw BtfReader.Damaged($"section '{section}' is not described");
        }
    }

    private static MapDescription Declared(PlacedVariable placed)
    {
        var variable = placed.Variable;
        if (variable.Linkage != BtfLinkage.Global)
        {
            throw MapDefinition.Bad(variable.Name, "is static; make it global");
        }

        return variable.Type.Resolve() is BtfStruct { IsUnion: false } definition
            ? MapDefinition.Read(variable.Name, definition, isInner: false)
            : throw MapDefinition.Bad(variable.Name, "is not a struct");
    }

    private static MapDescription StructOps(PlacedVariable placed)
    {
        if (placed.Variable.Type.Resolve() is not BtfStruct { IsUnion: false, Name.Length: > 0 } type)
        {
            throw MapDefinition.Bad(placed.Variable.Name, "must be a struct that the kernel knows by its name");
        }

        return new MapDescription
        {
            Name = placed.Variable.Name,
            Type = MapType.StructOps,
            KeySize = sizeof(int),
            ValueSize = (uint)type.Size,
            MaxEntries = 1,
            Value = type,
        };
    }

    private static void CheckNames(List<MapDescription> maps)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var map in maps)
        {
            if (!names.Add(map.Name))
            {
                throw MapDefinition.Bad(map.Name, "is declared twice");
            }
        }
    }
}

/// <summary>The maps that libbpf creates for global variables: one array with one value for each section.</summary>
internal static class InternalMaps
{
    public const string ReadOnlyData = ".rodata";

    private const string Data = ".data";
    private const string ZeroData = ".bss";
    /// <summary>BPF_F_RDONLY_PROG.</summary>
    public const uint ReadOnlyForPrograms = 1 << 7;

    public static IEnumerable<MapDescription> Read(ElfFile elf, BtfSpec? btf, DataLayout? layout)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var section in elf.Sections)
        {
            var readOnly = IsReadOnly(section);
            if (!readOnly && !IsWritable(section))
            {
                continue;
            }

            if (!names.Add(section.Name))
            {
                throw ElfFile.Damaged($"it has more than one section '{section.Name}'");
            }

            yield return Describe(section.Name, (uint)section.Size, readOnly, btf?.Find(section.Name, BtfKind.DataSection), layout?[section.Name]);
        }
    }

    /// <summary>Returns true for sections of constants.</summary>
    public static bool IsReadOnly(ElfSection section) =>
        section is { Type: ElfSectionType.ProgramBits, IsExecutable: false, Size: > 0 } && section.IsNamed(ReadOnlyData);

    public static MapDescription Describe(string name, uint size, bool isReadOnly, BtfType? value, IReadOnlyList<PlacedVariable>? variables = null) => new()
    {
        Name = name,
        Type = MapType.Array,
        KeySize = sizeof(int),
        ValueSize = size,
        MaxEntries = 1,
        Flags = isReadOnly ? ReadOnlyForPrograms : 0,
        Value = value,
        IsInternal = true,
        Variables = GlobalVariables.Shown(variables ?? []),
    };

    /// <summary>Returns true for sections of variables that programs may change.</summary>
    public static bool IsWritable(ElfSection section) =>
        section.Size > 0 && (section.Type == ElfSectionType.NoBits && section.IsNamed(ZeroData)
            || section is { Type: ElfSectionType.ProgramBits, IsExecutable: false } && section.IsNamed(Data));
}
