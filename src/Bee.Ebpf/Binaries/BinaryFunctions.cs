namespace Bee.Ebpf;

/// <summary>A function of a program or library, and where in the file it begins.</summary>
internal readonly record struct BinaryFunction(string Name, ulong Offset);

/// <summary>The functions of programs and libraries by their names.</summary>
internal static class BinaryFunctions
{
    /// <summary>The functions of a file, each name once; empty for what is no program, or cannot be read.</summary>
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
                        // Of functions with one name the one that other files use counts, as for libbpf.
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
