using System.Buffers.Binary;

namespace Bee.Ebpf.Elf;

/// <summary>Reads and checks relocations.</summary>
internal static class ElfRelocations
{
    public const int EntryLength = 16;

    private const int InstructionLength = 8;

    // R_BPF_64_64 patches the two halves of a load of 64 bits, which takes two instructions.
    private const int Load64 = 1;
    private const int Absolute64 = 2;
    private const int Call32 = 10;

    public static void Check(ElfFile file)
    {
        foreach (var section in file.Sections)
        {
            if (section.Type is not (ElfSectionType.Relocations or ElfSectionType.RelocationsWithAddend))
            {
                continue;
            }

            if (section.Info >= file.Sections.Length || section.Info == 0 || file.Sections[section.Link].Type != ElfSectionType.SymbolTable)
            {
                throw ElfFile.Damaged($"the relocations in section {section.Index} belong to section {section.Info}, which does not exist, or to no symbol table");
            }

            var target = file.Sections[section.Info];
            if (section.Type == ElfSectionType.RelocationsWithAddend || target.Type != ElfSectionType.ProgramBits)
            {
                throw ElfFile.Damaged($"the relocations in section {section.Index} are of a form that BPF does not use");
            }

            foreach (var relocation in Read(file, section))
            {
                CheckOne(file, section, target, relocation);
            }
        }
    }

    /// <summary>The relocations of a section of type <see cref="ElfSectionType.Relocations"/>.</summary>
    public static IEnumerable<ElfRelocation> Read(ElfFile file, ElfSection section)
    {
        var data = file.Data(section);
        for (var at = 0; at < data.Length; at += EntryLength)
        {
            var offset = BinaryPrimitives.ReadInt64LittleEndian(data.Span[at..]);
            var info = BinaryPrimitives.ReadUInt64LittleEndian(data.Span[(at + 8)..]);
            yield return new ElfRelocation(offset, (int)Math.Min(info >> 32, int.MaxValue), (int)(info & 0x7fff_ffff));
        }
    }

    private static void CheckOne(ElfFile file, ElfSection section, ElfSection target, ElfRelocation relocation)
    {
        var length = relocation.Type switch
        {
            _ when target.IsExecutable => relocation.Type == Load64 ? 2 * InstructionLength : InstructionLength,
            Load64 or Absolute64 => 8,
            _ => 4,
        };
        if (relocation.Offset < 0 || relocation.Offset > target.Size - length || target.IsExecutable && relocation.Offset % InstructionLength != 0)
        {
            throw ElfFile.Damaged($"a relocation of section '{target.Name}' lies at {relocation.Offset}, outside it or between two instructions");
        }

        if (relocation.Symbol >= file.Symbols.Length || relocation.Type is < 0 or > Call32)
        {
            throw ElfFile.Damaged($"a relocation in section {section.Index} has type {relocation.Type} and names symbol {relocation.Symbol}, which does not exist");
        }
    }
}
