using System.Globalization;
using Bee.Ebpf.Elf;

namespace Bee.Ebpf.Symbols;

/// <summary>
/// The programs and libraries that processes had mapped, by build id. For stacks with build ids, the process may have exited when they are
/// read. While a session has such a stack map, new processes are therefore scanned a few times a second.
/// </summary>
internal static class SeenFiles
{
    private const int Milliseconds = 200, MostFiles = 16 * 1024;
    // 20 bytes; the kernel pads shorter build ids with zeros.
    private const int KernelDigits = 40;

    private static readonly object s_gate = new();
    private static readonly Dictionary<string, string> s_paths = new(StringComparer.Ordinal);
    private static readonly HashSet<(ulong Inode, string Path)> s_known = [];
    // The program of each scanned process. A process that has called exec since is scanned again.
    private static Dictionary<int, string?> s_processes = [];
    private static Timer? s_timer;
    private static int s_watches;
    private static int s_scanning;

    /// <summary>Scans new processes until the result is disposed.</summary>
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

    /// <summary>Adds the mapped files of a process.</summary>
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

    /// <summary>Adds a file.</summary>
    public static void Note(string path)
    {
        if (IsNew(0, path))
        {
            Keep(SymbolFiles.Get(path, 0, withFunctions: false)?.BuildId, path);
        }
    }

    /// <summary>Returns the file with a build id and its functions, if the file was seen and still exists.</summary>
    /// <param name="buildId">The build id, in the kernel's form.</param>
    public static (string Path, ElfFunctions? Functions)? Find(string buildId)
    {
        string? path;
        lock (s_gate)
        {
            path = s_paths.GetValueOrDefault(buildId);
        }

        // The path may name another file by now.
        return path is not null && SymbolFiles.Get(path, 0, withFunctions: true) is { } file && Padded(file.BuildId) == buildId ? (path, file.Functions) : null;
    }

    /// <summary>Returns a build id in the kernel's form, 40 hexadecimal digits.</summary>
    public static string? Padded(string? buildId) => buildId?.PadRight(KernelDigits, '0');

    private static void Scan()
    {
        // A slow scan must not overlap the next one.
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
            // An exception on this thread would end the process. The next scan may succeed.
        }
        finally
        {
            Volatile.Write(ref s_scanning, 0);
        }
    }

    // Null for kernel threads.
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
