namespace Bee.Ebpf;

/// <summary>The maps that the loader makes for global variables: one array of one value for each section.</summary>
internal static class InternalMaps
{
    public const string ReadOnlyData = ".rodata";

    private const string Data = ".data";
    private const string ZeroData = ".bss";
    private const uint ReadOnlyForPrograms = 1 << 7;

    public static IEnumerable<MapDescription> Read(ElfFile elf, BtfSpec? btf)
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

            yield return Describe(section.Name, (uint)section.Size, readOnly, btf?.Find(section.Name, BtfKind.DataSection));
        }
    }

    /// <summary>True for the sections of constants.</summary>
    public static bool IsReadOnly(ElfSection section) =>
        section is { Type: ElfSectionType.ProgramBits, IsExecutable: false, Size: > 0 } && section.IsNamed(ReadOnlyData);

    public static MapDescription Describe(string name, uint size, bool isReadOnly, BtfType? value) => new()
    {
        Name = name,
        Type = MapType.Array,
        KeySize = sizeof(int),
        ValueSize = size,
        MaxEntries = 1,
        Flags = isReadOnly ? ReadOnlyForPrograms : 0,
        Value = value,
        IsInternal = true,
    };

    private static bool IsWritable(ElfSection section) =>
        section.Size > 0 && (section.Type == ElfSectionType.NoBits && section.IsNamed(ZeroData)
            || section is { Type: ElfSectionType.ProgramBits, IsExecutable: false } && section.IsNamed(Data));
}
