using System.Collections.Concurrent;
using System.Globalization;
using Bee.Ebpf.Elf;
using Bee.Ebpf.Interop;

namespace Bee.Ebpf.Symbols;

/// <summary>What is known of a program or library: as long as the file does not change, it is read once.</summary>
internal sealed class SymbolFile(string? buildId)
{
    /// <summary>The build id in hex digits, or null.</summary>
    public string? BuildId { get; } = buildId;

    /// <summary>Its functions; null as long as nobody has asked for them.</summary>
    public ElfFunctions? Functions { get; set; }
}

/// <summary>The programs and libraries that names were looked up in, by device, inode, time of change and length.</summary>
internal static class SymbolFiles
{
    private const string DebugFolder = "/usr/lib/debug/.build-id";
    // Beyond this all are forgotten and read again as needed: some have symbols of many megabytes.
    private const int Most = 512;

    private static readonly ConcurrentDictionary<FileFacts, SymbolFile> s_files = new();

    /// <summary>A file by its path; null where it cannot be opened or is another one.</summary>
    /// <param name="path">Where it is now.</param>
    /// <param name="inode">The inode that it must have, or 0 for any.</param>
    /// <param name="withFunctions">Whether its functions are wanted too. They are read while the file is open: the path may be good for a moment only.</param>
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

    /// <summary>The file of separate symbols for a build id, as packages of debug symbols install it.</summary>
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

/// <summary>Finds files by their build id (NT_GNU_BUILD_ID): among those that a process, or any process, has mapped, and those of debug packages.</summary>
internal static class BuildIds
{
    private const int LookAgainMilliseconds = 5000;
    private static readonly ConcurrentDictionary<string, (string Path, ElfFunctions? Functions)> s_found = new(StringComparer.Ordinal);
    private static readonly object s_gate = new();
    // What all processes had mapped when they were last gone through.
    private static Dictionary<string, (ProcessMappings Process, Mapping Mapping)> s_mapped = [];
    private static long s_searched = -LookAgainMilliseconds;

    /// <summary>The file of a build id, with its functions where it has any; null where it is not found.</summary>
    /// <param name="buildId">As the kernel gives it: 40 hex digits.</param>
    /// <param name="hint">A process that may have it, or null.</param>
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

        // Of a process that has ended.
        if (SeenFiles.Find(buildId) is { } seen)
        {
            return s_found[buildId] = seen;
        }

        if (Mapped(buildId) is { } mapped)
        {
            return Keep(buildId, mapped.Process, mapped.Mapping);
        }

        // Separate symbols have the addresses but not always the segments to find a place with, so they come behind mapped files.
        var debug = SymbolFiles.DebugPath(buildId);
        return SymbolFiles.Get(debug, 0, withFunctions: true) is { } file ? s_found[buildId] = (debug, file.Functions) : null;
    }

    private static (string, ElfFunctions?) Keep(string buildId, ProcessMappings process, Mapping mapping)
    {
        // Without functions because the process has just ended: the next one may have them.
        var functions = process.Open(mapping, withFunctions: true)?.Functions;
        return functions is null ? (mapping.FilePath, null) : s_found[buildId] = (mapping.FilePath, functions);
    }

    private static (ProcessMappings Process, Mapping Mapping)? Mapped(string buildId)
    {
        lock (s_gate)
        {
            // Going through all processes takes a while; what is not there now is not there in the next moment either.
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
