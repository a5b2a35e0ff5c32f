using System.Collections.Concurrent;
using System.Globalization;

namespace Bee.Ebpf;

/// <summary>Finds files by their build id (NT_GNU_BUILD_ID): among those that a process, or any process, has mapped, and those of debug packages.</summary>
internal static class BuildIds
{
    private const int LookAgainMilliseconds = 5000;
    // 20 bytes, or what shorter ones were filled up to by the kernel.
    private const int KernelDigits = 40;

    private static readonly ConcurrentDictionary<string, (string Path, ElfFunctions? Functions)> s_found = new(StringComparer.Ordinal);
    private static readonly object s_gate = new();
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

        if (hint is not null)
        {
            Look(hint, buildId);
        }

        if (!s_found.ContainsKey(buildId))
        {
            // Separate symbols have the addresses but not always the segments to find a place with, so they come behind mapped files.
            SearchAll(buildId);
        }

        if (!s_found.ContainsKey(buildId) && SymbolFiles.DebugPath(buildId) is { } debug && SymbolFiles.Get(debug, 0, withFunctions: true) is { } file)
        {
            s_found[buildId] = (debug, file.Functions);
        }

        return s_found.TryGetValue(buildId, out known) ? known : null;
    }

    private static void SearchAll(string wanted)
    {
        lock (s_gate)
        {
            // Going through all processes takes a while; what is not there now is not there in the next moment either.
            if (Environment.TickCount64 - s_searched < LookAgainMilliseconds)
            {
                return;
            }

            s_searched = Environment.TickCount64;
            foreach (var folder in Directory.EnumerateDirectories("/proc"))
            {
                if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process)
                    && ProcessMappings.Read(process) is { } mappings && Look(mappings, wanted))
                {
                    return;
                }
            }
        }
    }

    private static bool Look(ProcessMappings process, string wanted)
    {
        foreach (var mapping in process.All)
        {
            if (mapping.IsFile && process.Open(mapping, withFunctions: false)?.BuildId?.PadRight(KernelDigits, '0') == wanted)
            {
                s_found[wanted] = (mapping.FilePath, process.Open(mapping, withFunctions: true)?.Functions);
                return true;
            }
        }

        return false;
    }
}
