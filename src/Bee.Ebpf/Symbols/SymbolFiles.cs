using System.Collections.Concurrent;
using System.Globalization;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Symbols;

/// <summary>The symbols of a program or library. The file is read once, unless it changes.</summary>
internal sealed class SymbolFile(string? buildId)
{
    /// <summary>The build id in hexadecimal digits, or null.</summary>
    public string? BuildId { get; } = buildId;

    /// <summary>The functions; null until a caller needs them.</summary>
    public ElfFunctions? Functions { get; set; }
}

/// <summary>Caches the programs and libraries with symbols, by device, inode, modification time and length.</summary>
internal static class SymbolFiles
{
    private const string DebugFolder = "/usr/lib/debug/.build-id";
    // A full cache is cleared, because some files have many megabytes of symbols.
    private const int Most = 512;

    private static readonly ConcurrentDictionary<FileFacts, SymbolFile> s_files = new();

    /// <summary>Returns a file by its path; null if it cannot be opened or is another file.</summary>
    /// <param name="path">The current path.</param>
    /// <param name="inode">The required inode, or 0 for any.</param>
    /// <param name="withFunctions">Whether to read the functions too. They are read while the file is open, because the path may vanish.</param>
    public static SymbolFile? Get(string path, ulong inode, bool withFunctions)
    {
        using var file = FileFacts.TryOpen(path, out var facts);
        if (file is null || (inode != 0 && facts.Inode != inode))
        {
            return null;
        }

        if (s_files.TryGetValue(facts, out var known) && (!withFunctions || known.Functions is not null))
        {
            return known;
        }

        var image = ElfImage.Open(file);
        known ??= Keep(facts, new SymbolFile(image?.BuildId));
        if (withFunctions && image is not null)
        {
            known.Functions = Read(image);
        }

        return known;
    }

    /// <summary>Returns the path of separate debug symbols for a build id, as debug packages install them.</summary>
    public static string DebugPath(string buildId) => buildId.Length > 2 ? $"{DebugFolder}/{buildId[..2]}/{buildId[2..]}.debug" : "";

    private static ElfFunctions Read(ElfImage image)
    {
        using var file = ElfSymbolTable.IsStripped(image) && image.BuildId is { } id ? FileFacts.TryOpen(DebugPath(id), out _) : null;
        var debug = file is null ? null : ElfImage.Open(file);
        return ElfFunctions.Read(image, debug?.BuildId == image.BuildId ? debug : null);
    }

    private static SymbolFile Keep(FileFacts facts, SymbolFile file)
    {
        if (s_files.Count >= Most)
        {
            s_files.Clear();
        }

        return s_files[facts] = file;
    }
}

/// <summary>Finds files by their build id (NT_GNU_BUILD_ID): among the files that processes have mapped, and those of debug packages.</summary>
internal static class BuildIds
{
    private const int LookAgainMilliseconds = 5000;
    private static readonly ConcurrentDictionary<string, (string Path, ElfFunctions? Functions)> s_found = new(StringComparer.Ordinal);
    private static readonly object s_gate = new();
    // The mapped files of all processes, from the last scan.
    private static Dictionary<string, (ProcessMappings Process, Mapping Mapping)> s_mapped = [];
    private static long s_searched = -LookAgainMilliseconds;

    /// <summary>Returns the file with a build id, with its functions if it has any; null if it is not found.</summary>
    /// <param name="buildId">The build id in the kernel's form: 40 hexadecimal digits.</param>
    /// <param name="hint">A process that may have mapped the file, or null.</param>
    public static (string Path, ElfFunctions? Functions)? Find(string buildId, ProcessMappings? hint)
    {
        if (s_found.TryGetValue(buildId, out var known))
        {
            return known;
        }

        if (hint?.All.FirstOrDefault(mapping => IdOf(hint, mapping) == buildId) is { } own)
        {
            return Keep(buildId, hint, own);
        }

        // The process has exited.
        if (SeenFiles.Find(buildId) is { } seen)
        {
            return s_found[buildId] = seen;
        }

        if (Mapped(buildId) is { } mapped)
        {
            return Keep(buildId, mapped.Process, mapped.Mapping);
        }

        // Files with separate symbols may lack the segments that map an offset to an address, so mapped files come first.
        var debug = SymbolFiles.DebugPath(buildId);
        return SymbolFiles.Get(debug, 0, withFunctions: true) is { } file ? s_found[buildId] = (debug, file.Functions) : null;
    }

    private static (string, ElfFunctions?) Keep(string buildId, ProcessMappings process, Mapping mapping)
    {
        // If this process has just exited, the next one may still have the functions.
        var functions = process.Open(mapping, withFunctions: true)?.Functions;
        return functions is null ? (mapping.FilePath, null) : s_found[buildId] = (mapping.FilePath, functions);
    }

    private static (ProcessMappings Process, Mapping Mapping)? Mapped(string buildId)
    {
        lock (s_gate)
        {
            // A scan of all processes is slow, so a miss is not retried at once.
            if (!s_mapped.ContainsKey(buildId) && Environment.TickCount64 - s_searched >= LookAgainMilliseconds)
            {
                s_mapped = SearchAll();
                s_searched = Environment.TickCount64;
            }

            return s_mapped.TryGetValue(buildId, out var found) ? found : null;
        }
    }

    private static Dictionary<string, (ProcessMappings, Mapping)> SearchAll()
    {
        var found = new Dictionary<string, (ProcessMappings, Mapping)>(StringComparer.Ordinal);
        var seen = new HashSet<(ulong Inode, string Path)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process) && ProcessMappings.Read(process) is { } mappings)
            {
                SeenFiles.Note(mappings);
                foreach (var mapping in mappings.All)
                {
                    if (mapping.IsFile && seen.Add((mapping.Inode, mapping.Path)) && IdOf(mappings, mapping) is { } id)
                    {
                        found.TryAdd(id, (mappings, mapping));
                    }
                }
            }
        }

        return found;
    }

    private static string? IdOf(ProcessMappings process, Mapping mapping) => SeenFiles.Padded(process.Open(mapping, withFunctions: false)?.BuildId);
}
