using System.Buffers.Binary;

namespace Bee.Ebpf;

/// <summary>A function of a program or library, and where in the file it begins.</summary>
internal readonly record struct BinaryFunction(string Name, ulong Offset);

/// <summary>The functions of programs and libraries.</summary>
internal static class BinaryFunctions
{
    private const int SymbolTable = 2, DynamicSymbols = 11, Function = 2, SymbolSize = 24;

    /// <summary>The functions of a file, each name once; empty for what is no program, or cannot be read.</summary>
    public static IReadOnlyCollection<BinaryFunction> Of(string path)
    {
        var found = new Dictionary<string, BinaryFunction>(StringComparer.Ordinal);
        BinaryElf.Read(path, elf =>
        {
            foreach (var section in elf.Sections.Where(s => s.Type is SymbolTable or DynamicSymbols))
            {
                ReadTable(elf, section, found);
            }
        });
        return found.Values;
    }

    /// <summary>The functions that the pattern of a target fits, one for each place.</summary>
    /// <exception cref="BpfLoadException">The file is missing, or has no such function.</exception>
    public static IReadOnlyList<BinaryFunction> Matching(BpfProgram program, UprobeTarget target)
    {
        var path = AttachFailure.Existing(program, target.Path);
        var all = Of(path);
        var found = all.Where(f => TargetText.Fits(target.Function!, f.Name)).DistinctBy(f => f.Offset).ToArray();
        return found.Length > 0 ? found : throw AttachFailure.NoTarget(program.Description, target.Function!, all.Select(f => f.Name), Libc.ENOENT, "", $" in {path}");
    }

    private static void ReadTable(BinaryElf elf, BinarySection table, Dictionary<string, BinaryFunction> found)
    {
        var names = elf.Content(elf.Sections[table.Link]);
        for (var symbols = elf.Content(table); symbols.Length >= SymbolSize; symbols = symbols[SymbolSize..])
        {
            var section = BinaryPrimitives.ReadUInt16LittleEndian(symbols[6..]);
            var start = BinaryPrimitives.ReadInt32LittleEndian(symbols);
            if ((symbols[4] & 0xf) == Function && start > 0 && section > 0 && section < elf.Sections.Count)
            {
                var name = BinaryElf.Text(names[start..]);
                var home = elf.Sections[section];
                found.TryAdd(name, new BinaryFunction(name, BinaryPrimitives.ReadUInt64LittleEndian(symbols[8..]) - home.Address + (ulong)home.Offset));
            }
        }
    }
}
