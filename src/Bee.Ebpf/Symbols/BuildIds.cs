using System.Collections.Concurrent;
using System.Globalization;

namespace Bee.Ebpf;

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
