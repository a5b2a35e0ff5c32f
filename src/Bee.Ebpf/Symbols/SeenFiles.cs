using System.Globalization;
using Bee.Ebpf.Elf;

namespace Bee.Ebpf.Symbols;

/// <summary>
/// The programs and libraries that processes had mapped, by build id. The kernel records build ids for stacks whose process may have ended when they are
/// read, so while a session has such a stack map, new processes are looked at a few times a second.
/// </summary>
internal static class SeenFiles
{
    private const int Milliseconds = 200, MostFiles = 16 * 1024;
    // 20 bytes, or what shorter ones were filled up to by the kernel.
    private const int KernelDigits = 40;

    private static readonly object s_gate = new();
    private static readonly Dictionary<string, string> s_paths = new(StringComparer.Ordinal);
    private static readonly HashSet<(ulong Inode, string Path)> s_known = [];
    // The program that each process ran when it was looked at; one that calls exec is looked at again.
    private static Dictionary<int, string?> s_processes = [];
    private static Timer? s_timer;
    private static int s_watches;
    private static int s_scanning;

    /// <summary>Looks at new processes until the result is disposed of.</summary>
    public static IDisposable Watch()
    {
        lock (s_gate)
        {
            if (s_watches++ == 0)
            {
                s_timer = new Timer(static _ => Scan(), null, 0, Milliseconds);
            }
        }

        return new Watching();
    }

    /// <summary>Notes the files of a process.</summary>
    public static void Note(ProcessMappings process)
    {
        foreach (var mapping in process.All)
        {
            if (mapping.IsFile && IsNew(mapping.Inode, mapping.FilePath))
            {
                Keep(process.Open(mapping, withFunctions: false)?.BuildId, mapping.FilePath);
            }
        }
    }

    /// <summary>Notes a file.</summary>
    public static void Note(string path)
    {
        if (IsNew(0, path))
        {
            Keep(SymbolFiles.Get(path, 0, withFunctions: false)?.BuildId, path);
        }
    }

    /// <summary>The file of a build id with its functions, if it was seen and is still there.</summary>
    /// <param name="buildId">As the kernel gives it.</param>
    public static (string Path, ElfFunctions? Functions)? Find(string buildId)
    {
        string? path;
        lock (s_gate)
        {
            path = s_paths.GetValueOrDefault(buildId);
        }

        // The path may be another file's by now.
        return path is not null && SymbolFiles.Get(path, 0, withFunctions: true) is { } file && Padded(file.BuildId) == buildId ? (path, file.Functions) : null;
    }

    /// <summary>A build id as the kernel gives it, in 40 hex digits.</summary>
    public static string? Padded(string? buildId) => buildId?.PadRight(KernelDigits, '0');

    private static void Scan()
    {
        // A slow look must not meet the next.
        if (Interlocked.Exchange(ref s_scanning, 1) != 0)
        {
            return;
        }

        try
        {
            var now = new Dictionary<int, string?>();
            foreach (var folder in Directory.EnumerateDirectories("/proc"))
            {
                if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process))
                {
                    var program = ProgramOf(folder);
                    now[process] = program;
                    if (program is not null && s_processes.GetValueOrDefault(process) != program && ProcessMappings.Read(process) is { } mappings)
                    {
                        Note(mappings);
                    }
                }
            }

            s_processes = now;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An exception would end the process; the next look may do better.
        }
        finally
        {
            Volatile.Write(ref s_scanning, 0);
        }
    }

    // Null for the kernel's own threads.
    private static string? ProgramOf(string folder)
    {
        try
        {
            return new FileInfo(Path.Combine(folder, "exe")).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsNew(ulong inode, string path)
    {
        lock (s_gate)
        {
            if (s_known.Count >= MostFiles)
            {
                s_known.Clear();
                s_paths.Clear();
            }

            return s_known.Add((inode, path));
        }
    }

    private static void Keep(string? buildId, string path)
    {
        if (Padded(buildId) is { } id)
        {
            lock (s_gate)
            {
                s_paths[id] = path;
            }
        }
    }

    private sealed class Watching : IDisposable
    {
        private bool _disposed;

        public void Dispose()
        {
            lock (s_gate)
            {
                if (!_disposed && --s_watches == 0)
                {
                    s_timer!.Dispose();
                    s_timer = null;
                }

                _disposed = true;
            }
        }
    }
}
